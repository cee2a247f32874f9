/** `synseg-video` with a session that needs no model and takes 20 ms per frame. Run by `runtime.test.ts`. */
import { runProcess } from '../../packages/video/src/command/process.ts';
import { FakeSession } from './fake-session.ts';

await runProcess(() => Promise.resolve(new FakeSession({ milliseconds: 20 })));

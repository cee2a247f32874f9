/** `synseg` with a session that needs no model and takes 20 ms per frame. Run by `video-process.test.ts`. */
import type { Work } from '../../packages/synseg/src/context.ts';
import { runProcess } from '../../packages/synseg/src/process.ts';
import { FakeSession } from '../video/fake-session.ts';

const session = new FakeSession({ milliseconds: 20 }) as unknown as Awaited<ReturnType<Work['load']>>;
await runProcess({ load: () => Promise.resolve(session) });

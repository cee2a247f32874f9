/** `synseg-video` with a segmenter that needs no model and takes 20 ms per frame. Run by `runtime.test.ts`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runProcess } from '../../packages/video/src/command/process.ts';
import { type halves, HalvesSegmenter } from './clips.ts';

class SlowSegmenter extends HalvesSegmenter {
  override async segment(...call: Parameters<HalvesSegmenter['segment']>): ReturnType<HalvesSegmenter['segment']> {
    await sleep(20);
    return super.segment(...call);
  }
}

await runProcess<typeof halves>(() => Promise.resolve(new SlowSegmenter()));

/** `synseg-train` with work that needs no model: a step takes 20 ms. Run by `process.test.ts`. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProcess } from '../../../packages/train/src/command/process.ts';
import type { TrainOptions } from '../../../packages/train/src/trainer/train-options.ts';
import { fakeTrain, fakeWork } from './fake-work.ts';

await runProcess({
  ...fakeWork,
  async *train(options: TrainOptions) {
    const last = join(options.out, 'last');
    mkdirSync(last, { recursive: true });
    try {
      for await (const report of fakeTrain(options)) {
        await sleep(20);
        yield report;
      }
    } finally {
      // With this seed, saving never comes to its end.
      if (options.seed === 7) for (;;) await sleep(1000);
      appendFileSync(join(last, 'saved'), '');
    }
  },
});

/** `synseg` with work that needs no model: a step takes 20 ms. Run by `train-process.test.ts`. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TrainOptions } from '@synseg/train';
import { runProcess } from '../../packages/synseg/src/process.ts';
import { fakeTrain, fakeWork } from './fake-work.ts';

await runProcess({
  ...fakeWork,
  async *train(options: TrainOptions) {
    const last = join(options.out, 'last');
    mkdirSync(last, { recursive: true });
    try {
      for await (const report of fakeTrain(options)) {
        await sleep(20);
        // As the run's own log would, so that a test knows how far it is.
        process.stderr.write(`at ${report.step}\n`);
        yield report;
      }
    } finally {
      // With this seed, saving never comes to its end.
      if (options.seed === 7) for (;;) await sleep(1000);
      appendFileSync(join(last, 'saved'), '');
    }
  },
});

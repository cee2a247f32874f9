/**
 * A process that "trains" until it is killed: every step is reported, every third saved as `last`, some as `best` and
 * `step-N`. All numbers of a checkpoint are its step. `saving-process.ts RUN BASE [--resume]`; says so when it has
 * saved
 * `last` for the first time.
 */
import { RunFolder } from '../../../packages/train/src/run/run-folder.ts';
import { stateOf, tinyContents } from './contents.ts';

const [path = '', base = ''] = process.argv.slice(2);
/** Large enough that a kill finds writing in progress more often than not. */
const STATE_LENGTH = 100_000;

const resume = process.argv.includes('--resume');
const run = await RunFolder.create(path, { config: { seed: 42 }, resume });
let step = (await run.state())?.step ?? 0;
if (resume) await run.rewind(step);
let announced = false;
for (;;) {
  step++;
  await run.log({ step, loss: 1 / step });
  const contents = tinyContents(base, { fill: step });
  if (step % 3 === 0) await run.save('last', contents, stateOf(step, STATE_LENGTH));
  if (step % 3 === 0 && !announced) announced = process.stdout.write('saved\n');
  if (step % 4 === 0) await run.save('best', contents);
  if (step % 7 === 0) await run.save(`step-${step}`, contents, stateOf(step, STATE_LENGTH));
}

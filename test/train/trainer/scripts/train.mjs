/**
 * A training run as a program has it, with the built package: `train.mjs OPTIONS [DELAY] [EXIT]`. Prints the number of
 * each step; takes DELAY ms over each report, and leaves the process at step EXIT.
 */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { train } from '@synseg/train';

const [options = '{}', delayMs = '0', exitAt = '0'] = process.argv.slice(2);

for await (const { step } of train(JSON.parse(options))) {
  console.log(String(step));
  if (step === Number(exitAt)) process.exit(0);
  await sleep(Number(delayMs));
}

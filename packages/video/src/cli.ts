#!/usr/bin/env node
/**
 * Entry of `synseg-video`: the process around {@link runCommand}. The first Ctrl-C (or SIGTERM) finishes the files; for
 * the second one the signal's own effect is restored, since exiting while inference runs would abort the process.
 */
import { createRequire } from 'node:module';
import { Segmenter, type LabelSet } from '@synseg/core';
import { runCommand } from './command/run.ts';

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (interruption.signal.aborted) {
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
      process.kill(process.pid, 'SIGINT');
      return;
    }
    process.stderr.write('\nStopping: the files are being finished. Once more to end at once.\n');
    interruption.abort(new Error(`stopped by ${name}`));
  });
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
process.exitCode = await runCommand<LabelSet>(process.argv.slice(2), {
  version,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
  load: (model, options) => Segmenter.load(model, options),
});

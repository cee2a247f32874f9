#!/usr/bin/env node
/**
 * Entry of `synseg`: the process around {@link runCommand}. Ctrl-C stops the work in order; a second one ends at once.
 */
import packageFacts from '../package.json' with { type: 'json' };
import { runCommand } from './command/run.ts';

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (interruption.signal.aborted) {
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
      process.kill(process.pid, 'SIGINT');
      return;
    }
    interruption.abort(new Error(`stopped by ${name}`));
  });
}

process.exitCode = await runCommand(process.argv.slice(2), {
  version: packageFacts.version,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});

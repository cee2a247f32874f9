/**
 * The process around {@link runCommand}. The first Ctrl-C (or SIGTERM) finishes the files; for the second one the
 * signal's own effect is restored, since calling `process.exit` while inference runs would abort the process.
 */
import packageFacts from '../../package.json' with { type: 'json' };
import { runCommand, type CommandSurroundings } from './run.ts';

/** Runs the command line of this process and sets its exit code. */
export async function runProcess(load: CommandSurroundings['load']): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (name: 'SIGINT' | 'SIGTERM'): void => {
    if (interruption.signal.aborted) {
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
      process.kill(process.pid, 'SIGINT');
      return;
    }
    process.stderr.write('\nStopping: the files are being finished. Once more to end at once.\n');
    interruption.abort(new Error(`stopped by ${name}`));
  };
  // Who reads the output may leave before its end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  process.exitCode = await runCommand(process.argv.slice(2), {
    version: packageFacts.version,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interruption.signal,
    load,
  });
}

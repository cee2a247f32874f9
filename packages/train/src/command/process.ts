/**
 * The process around {@link runCommand}. The first Ctrl-C (or SIGTERM) lets the work end in order; for the second one
 * the
 * signal's own effect is restored, since calling `process.exit` while inference runs would abort the process.
 */
import packageFacts from '../../package.json' with { type: 'json' };
import { runCommand, type CommandWork } from './run.ts';

/** Runs the command line of this process and sets its exit code. */
export async function runProcess(work: CommandWork): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (name: 'SIGINT' | 'SIGTERM'): void => {
    if (interruption.signal.aborted) {
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
      process.kill(process.pid, 'SIGINT');
      return;
    }
    interruption.abort(new Error(`stopped by ${name}`));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  // A reader that goes away, as `head` does, must not cost the steps since the last save.
  process.stdout.on('error', (error: Error) => interruption.abort(error));
  process.exitCode = await runCommand(process.argv.slice(2), {
    version: packageFacts.version,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interruption.signal,
    work,
  });
}

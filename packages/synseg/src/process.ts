/**
 * The process around {@link runCommand}. The first Ctrl-C (or SIGTERM) lets the work end in order; for the second one
 * the signal's own effect is restored, since `process.exit` while inference runs would abort the process.
 */
import packageFacts from '../package.json' with { type: 'json' };
import type { Work } from './context.ts';
import { runCommand } from './run.ts';

/** Runs the command line of this process and sets its exit code. */
export async function runProcess(work: Partial<Work> = {}): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (name: 'SIGINT' | 'SIGTERM'): void => {
    if (!interruption.signal.aborted) return interruption.abort(new Error(`stopped by ${name}`));
    process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
    process.kill(process.pid, 'SIGINT');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  // A reader that goes away, as `head` does, must not cost the work.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const { version } = packageFacts;
  const { argv, stdout, stderr } = process;
  const { signal } = interruption;
  process.exitCode = await runCommand(argv.slice(2), { version, stdout, stderr, signal, work });
}

/** Runs a command line of `synseg` in this process. */
import { runCommand, type CommandProcess } from '../../packages/synseg/src/run.ts';

/** How a command line ended, and what it said. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line to its end; `more` takes the place of parts of the process around it. */
export async function command(argv: readonly string[], more: Partial<CommandProcess> = {}): Promise<Ran> {
  const text = { stdout: '', stderr: '' };
  const exitCode = await runCommand(argv, {
    version: '1.2.3',
    stdout: { write: (part: string) => (text.stdout += part) },
    stderr: { write: (part: string) => (text.stderr += part) },
    signal: new AbortController().signal,
    ...more,
  });
  return { exitCode, ...text };
}

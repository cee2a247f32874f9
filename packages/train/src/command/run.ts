/** The work of `synseg-train`, apart from the process it runs in: signals and exit are the entry's business. */
import { isSynsegError } from '@synseg/core';
import { messageOf } from '@synseg/core/guards';
import { withoutSecrets } from '@synseg/core/guards';
import { parseArguments, type ParsedCommand } from './arguments.ts';
import { createCommand, type CreateCheckpoint } from './create-command.ts';
import { evaluateCommand, type Evaluate } from './evaluate-command.ts';
import { exportCommand, type ExportCheckpoint } from './export-command.ts';
import type { CommandContext, CommandResult } from './output.ts';
import { exclusionsCommand, phrasesCommand, type ExtractPhrases } from './phrases-command.ts';
import { trainCommand, type Train } from './train-command.ts';

/** What the commands do their work with. */
export interface CommandWork extends Train {
  readonly createCheckpoint: CreateCheckpoint;
  readonly evaluate: Evaluate;
  readonly extractPhrases: ExtractPhrases;
  readonly exportCheckpoint: ExportCheckpoint;
}

/** What surrounds a command. */
export interface CommandSurroundings extends CommandContext {
  readonly version: string;
  readonly work: CommandWork;
}

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/** Runs one command line, without the program's name, to its exit code. */
export async function runCommand(argv: readonly string[], around: CommandSurroundings): Promise<number> {
  const { stdout, stderr, signal, version } = around;
  const parsed = parseArguments(argv, version);
  if ('exitCode' in parsed) {
    (parsed.exitCode === 0 ? stdout : stderr).write(parsed.text);
    return parsed.exitCode;
  }
  const { json, quiet } = parsed.flags;
  try {
    const result = await act(parsed, around);
    if (json === true) stdout.write(`${JSON.stringify(result.json)}\n`);
    else if (quiet !== true) stdout.write(`${result.text}\n`);
    return EXIT_OK;
  } catch (error) {
    const code = isSynsegError(error) ? error.code : undefined;
    const message = withoutSecrets(messageOf(error));
    if (json === true)
      stdout.write(`${JSON.stringify({ error: { ...(code === undefined ? {} : { code }), message } })}\n`);
    stderr.write(`synseg-train: ${message}${code === undefined ? '' : ` (${code})`}\n`);
    if (signal.aborted && error === signal.reason) return EXIT_INTERRUPTED;
    return isUsage(error) ? EXIT_USAGE : EXIT_FAILED;
  }
}

function act(parsed: ParsedCommand, { work, ...context }: CommandSurroundings): Promise<CommandResult> | CommandResult {
  switch (parsed.command) {
    case 'create':
      return createCommand(work.createCheckpoint, context, parsed.captions, parsed.flags);
    case 'train':
      return trainCommand(work, context, parsed.flags);
    case 'phrases':
      return phrasesCommand(work.extractPhrases, context, parsed.captions, parsed.flags);
    case 'exclusions':
      return exclusionsCommand();
    case 'evaluate':
      return evaluateCommand(work.evaluate, context, parsed.flags);
    case 'export':
      return exportCommand(work.exportCheckpoint, context, parsed.checkpoint, parsed.flags);
  }
}

/** A value that was refused in our own words; the language's "Cannot read properties of …" is no one's usage. */
function isUsage(error: unknown): boolean {
  return (
    (error instanceof TypeError || error instanceof RangeError) && /^Cannot [^:]+: .*\bmust\b/s.test(error.message)
  );
}

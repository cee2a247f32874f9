/**
 * The command line of `synseg`: commands, help, output, exit codes. The only file that imports commander.
 *
 * One rule of output for all: a result goes to stdout, as text or with `--json` as one object, errors included; progress,
 * notes, warnings and errors go to stderr; `--quiet` leaves warnings, errors and the object of `--json`.
 */
import { isSynsegError } from '@synseg/core';
import { messageOf, withoutSecrets } from '@synseg/core/guards';
import { Command as Program, CommanderError, InvalidArgumentError, Option, type OutputConfiguration } from 'commander';
import { EXIT, type Command, type Context, type Result, type TextOutput, type Work } from './context.ts';
import { flagsOf, type Flag } from './flags.ts';
import { HELP } from './help.ts';
import { openProgress } from './progress.ts';

/** The process around the command line. */
export interface CommandProcess {
  readonly version: string;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly work?: Partial<Work>;
}

/** Commands, and the file of each, which is loaded when its command is given. */
const COMMANDS: Readonly<
  Record<string, readonly [about: string, load: (argv: readonly string[]) => Promise<Command>]>
> = {
  segment: ['segment a picture', async () => (await import('./commands/segment.ts')).segment],
  video: ['segment videos and live streams', async () => (await import('./commands/video.ts')).video],
  serve: [
    'show sources on a web page, live, with labels to edit',
    async () => (await import('./commands/serve.ts')).serve,
  ],
  probe: [
    'show what a source is, without decoding it',
    async () => (await import('./commands/sources.ts')).probeSource,
  ],
  devices: ['list cameras', async () => (await import('./commands/sources.ts')).devices],
  labels: [
    'embed labels and save them, or list a vocabulary',
    async () => (await import('./commands/labels.ts')).labels,
  ],
  phrases: [
    'extract the noun phrases of a file of captions',
    async () => (await import('./commands/phrases.ts')).phrases,
  ],
  train: [
    'train a checkpoint',
    async (argv) => (await import('./commands/train.ts'))[argv.includes('--encoders') ? 'trainEncoders' : 'train'],
  ],
  evaluate: ['measure a checkpoint on masks', async () => (await import('./commands/evaluate.ts')).evaluate],
  export: [
    'write a checkpoint of a run for the segmenter',
    async () => (await import('./commands/export.ts')).exporting,
  ],
  create: ['write a checkpoint from nothing but captions', async () => (await import('./commands/create.ts')).create],
  doctor: [
    'show runtime, devices that really start, ffmpeg and caches',
    async () => (await import('./commands/doctor.ts')).doctor,
  ],
  cache: ['show what is cached, or clear it', async () => (await import('./commands/cache.ts')).cache],
};

/** Runs a command line, without the program's name, to its exit code. */
export async function runCommand(words: readonly string[], around: CommandProcess): Promise<number> {
  const { stdout, stderr, signal, work = {}, version } = around;
  const asked = words.find((word) => !word.startsWith('-')) ?? '';
  // A picture alone is segmented.
  const argv = asked in COMMANDS || !/[./\\]/.test(asked) ? words : ['segment', ...words];
  const [asJson, quiet] = [argv.includes('--json'), argv.includes('--quiet')];
  const progress = openProgress(stderr, quiet);
  let answered = false;
  const answer = ({ json, text }: Result): void => {
    answered = true;
    if (asJson) stdout.write(`${JSON.stringify(json)}\n`);
    else if (!quiet) stdout.write(`${text}\n`);
  };
  const note = (line: string): void => void (quiet || progress.print(line));
  const context: Context = { signal, progress, work, note, warn: progress.print, answer };
  const stopping = (): void => note('Stopping: what is done is being kept. Once more to end at once.');
  signal.addEventListener('abort', stopping, { once: true });
  let said = '';
  let result: Result | undefined;
  try {
    const program = await define(
      version,
      argv,
      async (command, flags, operand) => {
        result = await command.run(context, flags, operand as never);
      },
      { writeOut: (text) => void stdout.write(text), writeErr: (text) => void (said += text) },
    );
    await program.parseAsync([...argv], { from: 'user' });
    progress.close();
    if (result !== undefined && !answered) answer(result);
    return result?.failed === true ? EXIT.failed : result?.interrupted === true ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    progress.close();
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    const exit = exitOf(error, signal);
    const message = withoutSecrets(
      error instanceof CommanderError ? refusal(error, said) : messageOf(error),
      argv,
    ).trim();
    const code = isSynsegError(error) ? error.code : CODES[exit];
    if (asJson && !answered) stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
    stderr.write(`synseg: ${message}${isSynsegError(error) ? ` (${code})` : ''}\n`);
    return exit;
  } finally {
    signal.removeEventListener('abort', stopping);
  }
}

/** Commander's words, a suggestion included; with no command at all it says nothing but its help. */
function refusal({ code }: CommanderError, said: string): string {
  return code === 'commander.help' ? `a command must be given\n\n${said}` : said.trim().replace(/^error: /, '');
}

type Failure = Exclude<(typeof EXIT)[keyof typeof EXIT], 0>;
/** Codes in the JSON of errors that have none of their own. */
const CODES = { [EXIT.failed]: 'FAILED', [EXIT.usage]: 'USAGE', [EXIT.interrupted]: 'INTERRUPTED' } as const;

function exitOf(error: unknown, signal: AbortSignal): Failure {
  if (error instanceof CommanderError) return EXIT.usage;
  if (signal.aborted && error === signal.reason) return EXIT.interrupted;
  // A value that was refused in our own words; the language's "Cannot read properties of …" is nobody's usage.
  const refused = error instanceof TypeError || error instanceof RangeError;
  return refused && /^Cannot [^:]+: .*\bmust\b/s.test(error.message) ? EXIT.usage : EXIT.failed;
}

type Act = (command: Command, flags: object, operand: unknown) => Promise<void>;

/** The program, with the flags of the command that is given. */
async function define(
  version: string,
  argv: readonly string[],
  act: Act,
  outputs: OutputConfiguration,
): Promise<Program> {
  const program = new Program('synseg')
    .description('Segment pictures and live video into the classes you name; train and measure checkpoints.')
    .version(version)
    .addHelpText('after', HELP)
    // Before commands are added: they take these over.
    .exitOverride()
    .configureOutput(outputs);
  for (const [name, [about, load]] of Object.entries(COMMANDS)) {
    const sub = program.command(name).description(about);
    if (argv.includes(name)) addTo(sub, await load(argv), act);
  }
  return program;
}

function addTo(sub: Program, command: Command, act: Act): void {
  const { name, flags: described, needed, operand, help } = command;
  if (operand !== undefined) sub.argument(operand);
  const flags = flagsOf(name, described, needed).map((flag) => ({
    ...flag,
    option: commanderOption(flag),
    name: flag.option,
  }));
  for (const { option } of flags) sub.addOption(option);
  sub
    .option('--json', 'print one JSON object on stdout')
    .option('--quiet', 'no progress, notes and text: warnings, errors and the object of --json alone')
    .addHelpText('after', help ?? '')
    .action(async (...values: unknown[]) => {
      const given = flags.flatMap(({ option, name, alone }) => {
        const value: unknown = sub.getOptionValue(option.attributeName());
        const isGiven = sub.getOptionValueSource(option.attributeName()) === 'cli';
        return isGiven && (value === false) === option.negate ? [[name, value === true ? alone : value] as const] : [];
      });
      await act(command, Object.fromEntries(given), operand === undefined ? undefined : values[0]);
    });
}

function commanderOption({ syntax, help, needed, read, hidden }: Flag): Option {
  const option = new Option(syntax, help).makeOptionMandatory(needed).hideHelp(hidden === true);
  return read === undefined
    ? option
    : option.argParser((text, before: unknown) => {
        try {
          return option.variadic && Array.isArray(before) ? [before, read(text)].flat() : read(text);
        } catch (error) {
          throw new InvalidArgumentError(messageOf(error));
        }
      });
}

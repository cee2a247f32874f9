/**
 * The command line of `synseg`: commands, help, output, exit codes. The only file that imports commander.
 *
 * The output of every command: the result goes to stdout, as text or with `--json` as one object, errors included;
 * progress, notes, warnings and errors go to stderr; `--quiet` leaves warnings, errors and the object of `--json`.
 */
import { isSynsegError } from '@synseg/core';
import { messageOf, withoutSecrets } from '@synseg/core/guards';
import { Command as Program, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { HelpConfiguration, OutputConfiguration } from 'commander';
import { EXIT, type Command, type Context, type Result, type Work } from './context.ts';
import { flagsOf, type Flag } from './flags.ts';
import { HELP } from './help.ts';
import { openProgress, type TextOutput } from './progress.ts';

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
  segment: ['Segment a picture', () => import('./commands/segment.ts').then(({ segment }) => segment)],
  video: ['Segment videos and live streams', () => import('./commands/video.ts').then(({ video }) => video)],
  serve: ['Show sources live on a web page', () => import('./commands/serve.ts').then(({ serve }) => serve)],
  frames: ['Save frames of a video as pictures', () => import('./commands/frames.ts').then(({ frames }) => frames)],
  probe: ['Describe a source without decoding it', () => import('./commands/sources.ts').then(({ probe }) => probe)],
  devices: ['List cameras', () => import('./commands/sources.ts').then(({ devices }) => devices)],
  labels: ['Embed and save labels, or list a vocabulary', () => import('./commands/labels.ts').then((of) => of.labels)],
  phrases: ['Extract noun phrases from captions', () => import('./commands/phrases.ts').then(({ phrases }) => phrases)],
  inspect: ['Look at annotated pictures', () => import('./commands/inspect.ts').then((of) => of.inspecting)],
  train: ['Train a checkpoint', (argv) => import('./commands/train.ts').then((of) => of.trainingOf(argv))],
  calibrate: ['Find thresholds of labels', () => import('./commands/calibrate.ts').then((of) => of.calibrating)],
  evaluate: ['Score a checkpoint on masks', () => import('./commands/evaluate.ts').then(({ evaluate }) => evaluate)],
  export: ['Write a trained checkpoint for use', () => import('./commands/export.ts').then((of) => of.exporting)],
  create: ['Create a checkpoint with random weights', () => import('./commands/create.ts').then((of) => of.create)],
  doctor: ['Show what works on this machine', () => import('./commands/doctor.ts').then(({ doctor }) => doctor)],
  cache: ['Show or clear the cache', () => import('./commands/cache.ts').then(({ cache }) => cache)],
};

/** Flags of every command, which may also stand before it. */
const GENERAL = ['--json', '--quiet'];

/** Runs a command line, without the program's name, to its exit code. */
export async function runCommand(words: readonly string[], around: CommandProcess): Promise<number> {
  const { stdout, stderr, signal, work = {}, version } = around;
  const first = words.findIndex((word) => !GENERAL.includes(word));
  const general = first === -1 ? words : words.slice(0, first);
  const asked = words.find((word) => !word.startsWith('-')) ?? '';
  // A picture alone is segmented.
  const short = !Object.hasOwn(COMMANDS, asked) && /[./\\]/.test(asked);
  const argv = [...(short ? ['segment'] : []), ...words.slice(general.length), ...(asked === '' ? [] : general)];
  const [asJson, quiet] = [words.includes('--json'), words.includes('--quiet')];
  const progress = openProgress(stderr, quiet);
  let answered = false;
  const answer = ({ json, text }: Result): void => {
    answered = true;
    if (asJson) stdout.write(`${JSON.stringify(json)}\n`);
    else if (!quiet) stdout.write(`${text}\n`);
  };
  const note = (line: string): void => void (quiet || progress.print(line));
  const context: Context = { signal, progress, work, note, warn: progress.print, answer };
  const stopping = (): void => note('Stopping: what is done is being saved. Press Ctrl-C again to end at once.');
  signal.addEventListener('abort', stopping, { once: true });
  let said = '';
  let result: Result | undefined;
  try {
    const writeOut = (text: string): void => void stdout.write(text);
    const writeErr = (text: string): void => void (said += text);
    const act: Act = async (command, flags, operand) => {
      result = await command.run(context, flags, operand as never);
    };
    const program = await define(version, argv, act, { writeOut, writeErr });
    await program.parseAsync([...argv], { from: 'user' });
    progress.close();
    if (result !== undefined && !answered) answer(result);
    return result?.failed === true ? EXIT.failed : result?.interrupted === true ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    progress.close();
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    const exit = exitOf(error, signal);
    const told = error instanceof CommanderError ? refusal(error, said, asJson) : messageOf(error);
    const message = withoutSecrets(told, argv).trim();
    const code = isSynsegError(error) ? error.code : CODES[exit];
    if (asJson && !answered) stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
    stderr.write(`synseg: ${message}${isSynsegError(error) ? ` (${code})` : ''}\n`);
    return exit;
  } finally {
    signal.removeEventListener('abort', stopping);
  }
}

/** Commander's words, a suggestion included; without a command they are its help alone. */
function refusal({ code }: CommanderError, said: string, asJson: boolean): string {
  if (code !== 'commander.help') return said.trim().replace(/^error: /, '');
  return `a command must be given${asJson ? ', see synseg --help' : `\n\n${said}`}`;
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

/** A term that is longer than the column has its description on the next line. */
const HELP_LAYOUT: HelpConfiguration = {
  padWidth: () => 22,
  formatItem(term, width, description, helper) {
    const indented = `\n${' '.repeat(width + 4)}`;
    const wrapped = helper.boxWrap(description, (helper.helpWidth ?? 80) - width - 4).replaceAll('\n', indented);
    return `  ${term.length > width ? term + indented : `${term.padEnd(width)}  `}${wrapped}`;
  },
};

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
    .version(version, '-V, --version', 'Show the version')
    .helpCommand('help [command]', 'Show the help of a command')
    .addHelpText('after', HELP)
    // Before commands are added, which inherit these.
    .helpOption('-h, --help', 'Show this help')
    .configureHelp(HELP_LAYOUT)
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
  const flags = flagsOf(name, described, needed).map((flag) => ({ flag, option: commanderOption(flag) }));
  for (const { option } of flags) sub.addOption(option);
  sub
    .option('--json', 'Print exactly one JSON object on stdout')
    .option('--quiet', 'Print only warnings, errors and the object of --json')
    .addHelpText('after', help ?? '')
    .action(async (...values: unknown[]) => {
      const given = flags.flatMap(({ flag, option }) => {
        const value: unknown = sub.getOptionValue(option.attributeName());
        const isGiven = sub.getOptionValueSource(option.attributeName()) === 'cli';
        const isMeant = isGiven && (value === false) === option.negate;
        return isMeant ? [[flag.option, value === true ? flag.alone : value] as const] : [];
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

/** The command line of `synseg`: commands, help, exit codes. The only file that imports commander. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { isSynsegError, messageOf } from '../errors.ts';
import { DEFAULT_LIMITS } from '../guard/limits.ts';
import { cacheCommand } from './cache.ts';
import { doctorCommand } from './doctor.ts';
import { labelsCommand } from './labels.ts';
import type { CommandContext, CommandResult } from './output.ts';
import { segmentCommand } from './segment.ts';

/** The process around a command. */
export interface CommandProcess {
  readonly version: string;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly signal: AbortSignal;
}

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const HELP = `
Examples:
  $ synseg segment frame.png --labels "red car,bus,person,road,sky" --json
  $ synseg segment street.jpg --model CIDAS/clipseg-rd64-refined --labels "road,car,a person in red" --out overlay.png
  $ synseg segment street.jpg --model ./checkpoint --labels road,car --json --rle > masks.json
  $ synseg labels road,car --model ./checkpoint --save street.safetensors
  $ synseg doctor

Without --model the checkpoint that is part of this package is taken, and no network is needed. It knows the drawn streets
of the project's demo (npm run demo); photographs need a published CLIPSeg checkpoint or one of your own.

With --json one object goes to stdout, also for a failure ({"error": {code, message}}); everything else goes to stderr.

Exit codes:
  0    done
  1    failed: the picture, the model, the device or a file
  2    the command line makes no sense
  130  ended by Ctrl-C
`;

/** Runs a command line, without the program's name, to its exit code. */
export async function runCommand(argv: readonly string[], around: CommandProcess): Promise<number> {
  const { stdout, stderr, signal } = around;
  let asJson = argv.includes('--json');
  const act =
    (work: (context: CommandContext, ...values: never[]) => Promise<CommandResult>) =>
    async (...values: unknown[]): Promise<void> => {
      const options = values.at(-2) as { json?: true };
      asJson = options.json === true;
      const result = await work({ signal, stderr }, ...(values as never[]));
      stdout.write(asJson ? `${JSON.stringify(result.json)}\n` : result.text);
    };
  const program = define(around.version, act);
  // A command that is there already does not take over what is set on its program.
  for (const command of [program, ...program.commands])
    command
      .exitOverride()
      .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return EXIT_OK;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    const usage = error instanceof RangeError || error instanceof TypeError;
    const message = signal.aborted ? messageOf(signal.reason) : messageOf(error);
    if (asJson)
      stdout.write(
        `${JSON.stringify({ error: { ...(isSynsegError(error) ? { code: error.code } : {}), message } })}\n`,
      );
    stderr.write(`synseg: ${message}\n`);
    return signal.aborted ? EXIT_INTERRUPTED : usage ? EXIT_USAGE : EXIT_FAILED;
  }
}

type Act = (
  work: (context: CommandContext, ...values: never[]) => Promise<CommandResult>,
) => (...values: unknown[]) => Promise<void>;

function define(version: string, act: Act): Command {
  const program = new Command('synseg')
    .description('Segment pictures into the classes you name.')
    .version(version)
    .addHelpText('after', HELP);
  const add = (name: string, description: string): Command =>
    program.command(name).description(description).option('--json', 'print one JSON object on stdout');
  const unit = number('a number from 0 to 1', (value) => value >= 0 && value <= 1);
  const labelOptions = (command: Command): Command =>
    command
      .option('--threshold <t>', "least activation of every label, 0 to 1 (default: the checkpoint's, or 0.5)", unit)
      .option(
        '--background <t>',
        'where a pixel is background: "threshold", no label reaches its own; 0 to 1, none reaches that; "none", ' +
          'nowhere: the likeliest label wins (default: threshold)',
        (text) => (text === 'threshold' || text === 'none' ? text : unit(text)),
      )
      .addOption(new Option('--templates <name>', 'prompt templates').choices(['plain', 'clipseg', 'imagenet80']));

  const segment = add('segment', 'segment one picture')
    .argument('<image>', 'file or URL')
    .option('--labels <a,b,c>', 'names of the classes, separated by commas', list)
    .option('--label-set <file>', 'a label set saved by "synseg labels --save", instead of --labels')
    .option('--out <file>', 'write the picture with its labels drawn over it: .png, .jpg or .webp')
    .option('--mask <file.png>', 'write the label map as a palette PNG: pixel value = label index, 255 = background')
    .option(
      '--max-pixels <n>',
      `pixels of the largest picture to decode (default: ${String(DEFAULT_LIMITS.maxPixels)})`,
      number('a whole number above 0', (value) => Number.isInteger(value) && value > 0),
    )
    .option('--allow-svg', 'take SVG drawings as well')
    .option('--rle', 'add COCO run lengths to --json')
    .option('--polygons', 'add outlines to --json')
    .option('--views <1|5>', '5 looks at each quarter as well: finer, slower (default: 1)', views);
  loadOptions(labelOptions(segment)).action(act(segmentCommand));

  const labels = add('labels', 'embed labels and save them as a set; without labels, list the vocabulary')
    .argument('[a,b,c]', 'names of the classes, separated by commas', list)
    .option('--save <file.safetensors>', 'write the set, to be used without the text encoder');
  loadOptions(labelOptions(labels)).action(act(labelsCommand));

  add('doctor', 'show runtime, devices that really start, ffmpeg and caches').action(act(doctorCommand));
  add('cache', 'show what is cached, or clear it')
    .option('--clear', 'delete generated graphs, embeddings and fingerprints')
    .action(act(cacheCommand));
  return program;
}

function loadOptions(command: Command): Command {
  return command
    .option(
      '--model <source>',
      'hub id or folder of the checkpoint, or "embedded": the one of this package, for drawn streets (default: ' +
        'embedded)',
    )
    .addOption(
      new Option('--device <name>', 'where to run').choices(['auto', 'cpu', 'cuda', 'webgpu', 'coreml', 'dml']),
    )
    .addOption(new Option('--precision <name>', 'number format').choices(['auto', 'fp32', 'fp16', 'int8']))
    .option('--revision <name>', 'branch, tag or commit of a hub checkpoint')
    .option('--offline', 'never touch the network');
}

function number(rule: string, valid: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!valid(value)) throw new InvalidArgumentError(`It must be ${rule}.`);
    return value;
  };
}

function list(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('It must name at least one class.');
  return names;
}

function views(text: string): 1 | 5 {
  if (text !== '1' && text !== '5') throw new InvalidArgumentError('It must be 1 or 5.');
  return text === '1' ? 1 : 5;
}

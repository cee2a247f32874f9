/** The command line of `synseg-video`: options, help, and their checks. The only file that imports commander. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

/** A command line that made sense. */
export interface CommandArguments {
  readonly source: string;
  readonly labels: readonly string[];
  readonly model: string;
  readonly out?: string;
  readonly jsonl?: string;
  readonly views?: 1 | 5;
  readonly threshold?: number;
  readonly background?: number | 'threshold' | 'none';
  readonly templates?: 'plain' | 'clipseg' | 'imagenet80';
  readonly device?: 'auto' | 'cpu' | 'cuda' | 'webgpu' | 'coreml' | 'dml';
  readonly precision?: 'auto' | 'fp32' | 'fp16' | 'int8';
  readonly every?: number;
  readonly start?: number;
  readonly end?: number;
  readonly alpha?: number;
  readonly encoder?: string;
  readonly contour?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** Nothing to run: what to say, where, and the exit code. */
export interface CommandRefusal {
  readonly exitCode: 0 | 2;
  readonly text: string;
}

const help = `
Examples:
  $ synseg-video drive.mp4 --model CIDAS/clipseg-rd64-refined --labels road,car,sky --out overlay.mp4
  $ synseg-video drive.mp4 --model ./checkpoint --labels road,car --jsonl masks.jsonl --every 5 --start 10 --end 20
  $ synseg-video drive.mp4 --model ./checkpoint --labels road,car --out overlay.mp4 --json > report.json

Output:
  --json prints one object on stdout: source, frames, framesPerSecond, seconds, device, precision,
  areas (mean share of the picture per label), out, jsonl, interrupted. Everything else goes to stderr.

Ctrl-C finishes the files with the frames done so far; a second Ctrl-C ends at once.

Exit codes:
  0    done, also after Ctrl-C ("interrupted": true)
  1    failed: the video, the model, the device or a file
  2    the command line makes no sense
  130  ended by a second Ctrl-C
`;

/** Reads the command line, without the program's name. */
export function parseArguments(argv: readonly string[], version: string): CommandArguments | CommandRefusal {
  let text = '';
  const write = (part: string): void => void (text += part);
  const command = define(version).exitOverride().configureOutput({ writeOut: write, writeErr: write });
  try {
    command.parse([...argv], { from: 'user' });
    const options = command.opts<Omit<CommandArguments, 'source'>>();
    if (options.start !== undefined && options.end !== undefined && options.end <= options.start) {
      command.error(`error: --end must be after --start (${options.start}), got ${options.end}`);
    }
    return { source: command.args[0] ?? '', ...options };
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2, text };
    throw error;
  }
}

function define(version: string): Command {
  const unit = number('a number from 0 to 1', (value) => value >= 0 && value <= 1);
  const seconds = number('a number of seconds', Number.isFinite);
  return new Command('synseg-video')
    .description('Segment a video into the classes you name.')
    .argument('<file>', 'video file, or a URL that ffmpeg can open')
    .requiredOption('--labels <a,b,c>', 'names of the classes, separated by commas', labelList)
    .requiredOption('--model <source>', 'hub id or folder of the checkpoint')
    .option('--out <file.mp4>', 'write the video with the label colors blended in, with its sound')
    .option('--jsonl <file>', 'write masks as JSON lines (COCO run lengths)')
    .option('--views <1|5>', '5 looks at each quarter as well: finer, slower (default: 1)', views)
    .option('--threshold <t>', 'least activation of a mask, 0 to 1', unit)
    .option('--background <t>', 'activation of the background, 0 to 1, or "threshold", or "none"', background(unit))
    .addOption(new Option('--templates <name>', 'prompt templates').choices(['plain', 'clipseg', 'imagenet80']))
    .addOption(new Option('--device <name>', 'where to run').choices(['auto', 'cpu', 'cuda', 'webgpu', 'coreml', 'dml']))
    .addOption(new Option('--precision <name>', 'number format').choices(['auto', 'fp32', 'fp16', 'int8']))
    .option('--every <n>', 'take each n-th frame (default: 1)', number('a whole number of at least 1', (n) => Number.isInteger(n) && n >= 1))
    .option('--start <seconds>', 'first time, inclusive', seconds)
    .option('--end <seconds>', 'last time, exclusive', seconds)
    .option('--alpha <a>', 'weight of the colors in --out, 0 to 1 (default: 0.5)', unit)
    .option('--contour', 'draw borders in full color in --out')
    .option('--encoder <name>', "ffmpeg's H.264 encoder for --out (default: libx264)")
    .option('--json', 'print one JSON object on stdout')
    .option('--quiet', 'no progress and no summary')
    .version(version)
    .addHelpText('after', help);
}

function number(rule: string, valid: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!valid(value)) throw new InvalidArgumentError(`It must be ${rule}.`);
    return value;
  };
}

function labelList(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('It must name at least one class.');
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new InvalidArgumentError(`It must name each class once, got "${twice}" twice.`);
  return names;
}

function views(text: string): 1 | 5 {
  if (text !== '1' && text !== '5') throw new InvalidArgumentError('It must be 1 or 5.');
  return text === '1' ? 1 : 5;
}

function background(unit: (text: string) => number): (text: string) => number | 'threshold' | 'none' {
  return (text) => (text === 'threshold' || text === 'none' ? text : unit(text));
}

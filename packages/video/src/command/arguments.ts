/**
 * The command line of `synseg-video`: commands, options, help, and their checks. The only file that imports commander.
 */
import { DEFAULT_LIMITS } from '@synseg/core/guards';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { exampleText, outputHelp } from './help.ts';

/** Which model, where. */
export interface ModelArguments {
  readonly model: string;
  readonly device?: 'auto' | 'cpu' | 'cuda' | 'webgpu' | 'coreml' | 'dml';
  readonly precision?: 'auto' | 'fp32' | 'fp16' | 'int8';
  readonly labels: readonly string[];
  readonly background?: number | 'threshold' | 'none';
  readonly templates?: 'plain' | 'clipseg' | 'imagenet80';
}

/** What is read, and how it is segmented. */
export interface VideoArguments extends ModelArguments {
  readonly sources: readonly string[];
  readonly views?: 1 | 5;
  readonly threshold?: number;
  readonly every?: number;
  readonly start?: number;
  readonly end?: number;
  readonly policy?: 'auto' | 'every-frame' | 'freshest';
  readonly maxStaleness?: number;
  readonly stallTimeout?: number;
  readonly reconnect: boolean;
  readonly maxAttempts?: number;
  readonly maxGap?: number;
  readonly maxPixels?: number;
  readonly loop?: true;
  readonly realtime?: true;
  readonly frameRate?: number;
  readonly fps?: number;
  readonly hwaccel?: string;
  readonly inputOptions?: readonly string[];
  readonly smooth?: number | true;
  readonly hold?: number | true;
  readonly keyframes?: number | true;
  readonly workers?: number;
  readonly alpha?: number;
  readonly contour?: true;
  readonly legend: boolean;
  readonly skipErrors?: true;
  readonly quiet?: true;
}

/** `synseg-video SOURCE…` */
export interface SegmentArguments extends VideoArguments {
  readonly command: 'segment';
  readonly out?: string;
  readonly jsonl?: string;
  readonly coco?: string;
  readonly csv?: string;
  readonly pngDir?: string;
  readonly size?: 'model' | 'source';
  readonly encoder?: string;
  readonly json?: true;
}

/** `synseg-video serve SOURCE…` */
export interface ServeArguments extends VideoArguments {
  readonly command: 'serve';
  readonly host?: string;
  readonly port?: number;
  readonly token?: string;
}

/** `synseg-video probe SOURCE` */
export interface ProbeArguments {
  readonly command: 'probe';
  readonly source: string;
  readonly maxPixels?: number;
  readonly json?: true;
}

/** `synseg-video devices` */
export interface DevicesArguments {
  readonly command: 'devices';
  readonly json?: true;
}

/** A command line that made sense. */
export type CommandArguments = SegmentArguments | ServeArguments | ProbeArguments | DevicesArguments;

/** Nothing to run: what to say, where, and the exit code. */
export interface CommandRefusal {
  readonly exitCode: 0 | 2;
  readonly text: string;
}

/** The published checkpoint most people start with; downloaded once. */
const defaultModel = 'CIDAS/clipseg-rd64-refined';

/** Files that several sources cannot share. */
const fileOptions = ['out', 'jsonl', 'coco', 'csv', 'pngDir'] as const;

/** Reads the command line, without the program's name. */
export function parseArguments(argv: readonly string[], version: string): CommandArguments | CommandRefusal {
  let text = '';
  let parsed: CommandArguments | undefined;
  const write = (part: string): void => void (text += part);
  const program = define(version, (found) => (parsed = found));
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ writeOut: write, writeErr: write });
  try {
    program.parse([...argv], { from: 'user' });
    if (parsed === undefined) throw new Error('internal: a command line that was parsed names a command');
    return parsed;
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2, text };
    throw error;
  }
}

function define(version: string, found: (parsed: CommandArguments) => void): Command {
  const program = new Command('synseg-video')
    .description('Segment videos and live streams into the classes you name.')
    .version(version)
    .enablePositionalOptions()
    .argument(
      '<source...>',
      'video files, image sequences, cameras (camera:0), stdin (-), or URLs that ffmpeg can open',
    );
  videoOptions(program)
    .option('--out <file.mp4>', 'write the video with the label colors blended in, with its sound')
    .option('--jsonl <file>', 'write masks as JSON lines (COCO run lengths)')
    .option('--coco <file.json>', 'write masks as one COCO file')
    .option('--csv <file>', 'write the share of each label per frame')
    .option('--png-dir <folder>', 'write one palette PNG per frame')
    .addOption(
      new Option('--size <name>', 'size of masks and label maps (default: model)').choices(['model', 'source']),
    )
    .option('--encoder <name>', "ffmpeg's H.264 encoder for --out (default: libx264)")
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', exampleText + outputHelp)
    .action((sources: string[], options: Omit<SegmentArguments, 'command' | 'sources'>) => {
      const parsed: SegmentArguments = { command: 'segment', sources, ...options };
      checkVideo(program, parsed);
      for (const name of fileOptions) {
        const path = parsed[name];
        if (path === undefined || sources.length === 1 || /\{(name|n)\}/.test(path)) continue;
        program.error(
          `error: --${name === 'pngDir' ? 'png-dir' : name} must contain {name} or {n} for several sources, got ${path}`,
        );
      }
      found(parsed);
    });

  const serve = program
    .command('serve')
    .description('show sources on a web page, live, with labels to edit')
    .argument('<source...>', 'as above');
  videoOptions(serve)
    .option(
      '--port <n>',
      'port of the page; 0 takes any that is free (default: 8080)',
      number('a port from 0 to 65535', (n) => Number.isInteger(n) && n >= 0 && n <= 65535),
    )
    .option('--host <name>', 'address to listen at; others than 127.0.0.1 need a token (default: 127.0.0.1)')
    .option('--token <text>', 'token of the page, made up where it is needed and not given')
    .action((sources: string[], options: Omit<ServeArguments, 'command' | 'sources'>) => {
      const parsed: ServeArguments = { command: 'serve', sources, ...options };
      checkVideo(serve, parsed);
      found(parsed);
    });

  program
    .command('probe')
    .description('show what a source is, without decoding it')
    .argument('<source>')
    .option(...maxPixels)
    .option('--json', 'print one JSON object')
    .action((source: string, options: Omit<ProbeArguments, 'command' | 'source'>) =>
      found({ command: 'probe', source, ...options }),
    );
  program
    .command('devices')
    .description('list cameras')
    .option('--json', 'print one JSON object')
    .action((options: { json?: true }) => found({ command: 'devices', ...options }));
  return program;
}

function videoOptions(command: Command): Command {
  const unit = number('a number from 0 to 1', (value) => value >= 0 && value <= 1);
  const seconds = number('a number of seconds', Number.isFinite);
  const positive = number('a number above 0', (value) => value > 0 && Number.isFinite(value));
  return command
    .option('--labels <a,b,c>', 'names of the classes, separated by commas', labelList)
    .option('--model <source>', 'hub id or folder of the checkpoint', defaultModel)
    .option('--views <1|5>', '5 looks at each quarter as well: finer, slower (default: 1)', views)
    .option('--threshold <t>', "least activation of every label, 0 to 1 (default: the checkpoint's, or 0.5)", unit)
    .option(
      '--background <t>',
      'where a pixel is background: "threshold", no label reaches its own; 0 to 1, none reaches that; "none", ' +
        'nowhere: the likeliest label wins (default: threshold)',
      (text) => (text === 'threshold' || text === 'none' ? text : unit(text)),
    )
    .addOption(new Option('--templates <name>', 'prompt templates').choices(['plain', 'clipseg', 'imagenet80']))
    .addOption(
      new Option('--device <name>', 'where to run').choices(['auto', 'cpu', 'cuda', 'webgpu', 'coreml', 'dml']),
    )
    .addOption(new Option('--precision <name>', 'number format').choices(['auto', 'fp32', 'fp16', 'int8']))
    .option('--fps <n>', 'take so many frames per second at most', positive)
    .option('--every <n>', 'take each n-th frame (default: 1)', count)
    .option('--start <seconds>', 'first time, inclusive', seconds)
    .option('--end <seconds>', 'last time, exclusive', seconds)
    .addOption(
      new Option(
        '--policy <name>',
        'when frames come too fast: wait, or drop and count (default: auto, freshest for live sources)',
      ).choices(['auto', 'every-frame', 'freshest']),
    )
    .option('--max-staleness <seconds>', 'drop live frames whose result is older than this', positive)
    .option(
      '--stall-timeout <seconds>',
      'connect again to a live source that sends nothing for this long; raise it for slow ones (default: 5)',
      positive,
    )
    .option('--no-reconnect', 'end when a live source ends')
    .option(
      '--max-attempts <n>',
      'give up a live source after so many failed attempts in a row (default: never)',
      count,
    )
    .option('--max-gap <seconds>', 'cut jumps of the clock that are longer (default: 10)', positive)
    .option(...maxPixels)
    .option('--loop', 'play files again and again')
    .option('--realtime', 'play files at their own speed')
    .option('--frame-rate <n>', 'rate at which image sequences and cameras are read', positive)
    .option('--hwaccel <name>', "ffmpeg's hardware decoding: auto, cuda, vaapi, videotoolbox, …")
    .option(
      '--input-options <text>',
      'options for ffmpeg before -i, separated by spaces, e.g. "-rtsp_flags listen"',
      words,
    )
    .option(
      '--smooth [weight]',
      'steady masks where the picture stands still; weight of the new frame, 0 to 1 (default: 0.3)',
      unit,
    )
    .option('--hold [change]', 'skip the model while the picture changes less than this, 0 to 1 (default: 0.03)', unit)
    .option('--keyframes [k]', 'five views every k-th frame, one between (default: 4)', count)
    .option('--workers <n>', 'threads for masks and overlays, at most', count)
    .option('--alpha <a>', 'weight of the colors in overlays, 0 to 1 (default: 0.5)', unit)
    .option('--contour', 'draw borders in full color in overlays')
    .option('--no-legend', 'no names in the corner of overlays')
    .option('--skip-errors', 'pass over frames that cannot be segmented, and count them')
    .option('--quiet', 'no progress and no summary');
}

function checkVideo(command: Command, { labels, start, end }: Partial<VideoArguments>): void {
  if (labels === undefined) command.error("error: required option '--labels <a,b,c>' not specified");
  if (start !== undefined && end !== undefined && end <= start)
    command.error(`error: --end must be after --start (${start}), got ${end}`);
}

const count = number('a whole number of at least 1', (n) => Number.isInteger(n) && n >= 1);
const maxPixels = [
  '--max-pixels <n>',
  `pixels of the largest picture to decode (default: ${DEFAULT_LIMITS.maxPixels})`,
  count,
] as const;

function number(rule: string, valid: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!valid(value)) throw new InvalidArgumentError(`It must be ${rule}.`);
    return value;
  };
}

function labelList(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('It must name at least one class.');
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new InvalidArgumentError(`It must name each class once, got "${twice}" twice.`);
  return names;
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function views(text: string): 1 | 5 {
  if (text !== '1' && text !== '5') throw new InvalidArgumentError('It must be 1 or 5.');
  return text === '1' ? 1 : 5;
}

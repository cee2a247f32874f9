/** `synseg frames`: frames of videos as pictures, to draw masks on. */
import { isSynsegError } from '@synseg/core';
import { messageOf, text, type OptionsOf } from '@synseg/core/guards';
import { describeSource, saveFrames, sourceStems, type FrameSaved, type SavedFrames } from '@synseg/video';
import { SAVE_FRAMES_OPTIONS } from '@synseg/video/options';
import { command, type Context, type Result } from '../context.ts';
import { among, only, without } from '../flags.ts';
import { grouped } from '../text.ts';
import { sourceNotes, sourcesOf, VIDEO_FLAGS } from '../video-flags.ts';

const FRAMES_FLAGS = {
  /** Folder of the pictures; made where it is missing. */
  out: { ...text(), placeholder: 'folder' },
  // Several sources have a stem each.
  ...without(SAVE_FRAMES_OPTIONS, 'stem'),
  ...only(VIDEO_FLAGS, 'inputOptions'),
};
type FramesFlags = OptionsOf<typeof FRAMES_FLAGS, 'out'>;

export const frames = command({
  name: 'FRAMES_FLAGS',
  flags: FRAMES_FLAGS,
  needed: ['out'],
  operand: '<source...>',
  help: `
A source is a video file, an image sequence (frames/%05d.png, frames/*.jpg), a camera
(camera:0), stdin (-) or a URL that ffmpeg can open. Several are read one after the other.
A camera or a stream goes on until --limit, --end or Ctrl-C.

Frame 30 of clip.mp4 becomes clip_000030.jpg. The pictures stand upright and have square
pixels; those of an image sequence keep their names. A file that is there is left as it
is and ends the command, unless --overwrite is given.

Examples:
  $ synseg frames clip.mp4 --every 30 --out frames
  $ synseg frames *.mp4 --fps 1 --max-side 1280 --least-change 0.1 --out frames
  $ synseg frames rtsp://camera/1 --fps 0.1 --limit 100 --out frames

--json prints out, frames, leftOut, seconds, sources (source, frames, leftOut, width,
height, first, last and failure of each) and interrupted.
`,
  run,
});

/** What became of one source. */
interface SourceFrames extends Partial<SavedFrames> {
  readonly source: string;
  readonly frames: number;
  readonly leftOut: number;
  readonly failure?: string;
}

async function run(context: Context, flags: FramesFlags, sources: readonly string[]): Promise<Result> {
  const { signal, warn, note, progress } = context;
  const started = performance.now();
  const stems = sourceStems(sources);
  const { onState, onEnd } = sourceNotes(note);
  const done: SourceFrames[] = [];
  for (const [at, source] of sourcesOf(sources, flags).entries()) {
    if (signal.aborted) break;
    const { name } = describeSource(source);
    let first: string | undefined;
    let newest: FrameSaved | undefined;
    const onProgress = (saved: FrameSaved): void => {
      first ??= saved.path;
      newest = saved;
      const { frames: count, total } = saved;
      const of = total === undefined ? '' : `/${grouped(total)}`;
      progress.show(count / (total ?? Infinity), `${name}: ${grouped(count)}${of} pictures`);
    };
    try {
      const saved = await saveFrames(source, flags.out, {
        ...among(SAVE_FRAMES_OPTIONS, flags),
        ...{ stem: stems[at] as string, signal, onProgress, onState },
        // Times are not in the pictures: jumps of a clock are no matter.
        onEnd: (end) => onEnd({ ...end, gaps: 0 }),
      });
      done.push({ source: name, ...saved });
    } catch (error) {
      const { frames: count = 0, leftOut = 0, path: last } = newest ?? {};
      const files = last === undefined ? {} : { first: first ?? last, last };
      const part = { source: name, frames: count, leftOut, ...files };
      if (signal.aborted) done.push(part);
      else if (sources.length > 1 && isSynsegError(error)) {
        const failure = messageOf(error);
        warn(`synseg: ${name} failed: ${failure}`);
        done.push({ ...part, failure });
      } else throw error;
    }
  }
  progress.close();
  const sum = (key: 'frames' | 'leftOut'): number => done.reduce((total, source) => total + source[key], 0);
  const report = {
    ...{ out: flags.out, frames: sum('frames'), leftOut: sum('leftOut') },
    ...{ seconds: Math.round(performance.now() - started) / 1000, sources: done, interrupted: signal.aborted },
  };
  const failed = done.some(({ failure }) => failure !== undefined);
  return { json: report, text: summary(report), failed, interrupted: signal.aborted };
}

const pictures = (count: number): string => `${grouped(count)} ${count === 1 ? 'picture' : 'pictures'}`;

function summary(report: {
  readonly frames: number;
  readonly leftOut: number;
  readonly seconds: number;
  readonly sources: readonly SourceFrames[];
  readonly interrupted: boolean;
}): string {
  const { frames: count, leftOut, seconds, sources, interrupted } = report;
  const same = leftOut === 0 ? '' : `; ${grouped(leftOut)} left out that had changed too little`;
  return [
    `${interrupted ? 'Interrupted after' : 'Done:'} ${pictures(count)} in ${seconds} s${same}`,
    ...sources.flatMap(({ source, frames: own, width, height, first, last }) => {
      const size = width === undefined || height === undefined ? '' : ` of ${width}×${height}`;
      return own === 0 ? [] : [`  ${source}: ${pictures(own)}${size}`, `  wrote ${first} … ${last}`];
    }),
  ].join('\n');
}

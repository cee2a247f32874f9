/** What the commands that read videos have in common: their flags, sources, and what is said of sources on the way. */
import { encodedLogin, text, type OptionsOf } from '@synseg/core/guards';
import { describeSource, type SegmentVideosOptions, type SourceReport, type VideoSource } from '@synseg/video';
import { SEGMENT_VIDEOS_OPTIONS } from '@synseg/video/options';
import type { Context } from './context.ts';
import { without } from './flags.ts';
import { LABEL_FLAGS, MODEL_FLAGS, NAMES } from './model.ts';

/** Flags of `synseg video` and `synseg serve`. */
export const VIDEO_FLAGS = {
  /** Names of the classes, separated by commas. */
  labels: NAMES,
  ...MODEL_FLAGS,
  ...without(SEGMENT_VIDEOS_OPTIONS, 'size', 'encoder', 'render', 'jpeg'),
  ...LABEL_FLAGS,
  /** Options for ffmpeg before -i, separated by spaces, such as "-rtsp_flags listen". */
  inputOptions: { ...text(), placeholder: 'text' },
};
export type VideoFlags = OptionsOf<typeof VIDEO_FLAGS, 'labels'>;

/** The sources, with ffmpeg's own options where there are some. */
export function sourcesOf(
  sources: readonly string[],
  { inputOptions }: Pick<VideoFlags, 'inputOptions'>,
): VideoSource[] {
  if (inputOptions === undefined) return [...sources];
  const words = inputOptions.split(/\s+/).filter((word) => word !== '');
  return sources.map((source) => {
    const { kind, name } = describeSource(source);
    // With a format of the caller's the words after `-i` are the format's business; else they are a path or an address.
    const url = words.includes('-f') ? source : kind === 'network' ? encodedLogin(source) : source;
    return {
      url: kind === 'file' && !words.includes('-f') ? source.replace(/^(?!file:)/, 'file:') : url,
      inputOptions: words,
      name,
    };
  });
}

/** What is said of sources on the way: a camera that is away is told of once, not at each attempt. */
export function sourceNotes(
  note: Context['note'],
  maxGapSeconds = 10,
): { readonly [Name in 'onState' | 'onEnd']: NonNullable<SegmentVideosOptions[Name]> } {
  const told = new Map<string, string>();
  return {
    onState: ({ source, state, reason, retryInSeconds }) => {
      if (state === 'running' && told.delete(source)) note(`${source}: running again`);
      // That one has failed is said at the end, even where all else is quiet.
      if ((state !== 'stalled' && state !== 'reconnecting') || told.get(source) === (reason ?? '')) return;
      told.set(source, reason ?? '');
      const again = retryInSeconds === undefined ? '' : `, trying again in ${retryInSeconds.toFixed(1)} s`;
      note(`${source}: ${state}${reason === undefined ? '' : ` (${reason})`}${again}`);
    },
    onEnd: ({ source, frames, complaints, gaps }) => {
      if (gaps > 0)
        note(
          `${source}: its clock jumped ${gaps === 1 ? 'once' : `${gaps} times`}; what came after follows at once ` +
            `(--max-gap-seconds ${maxGapSeconds})`,
        );
      if (complaints !== '') note(`${source}: after ${frames} frames ffmpeg had complained:\n${complaints}`);
    },
  };
}

/** Says which sources failed and which files are unfinished, even where all else is quiet. */
export function warnOfFailures(sources: readonly SourceReport[], warn: Context['warn']): boolean {
  const failed = sources.filter(({ failure }) => failure !== undefined);
  for (const { source, failure } of failed) warn(`synseg: ${source} failed: ${failure ?? ''}`);
  for (const path of sources.flatMap(({ unfinished }) => unfinished)) warn(`synseg: left unfinished: ${path}`);
  return failed.length > 0;
}

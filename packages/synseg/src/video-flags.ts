/** The shared parts of the commands that read videos: flags, sources, notes and warnings about sources. */
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

/** The sources, with options for ffmpeg where some are given. */
export function sourcesOf(
  sources: readonly string[],
  { inputOptions }: Pick<VideoFlags, 'inputOptions'>,
): VideoSource[] {
  if (inputOptions === undefined) return [...sources];
  const words = inputOptions.split(/\s+/).filter((word) => word !== '');
  return sources.map((source) => {
    const { kind, name } = describeSource(source);
    const own = { inputOptions: words, name };
    // Where `-f` names a format, ffmpeg gets the source as it is; else it is a path or an address.
    if (words.includes('-f')) return { url: source, ...own };
    if (kind === 'file') return { url: source.replace(/^(?!file:)/, 'file:'), ...own };
    return { url: kind === 'network' ? encodedLogin(source) : source, ...own };
  });
}

/** Notes about sources while they run: an absent camera is reported once, not at each attempt. */
export function sourceNotes(
  note: Context['note'],
  maxGapSeconds = 10,
): { readonly [Name in 'onState' | 'onEnd']: NonNullable<SegmentVideosOptions[Name]> } {
  const told = new Map<string, string>();
  return {
    onState: ({ source, state, reason, retryInSeconds }) => {
      if (state === 'running' && told.delete(source)) note(`${source}: running again`);
      // A failure is reported at the end, also under --quiet.
      if ((state !== 'stalled' && state !== 'reconnecting') || told.get(source) === (reason ?? '')) return;
      told.set(source, reason ?? '');
      const again = retryInSeconds === undefined ? '' : `, trying again in ${retryInSeconds.toFixed(1)} s`;
      note(`${source}: ${state}${reason === undefined ? '' : ` (${reason})`}${again}`);
    },
    onEnd: ({ source, frames, complaints, gaps }) => {
      const times = gaps === 1 ? 'once' : `${gaps} times`;
      const flag = `(--max-gap-seconds ${maxGapSeconds})`;
      if (gaps > 0) note(`${source}: its clock jumped ${times}; later frames follow without the gap ${flag}`);
      if (complaints !== '') note(`${source}: ffmpeg reported problems in the ${frames} frames read:\n${complaints}`);
    },
  };
}

/** Warns of sources that failed and of files that are unfinished. */
export function warnOfFailures(sources: readonly SourceReport[], warn: Context['warn']): boolean {
  const failed = sources.filter(({ failure }) => failure !== undefined);
  for (const { source, failure } of failed) warn(`synseg: ${source} failed: ${failure ?? ''}`);
  for (const path of sources.flatMap(({ unfinished }) => unfinished)) warn(`synseg: left unfinished: ${path}`);
  return failed.length > 0;
}

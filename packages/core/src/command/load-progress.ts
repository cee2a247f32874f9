/** Loading a checkpoint for a command: its flags, and how far it is, for people, on stderr. Imports cli-progress. */
import cliProgress from 'cli-progress';
import { EMBEDDED } from '../checkpoint/embedded.ts';
import type { LoadProgress, SegmenterOptions } from '../segmenter/load-options.ts';
import { megabytes, type CommandContext } from './output.ts';

/** Which checkpoint, and how it is loaded, among a command's flags. */
export interface LoadFlags extends Pick<SegmenterOptions, 'device' | 'precision' | 'revision' | 'offline'> {
  /** @default 'embedded' */
  readonly model?: string;
}

/** The checkpoint to load: the one named, else the embedded one, with a word on stderr about what that is for. */
export function modelOf({ model }: LoadFlags, stderr: CommandContext['stderr']): string {
  if (model !== undefined) return model;
  stderr.write('model: embedded, trained on drawn streets; for photographs add --model CIDAS/clipseg-rd64-refined\n');
  return EMBEDDED;
}

/** What a command's flags say of loading, without what they say of other things. */
export function loadOptionsOf({ device, precision, revision, offline }: LoadFlags): SegmenterOptions {
  return Object.fromEntries(
    Object.entries({ device, precision, revision, offline }).filter(([, value]) => value !== undefined),
  );
}

/** Shows downloads until closed: a bar on a terminal, one line per file otherwise. */
export function loadProgress(stderr: CommandContext['stderr']): {
  readonly onProgress: (progress: LoadProgress) => void;
  readonly close: () => void;
} {
  if (stderr.isTTY !== true) return { onProgress: lineFor(stderr), close: () => undefined };
  const bars = new cliProgress.MultiBar({
    format: '{file} {bar} {percentage} %',
    stream: stderr as unknown as NodeJS.WritableStream,
    hideCursor: true,
    clearOnComplete: true,
  });
  const byFile = new Map<string, cliProgress.SingleBar>();
  return {
    onProgress(progress) {
      if (progress.stage !== 'download') return;
      const { file, loadedBytes, totalBytes } = progress;
      const bar = byFile.get(file) ?? bars.create(totalBytes, 0, { file });
      byFile.set(file, bar);
      bar.update(loadedBytes);
    },
    close: () => bars.stop(),
  };
}

function lineFor(stderr: CommandContext['stderr']): (progress: LoadProgress) => void {
  const done = new Set<string>();
  return (progress) => {
    if (progress.stage !== 'download' || progress.loadedBytes < progress.totalBytes || done.has(progress.file)) return;
    done.add(progress.file);
    stderr.write(`downloaded ${progress.file} (${megabytes(progress.totalBytes)})\n`);
  };
}

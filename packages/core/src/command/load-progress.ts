/** Loading a checkpoint for a command: its flags, and how far it is, for people, on stderr. Imports cli-progress. */
import cliProgress from 'cli-progress';
import type { LoadProgress, SegmenterOptions } from '../segmenter/load-options.ts';
import { megabytes, type CommandContext } from './output.ts';

/** Options of loading among a command's flags. */
export type LoadFlags = Pick<SegmenterOptions, 'device' | 'precision' | 'revision' | 'offline'>;

/** Shows downloads until closed: a bar on a terminal, one line per file otherwise. */
export function loadProgress(stderr: CommandContext['stderr']): { readonly onProgress: (progress: LoadProgress) => void; readonly close: () => void } {
  if (stderr.isTTY !== true) return { onProgress: lineFor(stderr), close: () => undefined };
  const bars = new cliProgress.MultiBar({ format: '{file} {bar} {percentage} %', stream: stderr as unknown as NodeJS.WritableStream, hideCursor: true, clearOnComplete: true });
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

/** How far the work is, for people, on stderr. The only file that imports cli-progress. */
import cliProgress from 'cli-progress';
import type { VideoProgress } from '../video-options.ts';

/** Where text for people goes. */
export interface TextOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const secondsBetweenLines = 5;

/** Shows progress until closed. */
export interface ProgressView {
  readonly show: (progress: VideoProgress) => void;
  readonly close: () => void;
}

/** A bar on a terminal, else a line now and then. */
export function progressView(output: TextOutput): ProgressView {
  return output.isTTY === true ? bar(output) : lines(output);
}

function bar(output: TextOutput): ProgressView {
  const view = new cliProgress.SingleBar({
    format: '{bar} {value}/{total} frames, {framesPerSecond} frames/s, {duration_formatted}',
    stream: output as NodeJS.WritableStream,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  });
  let running = false;
  return {
    show: ({ frames, total = frames, framesPerSecond }) => {
      const payload = { framesPerSecond: framesPerSecond.toFixed(1) };
      if (!running) view.start(total, frames, payload);
      running = true;
      view.setTotal(Math.max(total, frames));
      view.update(frames, payload);
    },
    close: () => {
      if (running) view.stop();
      running = false;
    },
  };
}

function lines(output: TextOutput): ProgressView {
  let last = performance.now();
  return {
    show: ({ frames, total, framesPerSecond }) => {
      const now = performance.now();
      if (now - last < secondsBetweenLines * 1000) return;
      last = now;
      output.write(
        `${frames}${total === undefined ? '' : `/${total}`} frames, ${framesPerSecond.toFixed(1)} frames/s\n`,
      );
    },
    close: () => {},
  };
}

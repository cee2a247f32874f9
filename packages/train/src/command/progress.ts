/** How far the work is, for people, on stderr. The only file that imports cli-progress. */
import cliProgress from 'cli-progress';
import type { OutputFlags, TextOutput } from './output.ts';

/** How far a piece of work is. */
export interface ProgressState {
  /** 0 to 1 */
  readonly share: number;
  readonly text: string;
}

/** Shows progress until closed. */
export interface ProgressView {
  readonly show: (state: ProgressState) => void;
  /** Writes a line that stays, above the bar if there is one. */
  readonly print: (line: string) => void;
  readonly close: () => void;
}

/** Between two lines where there is no terminal: frequent at first, then once a minute. */
const LEAST_SECONDS = 5;
const MOST_SECONDS = 60;

/** A bar on a terminal, else a line now and then; nothing but what is printed when quiet. */
export function progressView(output: TextOutput, stdout: TextOutput, { json, quiet }: OutputFlags): ProgressView {
  const print = (line: string): void => void output.write(`${line}\n`);
  // Lines of JSON on the same terminal tell how far it is, and a bar would tear them.
  if (quiet === true || (json === true && stdout.isTTY === true)) return { show: () => {}, print, close: () => {} };
  return output.isTTY === true ? bar(output, print) : { show: lines(print), print, close: () => {} };
}

function bar(output: TextOutput, printPlain: (line: string) => void): ProgressView {
  const view = new cliProgress.MultiBar({
    format: '{bar} {text}',
    barsize: 20,
    stream: output as NodeJS.WritableStream,
    clearOnComplete: true,
    forceRedraw: true,
    gracefulExit: false,
  });
  let single: cliProgress.SingleBar | undefined;
  return {
    show({ share, text }) {
      single ??= view.create(1, 0, { text });
      single.update(Math.min(1, share), { text });
    },
    print(line) {
      if (single === undefined) return printPlain(line);
      view.log(`${line}\n`);
      view.update();
    },
    close() {
      if (single !== undefined) view.stop();
      single = undefined;
    },
  };
}

function lines(print: (line: string) => void): ProgressView['show'] {
  const started = performance.now();
  let last = started;
  return ({ text }) => {
    const now = performance.now();
    const pauseSeconds = Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, (now - started) / 20_000));
    if (now - last < pauseSeconds * 1000) return;
    last = now;
    print(text);
  };
}

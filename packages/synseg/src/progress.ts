/** Progress for people, on stderr. The only file that imports cli-progress. */
import cliProgress from 'cli-progress';

/** A stream that takes text. */
export interface TextOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  /** @param share - 0 to 1 */
  readonly show: (share: number, text: string) => void;
  /** Writes a line that stays, above the bar if there is one. */
  readonly print: (line: string) => void;
  readonly close: () => void;
}

/** Seconds between two lines where there is no terminal: frequent at first, then once a minute. */
const LEAST_SECONDS = 5;
const MOST_SECONDS = 60;

/** A bar on a terminal, else a line now and then; when quiet, only what is printed. */
export function openProgress(output: TextOutput, quiet: boolean): Progress {
  const print = (line: string): void => void output.write(`${line}\n`);
  if (quiet) return { show: () => {}, print, close: () => {} };
  return output.isTTY === true ? bar(output, print) : { show: lines(print), print, close: () => {} };
}

function bar(output: TextOutput, printPlain: (line: string) => void): Progress {
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
    show(share, text) {
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

function lines(print: (line: string) => void): Progress['show'] {
  const started = performance.now();
  let last = started;
  return (_share, text) => {
    const now = performance.now();
    const pauseSeconds = Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, (now - started) / 20_000));
    if (now - last < pauseSeconds * 1000) return;
    last = now;
    print(text);
  };
}

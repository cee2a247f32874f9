/** How far a step is, for people, on stderr. */

const BAR_WIDTH = 24;
const SECONDS_BETWEEN_LINES = 5;

/** What {@link progress} writes to. */
export interface TextOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Returns what shows progress: a bar on a terminal, gone when all is done; else a line at once and then now and then.
 *
 * @param what - what is counted, in words
 */
export function progress(what: string, output: TextOutput = process.stderr): (done: number, total: number) => void {
  let last = -Infinity;
  return (done, total) => {
    if (output.isTTY === true) {
      const full = Math.round((BAR_WIDTH * done) / total);
      output.write(
        done < total
          ? `\r${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${done} of ${total} ${what}`
          : '\r\u001b[K',
      );
      return;
    }
    if (performance.now() - last < 1000 * SECONDS_BETWEEN_LINES) return;
    last = performance.now();
    output.write(`${done} of ${total} ${what}\n`);
  };
}

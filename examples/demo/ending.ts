/** The end of the program, on its own or by a signal such as Ctrl-C, and what has to be done then. */

const acts = new Set<() => void>();
let isWatched = false;

/**
 * Has something done when the program ends, at the latest; it may not wait for anything.
 *
 * @returns does it now
 */
export function atEnd(act: () => void): () => void {
  watch();
  acts.add(act);
  return () => {
    if (acts.delete(act)) act();
  };
}

function watch(): void {
  if (isWatched) return;
  isWatched = true;
  process.once('exit', finish);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      finish();
      // This listener is gone: the signal has its usual effect. `process.exit` would abort in the midst of inference.
      process.kill(process.pid, signal);
    });
}

function finish(): void {
  for (const act of acts) act();
  acts.clear();
}

/** One turn of a thread's event loop between two runs: messages that have arrived are handled, then work continues. */
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Handles waiting messages. Deno delivers them only before timers, Node before immediates, which take no time. */
export async function eventTurn(): Promise<void> {
  if ('Deno' in globalThis) await setTimeout(0);
  else await setImmediate();
}

/** Approximate longest time that other messages wait for a turn, ms. */
const TURN_MS = 20;

/**
 * For long work in small pieces: call it after each piece, and await the promise it may return. It handles waiting
 * messages when the last turn was a while ago, and throws when the signal is aborted.
 */
export function turnTaker(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < TURN_MS) return undefined;
    return eventTurn().then(() => {
      signal?.throwIfAborted();
      last = performance.now();
    });
  };
}

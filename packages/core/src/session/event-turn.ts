/**
 * One turn of a thread's event loop between two runs: messages that have arrived are handled, then the work goes on.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';

/**
 * Lets waiting messages in. Deno delivers them only before timers, Node before immediates, which cost no millisecond.
 */
export async function eventTurn(): Promise<void> {
  if ('Deno' in globalThis) await setTimeout(0);
  else await setImmediate();
}

/** How long others wait for a turn at most, about. */
const TURN_MS = 20;

/**
 * For long work of small pieces: to be called after each, and awaited where it returns a promise. It lets waiting
 * messages
 * in when the last turn is some time ago, and ends the work when the signal says so.
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

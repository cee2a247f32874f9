/** One turn of a thread's event loop between two runs: messages that have arrived are handled, then the work goes on. */
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Lets waiting messages in. Deno delivers them only before timers, Node before immediates, which cost no millisecond. */
export async function eventTurn(): Promise<void> {
  if ('Deno' in globalThis) await setTimeout(0);
  else await setImmediate();
}

/**
 * Work that cannot be stopped, left at once when its signal aborts: the call rejects with the signal's reason, and what
 * the
 * work comes to later is passed to nobody.
 *
 * @throws the signal's reason, whatever it is
 */
export async function raceSignal<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return work;
  let leave = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** A signal that aborts after a time, counted again from each restart, unless it is cleared. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  readonly restart: () => void;
  readonly clear: () => void;
}

/**
 * Begins a time limit. Deno lets no process end before an `AbortSignal.timeout()` has passed, which cannot be cleared.
 */
export function timeLimit(seconds: number, reason: Error): TimeLimit {
  const limit = new AbortController();
  const begin = (): NodeJS.Timeout => setTimeout(() => limit.abort(reason), Math.min(seconds * 1000, 2 ** 31 - 1));
  let timer = begin();
  const clear = (): void => clearTimeout(timer);
  const restart = (): void => {
    clear();
    timer = begin();
  };
  return { signal: limit.signal, restart, clear };
}

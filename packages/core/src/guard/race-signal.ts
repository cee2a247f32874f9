/**
 * Awaits work that cannot be interrupted, but rejects with the signal's reason as soon as the signal aborts; the later
 * result is dropped.
 *
 * @throws the signal's reason
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

/** A signal that aborts with the first of two. */
export function eitherSignal(signal: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return signal === undefined ? other : AbortSignal.any([signal, other]);
}

/** A signal that aborts after a time, which each restart begins anew, unless it is cleared. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  readonly restart: () => void;
  readonly clear: () => void;
}

/** Begins a time limit. Deno lets no process end before an `AbortSignal.timeout()`, which cannot be cleared. */
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

/**
 * Work that cannot be stopped, left at once when its signal aborts: the call rejects with the signal's reason, and what the
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

/** A signal that aborts after a time unless it is cleared. Deno lets no process end before an `AbortSignal.timeout()` has passed. */
export function timeLimit(milliseconds: number, reason: Error): { readonly signal: AbortSignal; readonly clear: () => void } {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(reason), Math.min(milliseconds, 2 ** 31 - 1));
  return { signal: limit.signal, clear: () => clearTimeout(timer) };
}

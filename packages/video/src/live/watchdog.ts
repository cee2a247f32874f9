/** Waiting with a limit. Only time spent waiting counts: a consumer that takes its time is no stall. */

/** Waits for `work`; `onTimeout` is called once if that takes longer than `seconds`. The wait goes on all the same. */
export async function watch<Result>(work: Promise<Result>, seconds: number, onTimeout: () => void): Promise<Result> {
  if (!Number.isFinite(seconds)) return work;
  const timer = setTimeout(onTimeout, seconds * 1000);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

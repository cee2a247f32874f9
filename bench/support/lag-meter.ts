/** How late a 1 ms timer of this thread comes while other things happen: what a server's other requests would feel. */
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './statistics.ts';

/** Lateness of a 1 ms timer. */
export interface Lag {
  readonly ticks: number;
  /** Seconds it was watched. */
  readonly seconds: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** When the worst came, seconds from the start. */
  readonly worstAtSeconds: number;
  /** Longest garbage collection pause meanwhile. */
  readonly worstCollectionMs: number;
}

const PERIOD_MS = 1;
/** Long enough for garbage collection entries to be delivered. */
const SETTLE_MS = 20;

/** Runs work and watches the timer meanwhile. */
export async function measureLag(work: () => Promise<unknown>): Promise<Lag> {
  const lags: number[] = [];
  let worstCollectionMs = 0;
  const collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) worstCollectionMs = Math.max(worstCollectionMs, duration);
  });
  collections.observe({ entryTypes: ['gc'] });
  const start = performance.now();
  let last = start;
  let worst = { lag: 0, at: start };
  const tick = (): void => {
    const now = performance.now();
    const lag = Math.max(0, now - last - PERIOD_MS);
    lags.push(lag);
    if (lag > worst.lag) worst = { lag, at: now };
    last = now;
  };
  const timer = setInterval(tick, PERIOD_MS);
  try {
    await work();
    // One more turn: a block at the very end counts too.
    await sleep(SETTLE_MS);
  } finally {
    clearInterval(timer);
    collections.disconnect();
  }
  return {
    ticks: lags.length,
    seconds: (performance.now() - start) / 1000,
    medianMs: quantile(lags, 0.5),
    p99Ms: quantile(lags, 0.99),
    worstMs: worst.lag,
    worstAtSeconds: (worst.at - start) / 1000,
    worstCollectionMs,
  };
}

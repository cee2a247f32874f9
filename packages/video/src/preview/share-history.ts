/** The share of each label over the last minute, so that a page opened now has a chart at once. */
import type { ShareSample } from './protocol.ts';

const SAMPLE_MS = 500;
const KEPT_MS = 60_000;

/** Collects the shares of one source. Times are milliseconds on any steady clock. */
export class ShareHistory {
  readonly #samples: { readonly at: number; readonly areas: Readonly<Record<string, number>> }[] = [];
  readonly #sums = new Map<string, { sum: number; count: number }>();
  #since = -Infinity;

  /** Adds the shares of a frame; returns the means when they make a sample. The first frame makes one at once. */
  add(areas: Readonly<Record<string, number>>, now: number): Readonly<Record<string, number>> | undefined {
    for (const [name, share] of Object.entries(areas)) {
      const entry = this.#sums.get(name) ?? { sum: 0, count: 0 };
      this.#sums.set(name, { sum: entry.sum + share, count: entry.count + 1 });
    }
    if (now - this.#since < SAMPLE_MS) return undefined;
    const sums = [...this.#sums];
    const means = Object.fromEntries(sums.map(([name, { sum, count }]) => [name, Number((sum / count).toFixed(4))]));
    this.#since = now;
    this.#sums.clear();
    this.#samples.push({ at: now, areas: means });
    while (this.#samples[0] !== undefined && now - this.#samples[0].at > KEPT_MS) this.#samples.shift();
    return means;
  }

  /** The samples of the last minute, oldest first. */
  recent(now: number): ShareSample[] {
    return this.#samples
      .filter(({ at }) => now - at <= KEPT_MS)
      .map(({ at, areas }) => ({ ageSeconds: Number(((now - at) / 1000).toFixed(2)), areas }));
  }
}

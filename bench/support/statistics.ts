/** What the benches report: medians, quantiles, slopes, and tables in the form `bench/RESULTS.md` keeps. */

/** The value below which a share of the samples lies; 0.5 is the median. */
export function quantile(samples: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(samples).sort();
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}

/** The middle sample. */
export function median(samples: Iterable<number>): number {
  return quantile(samples, 0.5);
}

/** The mean. */
export function mean(samples: readonly number[]): number {
  return samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
}

/** Sample standard deviation (divisor n − 1); NaN for fewer than two samples. */
export function deviation(samples: readonly number[]): number {
  const average = mean(samples);
  return samples.length < 2
    ? NaN
    : Math.sqrt(samples.reduce((sum, sample) => sum + (sample - average) ** 2, 0) / (samples.length - 1));
}

/** Least-squares slope of samples against their index, per sample. */
export function slope(samples: readonly number[]): number {
  const center = (samples.length - 1) / 2;
  const average = mean(samples);
  let products = 0;
  let squares = 0;
  samples.forEach((sample, index) => {
    products += (index - center) * (sample - average);
    squares += (index - center) ** 2;
  });
  return squares === 0 ? 0 : products / squares;
}

/** `median (lowest–highest)`. */
export function spread(samples: readonly number[], digits = 0): string {
  const [low, high] = [Math.min(...samples), Math.max(...samples)];
  return `${median(samples).toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

/** `mean ± standard deviation`; the mean alone of one sample, nothing of none. */
export function meanAndDeviation(samples: readonly number[], digits = 1): string {
  if (samples.length === 0) return '';
  return samples.length === 1
    ? mean(samples).toFixed(digits)
    : `${mean(samples).toFixed(digits)} ± ${deviation(samples).toFixed(digits)}`;
}

/** A share as a number of percent. */
export function percent(share: number, digits = 1): string {
  return (100 * share).toFixed(digits);
}

/** A Markdown table. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

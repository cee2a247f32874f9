/** Statistics that pixels are normalized with: those of the pictures that a trunk was trained on. */

/** Means and deviations of red, green and blue, of values from 0 to 1. */
export interface PixelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Statistics by the set that they are of. */
export const STATISTICS = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  clip: { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
} as const satisfies Record<string, PixelStatistics>;

/** Name of {@link STATISTICS}. */
export type StatisticsName = keyof typeof STATISTICS;

/**
 * The legend of an overlay, drawn once for the same labels and picture size and then only blended: drawing takes
 * milliseconds, blending a tenth of one. Each thread keeps its own few.
 */
import { blendBitmap, drawLegend, type Bitmap } from '@synseg/core/masks';

/** Names and colors shown, and whether the background has a row. */
export interface LegendLabels {
  readonly names: readonly string[];
  readonly colors: readonly (readonly [number, number, number])[];
  readonly background: boolean;
}

/** More than the sources and label sets that one thread sees in turn. */
const keptLegends = 8;

/** Legends drawn already. */
export class LegendCache {
  readonly #drawn = new Map<string, Promise<Bitmap | undefined>>();

  /**
   * Blends the legend into the upper left corner of a picture that has room for one: it takes an eighth at most.
   *
   * @param pixels `Uint8Array, [height, width, 3], row-major`: RGB; modified.
   */
  async blend(pixels: Uint8Array, width: number, height: number, labels: LegendLabels): Promise<void> {
    if (labels.names.length === 0) return;
    const margin = Math.round(height / 60);
    const bitmap = await this.#bitmap(labels, width, height);
    if (bitmap !== undefined) blendBitmap(pixels, width, height, bitmap, margin, margin);
  }

  #bitmap({ names, colors, background }: LegendLabels, width: number, height: number): Promise<Bitmap | undefined> {
    const key = JSON.stringify([names, colors, background, width, height]);
    let bitmap = this.#drawn.get(key);
    if (bitmap === undefined) {
      bitmap = drawLegend(names, colors, width, height, { background });
      const [oldest] = this.#drawn.keys();
      if (this.#drawn.size >= keptLegends && oldest !== undefined) this.#drawn.delete(oldest);
      this.#drawn.set(key, bitmap);
    }
    return bitmap;
  }
}

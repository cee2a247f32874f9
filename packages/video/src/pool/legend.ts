/**
 * The legend of an overlay, drawn once for the same labels and picture size and then only blended: drawing takes
 * milliseconds, blending a tenth of one. Each thread keeps its own few.
 */
import { blendBitmap, drawLegend, type Bitmap } from '@synseg/core';

/** Names and colors shown. */
export interface LegendLabels {
  readonly names: readonly string[];
  readonly colors: readonly (readonly [number, number, number])[];
}

/** More than the sources and label sets that one thread sees in turn. */
const keptLegends = 8;
const lettersPerHeight = 40;
const leastFontSize = 10;

/** Legends drawn already. */
export class LegendCache {
  readonly #drawn = new Map<string, Promise<Bitmap>>();

  /**
   * Blends the legend into the upper left corner.
   *
   * @param pixels `Uint8Array, [height, width, 3], row-major`: RGB; modified.
   */
  async blend(pixels: Uint8Array, width: number, height: number, labels: LegendLabels): Promise<void> {
    if (labels.names.length === 0) return;
    const margin = Math.round(height / 60);
    const bitmap = await this.#bitmap(labels, Math.max(1, width - 2 * margin), Math.max(1, height - 2 * margin), height);
    blendBitmap(pixels, width, height, bitmap, margin, margin);
  }

  #bitmap({ names, colors }: LegendLabels, maxWidth: number, maxHeight: number, height: number): Promise<Bitmap> {
    const key = JSON.stringify([names, colors, maxWidth, maxHeight]);
    let bitmap = this.#drawn.get(key);
    if (bitmap === undefined) {
      const fontSize = Math.max(leastFontSize, Math.round(height / lettersPerHeight));
      bitmap = drawLegend(names, colors, { fontSize, maxWidth, maxHeight });
      const [oldest] = this.#drawn.keys();
      if (this.#drawn.size >= keptLegends && oldest !== undefined) this.#drawn.delete(oldest);
      this.#drawn.set(key, bitmap);
    }
    return bitmap;
  }
}

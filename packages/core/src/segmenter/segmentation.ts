/** The result of segmenting one picture, and its conversion to common formats. */
import { describeValue, rangeError } from '../guard/arguments.ts';
import { choice, flag, readOptions, withDefault, type OptionsOf } from '../guard/options.ts';
import { showsItself } from '../guard/show.ts';
import { raceSignal } from '../guard/race-signal.ts';
import { encodePicture } from '../image/encode.ts';
import { openImage, type ImageInput } from '../image/image.ts';
import { IMAGE_OPTIONS } from '../image/picture-bytes.ts';
import type { LabelSet } from '../labels/label-set.ts';
import { blendBitmap, drawLegend, legendMargin } from '../image/legend-bitmap.ts';
import { BLEND_OPTIONS, blendOverlay } from '../mask/overlay.ts';
import type { LabelColor } from '../mask/palette.ts';
import { encodeIndexedPNG, type IndexedPNGOptions } from '../image/label-png.ts';
import { countLabels } from '../mask/measure.ts';
import { tracePolygons, type Polygon, type TracePolygonsOptions } from '../mask/polygons.ts';
import { encodeLabelMapRLE, encodeRLE, type CocoRle } from '../mask/rle.ts';
import { BACKGROUND } from '../model/background.ts';
import type { SegmentReply } from '../session/protocol.ts';

/** Options of {@link Segmentation.overlay}. */
export const OVERLAY_OPTIONS = {
  ...BLEND_OPTIONS,
  /** Draws the names and areas of the labels found. @default true */
  legend: withDefault(flag(), true),
  /** Format of the file that comes out. @default 'png' */
  format: withDefault(choice(['png', 'jpeg', 'webp']), 'png'),
  ...IMAGE_OPTIONS,
};
export type OverlayOptions = OptionsOf<typeof OVERLAY_OPTIONS>;

/** Forms of a label map that another thread has already computed. */
export interface MadeForms {
  readonly areas: Readonly<Record<string, number>>;
  readonly background: number;
  readonly rle?: Record<string, CocoRle>;
  readonly polygons?: Record<string, readonly Polygon[]>;
  readonly png?: Uint8Array;
}

/** Labels of every pixel of one picture. */
export class Segmentation {
  /** Width of all maps, pixels. */
  readonly width: number;
  /** Height of all maps, pixels. */
  readonly height: number;
  /** Names in label-map order. */
  readonly labels: readonly string[];
  /** A color per label. */
  readonly colors: readonly LabelColor[];
  readonly #results: SegmentReply;
  readonly #made: Partial<MadeForms>;
  #counted: Pick<MadeForms, 'areas' | 'background'> | undefined;

  /** @internal Use `Segmenter.segment()`. */
  constructor(
    size: readonly [height: number, width: number],
    labels: Pick<LabelSet, 'names' | 'colors'>,
    results: SegmentReply,
    made?: MadeForms,
  ) {
    [this.height, this.width] = size;
    this.#made = made ?? {};
    this.#counted = made && { areas: made.areas, background: made.background };
    this.labels = labels.names;
    this.colors = labels.colors;
    this.#results = results;
  }

  /**
   * Label index of every pixel: Uint8Array, [height, width], row-major, 255 = background.
   *
   * @throws RangeError unless `output` included `'labels'`
   */
  get labelMap(): Uint8Array {
    return this.#asked('labels', 'labelMap');
  }

  /**
   * Activation maps: Float32Array, [labels, height, width], row-major, [0, 1].
   *
   * @throws RangeError unless `output` included `'activations'`
   */
  get activations(): Float32Array {
    return this.#asked('activations', 'activations');
  }

  /** Share of the picture that each label won, 0 … 1; the rest is {@link Segmentation.background}. */
  get areas(): Readonly<Record<string, number>> {
    return this.#shares().areas;
  }

  /** Share of the picture that no label won, 0 … 1. */
  get background(): number {
    return this.#shares().background;
  }

  /** Activation map of one label: Float32Array, [height, width], row-major, [0, 1]; a view, not a copy. */
  activation(label: string): Float32Array {
    const index = this.#indexOf(label);
    const pixels = this.width * this.height;
    return this.activations.subarray(index * pixels, (index + 1) * pixels);
  }

  /**
   * Mask of one label: Uint8Array, [height, width], row-major, 0 or 1.
   *
   * With `output: ['masks']` it is the label's own thresholded map, and masks may overlap; otherwise the pixels the
   * label won in the label map.
   */
  mask(label: string): Uint8Array {
    const index = this.#indexOf(label);
    const pixels = this.width * this.height;
    const { masks } = this.#results;
    if (masks !== undefined) return masks.slice(index * pixels, (index + 1) * pixels);
    const { labelMap } = this;
    const mask = new Uint8Array(pixels);
    for (let pixel = 0; pixel < pixels; pixel++) if (labelMap[pixel] === index) mask[pixel] = 1;
    return mask;
  }

  /**
   * COCO run-length encoding of each label's {@link Segmentation.mask}; labels without a pixel are left out. Computed
   * in the calling thread: tens of milliseconds for a busy picture of 1920×1080.
   */
  toRLE(): Record<string, CocoRle> {
    if (this.#made.rle !== undefined) return this.#made.rle;
    if (this.#results.masks !== undefined) return this.#perMask((mask) => encodeRLE(mask, this.width, this.height));
    // Masks that do not overlap take one pass over the picture for all labels.
    const forms = encodeLabelMapRLE(this.labelMap, this.width, this.height, this.labels.length);
    const entries = this.labels.map((label, index) => [label, forms[index]] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, CocoRle] => entry[1] !== undefined));
  }

  /**
   * Outlines of each label's {@link Segmentation.mask}; labels without a pixel are left out. Computed in the calling
   * thread: a tenth of a second for a busy picture of 1920×1080.
   */
  toPolygons(options?: TracePolygonsOptions): Record<string, readonly Polygon[]> {
    if (options === undefined && this.#made.polygons !== undefined) return this.#made.polygons;
    return this.#perMask((mask) => tracePolygons(mask, this.width, this.height, options));
  }

  /** The label map as a palette PNG whose pixel values are label indices, 255 = background. */
  async toPNG(options?: IndexedPNGOptions): Promise<Uint8Array> {
    if (options === undefined && this.#made.png !== undefined) return this.#made.png;
    return encodeIndexedPNG(this.labelMap, this.width, this.height, this.colors, options);
  }

  /**
   * The picture with its labels drawn over it, at the picture's own size, as a PNG or another file. The legend takes an
   * eighth of it at most.
   */
  async overlay(image: ImageInput, options: OverlayOptions = {}): Promise<Uint8Array> {
    const read = readOptions('draw overlay', OVERLAY_OPTIONS, options);
    const { legend, format, alpha, contour, borders, ...opening } = read;
    const opened = await openImage(image, opening);
    const pixels = await opened.pixels();
    const { width, height } = opened;
    const look = { alpha, contour, borders };
    blendOverlay(pixels, width, height, this.labelMap, this.width, this.height, this.colors, look);
    const { areas, background } = this;
    const isFound = (label: string): boolean => (areas[label] ?? 0) > 0;
    const found = this.labels.filter(isFound);
    if (legend && found.length > 0) {
      const colors = this.colors.filter((_, index) => isFound(this.labels[index]!));
      const shares = { areas, background: background > 0 && background };
      const drawn = await drawLegend(found, colors, width, height, shares);
      const margin = legendMargin(height);
      if (drawn !== undefined) blendBitmap(pixels, width, height, drawn, margin, margin);
    }
    return raceSignal(encodePicture(pixels, width, height, { format }), opening.signal);
  }

  /** The form that `JSON.stringify()` and `console.log()` show: without pixels. */
  toJSON(): Pick<Segmentation, 'width' | 'height' | 'labels'> & Partial<Pick<MadeForms, 'areas' | 'background'>> {
    const { width, height, labels } = this;
    return { width, height, labels, ...(this.#results.labels === undefined ? {} : this.#shares()) };
  }

  #perMask<Form>(encode: (mask: Uint8Array) => Form): Record<string, Form> {
    const forms: [string, Form][] = [];
    for (const label of this.labels) {
      const mask = this.mask(label);
      if (mask.includes(1)) forms.push([label, encode(mask)]);
    }
    return Object.fromEntries(forms);
  }

  #shares(): Pick<MadeForms, 'areas' | 'background'> {
    if (this.#counted !== undefined) return this.#counted;
    const { labelMap } = this;
    const counts = countLabels(labelMap);
    const share = (label: number): number => counts[label]! / labelMap.length;
    const areas = Object.freeze(Object.fromEntries(this.labels.map((name, label) => [name, share(label)])));
    return (this.#counted = { areas, background: share(BACKGROUND) });
  }

  #indexOf(label: string): number {
    const index = this.labels.indexOf(label);
    if (index >= 0) return index;
    throw rangeError('read mask', 'label', `be one of ${this.labels.join(', ')}`, describeValue(label));
  }

  #asked<Name extends keyof SegmentReply>(name: Name, property: string): NonNullable<SegmentReply[Name]> {
    const result = this.#results[name];
    if (result !== undefined) return result;
    const got = `[${Object.keys(this.#results).join(', ')}]`;
    throw rangeError(`read ${property}`, 'output', `include "${name}"`, got);
  }
}

showsItself(Segmentation, 'Segmentation');

/**
 * Everything that costs CPU per frame once the labels are decided: upsampling, areas, masks, blending, compression. It
 * runs inside the pool's threads and keeps nothing but legends, so frames may come from any source in any order.
 *
 * A label map that grows to the picture's size gets smooth borders, in the delivered map and in the overlay alike.
 */
import { Segmentation } from '@synseg/core';
import { blendOverlay, encodeJPEG, resizeLabelMap, type MadeForms } from '@synseg/core/masks';
import { LegendCache } from './legend.ts';

/** The look of the overlay. */
interface OverlayLook {
  /** Weight of the label color against the picture, 0 to 1. */
  readonly alpha: number;
  /** Draw the border of each region in full color. */
  readonly contour: boolean;
  /** Draw the names of the labels beside their colors, in the upper left corner. */
  readonly legend: boolean;
}

/** The forms wanted of a frame; plain data that travels between threads. Absent forms are not wanted. */
export interface RenderRequest {
  /** Names of the labels, in label-map order. */
  readonly names: readonly string[];
  /** RGB, 0 to 255, one per label. */
  readonly colors: readonly (readonly [number, number, number])[];
  /** Pixels may be background, which then has a row in the legend. @default false */
  readonly mayBeBackground?: boolean;
  /** Size of the label map as delivered: the model's own, or the source's. @default 'model' */
  readonly mapSize?: 'model' | 'source';
  /** COCO compressed run lengths of each label's mask. */
  readonly rle?: boolean;
  /** Outlines of each label's regions, in pixels of the label map as delivered. */
  readonly polygons?: boolean;
  /** The label map as palette PNG, pixel value = label index, 255 = background. */
  readonly png?: boolean;
  /** The picture with the label colors blended in. */
  readonly overlay?: OverlayLook;
  /** The overlay, or the plain picture where none is wanted, as JPEG. */
  readonly jpeg?: { readonly quality: number; /** Wider pictures are shrunk, pixels. */ readonly maxWidth: number };
}

/** The same, before it is known with which labels. */
export type FrameRequest = Omit<RenderRequest, 'names' | 'colors' | 'mayBeBackground'>;

/** A frame to render. */
export interface RenderInput {
  /** `Uint8Array, [height, width], row-major`: label index, 255 = background. */
  readonly labelMap: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  /** `Uint8Array, [sourceHeight, sourceWidth, 3], row-major`: RGB; modified. Needed for an overlay and a JPEG. */
  readonly picture?: Uint8Array<ArrayBuffer>;
}

/** A rendered frame, as it comes out of the pool. */
export interface Rendered extends MadeForms {
  /**
   * `Uint8Array, [height, width], row-major`: label index, 255 = background; the input's own where the size is the
   * same.
   */
  readonly labelMap: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** The input's picture, `[sourceHeight, sourceWidth, 3]`. */
  readonly overlay?: Uint8Array<ArrayBuffer>;
  readonly jpeg?: Uint8Array;
}

const legends = new LegendCache();

/**
 * Renders one frame.
 *
 * @throws {RangeError} when the label map holds an index without a name or a size does not fit its data.
 */
export async function render(input: RenderInput, request: RenderRequest): Promise<Rendered> {
  const { sourceWidth, sourceHeight, picture } = input;
  const { names, colors, overlay, jpeg } = request;
  const { labelMap, width, height } = request.mapSize === 'source' ? upsample(input) : input;
  const segmentation = new Segmentation([height, width], { names, colors }, { labels: labelMap });
  const png = request.png === true ? segmentation.toPNG() : undefined;
  const { areas, background } = segmentation;
  const rendered = {
    ...{ labelMap, width, height, areas, background },
    ...(request.rle === true ? { rle: segmentation.toRLE() } : {}),
    ...(request.polygons === true ? { polygons: segmentation.toPolygons() } : {}),
  };
  if (picture === undefined) {
    if (overlay !== undefined || jpeg !== undefined)
      throw new Error('internal: a frame to be drawn came without its picture');
    return { ...rendered, ...(png === undefined ? {} : { png: await png }) };
  }
  if (overlay !== undefined) {
    const { legend, ...look } = overlay;
    const { labelMap: map, width: across, height: down } = input;
    blendOverlay(picture, sourceWidth, sourceHeight, map, across, down, colors, { ...look, borders: 'smooth' });
    const shown = { names, colors, background: request.mayBeBackground === true };
    if (legend) await legends.blend(picture, sourceWidth, sourceHeight, shown);
  }
  const made = jpeg === undefined ? undefined : encodeJPEG(picture, sourceWidth, sourceHeight, jpeg);
  const [pngBytes, jpegBytes] = await Promise.all([png, made]);
  return {
    ...rendered,
    ...(pngBytes === undefined ? {} : { png: pngBytes }),
    ...(overlay === undefined ? {} : { overlay: picture }),
    ...(jpegBytes === undefined ? {} : { jpeg: jpegBytes }),
  };
}

function upsample(input: RenderInput): Pick<Rendered, 'labelMap' | 'width' | 'height'> {
  const { labelMap, width, height, sourceWidth, sourceHeight } = input;
  if (width === sourceWidth && height === sourceHeight) return { labelMap, width, height };
  const options = { borders: 'smooth', maxPixels: sourceWidth * sourceHeight } as const;
  const resized = resizeLabelMap(labelMap, width, height, sourceWidth, sourceHeight, options);
  return { labelMap: resized, width: sourceWidth, height: sourceHeight };
}

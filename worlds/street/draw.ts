/** Scenes → pixels and masks. The only file that imports sharp. */
import sharp from 'sharp';
import { applyLens, lensOf } from './lens.ts';
import { labelsOf, visibleOf, type Visible } from './masks.ts';
import { sceneOf, type Scene, type SceneOptions } from './scene.ts';
import { documentOf } from './svg.ts';
import { isDark } from './weather.ts';
import { WHOLE, type Window } from './window.ts';

/** A scene as drawn. */
export interface Drawing {
  readonly scene: Scene;
  readonly width: number;
  readonly height: number;
  /** `Uint8Array, [height, width, 3]`, RGB. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** `Uint16Array, [height, width]`: id of the item seen at each pixel, from 1. */
  readonly instances: Uint16Array<ArrayBuffer>;
  /** `Uint8Array, [height, width]`: index in CLASSES, or 255 for clutter. */
  readonly labels: Uint8Array<ArrayBuffer>;
  /** What is seen of each item, the largest first. */
  readonly visible: readonly Visible[];
  /** What part of the scene is shown. */
  readonly window: Window;
}

/** How a scene is drawn. */
export interface DrawOptions {
  /** Height of the picture in pixels. @default 128 */
  readonly size?: number;
  /** `none` leaves blur, vignette and noise out. @default camera */
  readonly lens?: 'camera' | 'none';
  /** Number of the frame in a video: changes the noise and nothing else. @default 0 */
  readonly frame?: number;
  /** A part of the scene instead of all of it: a close-up. @default all */
  readonly window?: Window;
}

/** Width in pixels of a picture of this height; even, as video wants it. */
export function widthOf(scene: Scene, size: number): number {
  return Math.max(2, Math.round((size * scene.camera.aspect) / 2) * 2);
}

/**
 * Draws a scene and its masks: the same bytes for the same scene, in any order and any thread.
 *
 * @throws RangeError when the size is no integer within 16 … 4,096
 * @example
 * ```ts
 * import { drawScene } from './draw.ts';
 * import { sceneOf } from './scene.ts';
 * const { pixels, labels } = await drawScene(sceneOf(7), { size: 64 });
 * console.assert(pixels.length === 64 * 64 * 3 && labels.length === 64 * 64);
 * ```
 */
export async function drawScene(
  scene: Scene,
  { size = 128, lens = 'camera', frame = 0, window = WHOLE }: DrawOptions = {},
): Promise<Drawing> {
  if (!Number.isInteger(size) || size < 16 || size > 4096)
    throw new RangeError(`Cannot draw scene: size must be an integer within 16 … 4096, got ${size}`);
  const width = widthOf(scene, size);
  const both = await rasterise(documentOf(scene, width, size, window));
  const half = width * size * 3;
  const pixels = new Uint8Array(both.subarray(0, half));
  const ids = both.subarray(half);
  const instances = new Uint16Array(width * size);
  for (let pixel = 0; pixel < instances.length; pixel++) instances[pixel] = ids[pixel * 3]! + 256 * ids[pixel * 3 + 1]!;
  if (lens === 'camera') applyLens(pixels, width, size, lensOf(scene.seed, isDark(scene.weather)), scene.seed, frame);
  return {
    scene,
    width,
    height: size,
    pixels,
    instances,
    labels: labelsOf(scene, instances),
    visible: visibleOf(scene, instances, width, size),
    window,
  };
}

/** Draws the scenes of `count` seeds from `firstSeed`, in order: what training takes its batches from. */
export async function drawBatch(
  firstSeed: number,
  count: number,
  options: SceneOptions & DrawOptions = {},
): Promise<Drawing[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => drawScene(sceneOf(firstSeed + index, options), options)),
  );
}

/** A picture as JPEG, without thinning out its colors. */
export async function encodeJpeg({ pixels, width, height }: Drawing): Promise<Buffer> {
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

/** RGB pixels as PNG, with an SVG of at most that size drawn over its upper left corner if one is given. */
export async function encodePng(pixels: Uint8Array, width: number, height: number, svg?: string): Promise<Buffer> {
  const picture = sharp(pixels, { raw: { width, height, channels: 3 } });
  return (svg === undefined ? picture : picture.composite([{ input: Buffer.from(svg), left: 0, top: 0 }]).removeAlpha())
    .png()
    .toBuffer();
}

/** A label map as PNG of 8 bit gray: the value is the class. */
export async function encodeMask(labels: Uint8Array, width: number, height: number): Promise<Buffer> {
  return sharp(labels, { raw: { width, height, channels: 1 } })
    .toColorspace('b-w')
    .png({ compressionLevel: 9 })
    .toBuffer();
}

/** The label map in a file that {@link encodeMask} made: `Uint8Array, [height, width]`. */
export async function decodeMask(path: string): Promise<Uint8Array> {
  return sharp(path).toColorspace('b-w').raw().toBuffer();
}

async function rasterise(svg: string): Promise<Buffer> {
  return sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
}

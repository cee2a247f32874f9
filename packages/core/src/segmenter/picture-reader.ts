/** Pictures as the trunk takes them: opened within a segmenter's bounds, and cut into tiles of its input's size. */
import type { ModelConfig } from '../checkpoint/model-config.ts';
import { openImage, type ImageInput, type OpenedImage } from '../image/image.ts';
import { tilePicture, tilePixels } from '../image/tiling.ts';
import { placeWindows, windowPixels, type WindowRule } from '../image/windows.ts';
import { pictureSize, type ViewCount } from '../model/views.ts';
import type { TiledPixels } from '../session/protocol.ts';
import type { SharedBounds } from './shared-segmenter.ts';

const GRAY = [128, 128, 128];

/** A picture that is opened. */
export interface TiledPicture {
  /** Upright width, pixels. */
  readonly width: number;
  /** Upright height, pixels. */
  readonly height: number;
  /** Height and width of the network's own results. */
  readonly modelSize: readonly [height: number, width: number];
  /** Decodes it; `transfer` takes memory that fits already instead of copying it. */
  readonly tiled: (transfer?: boolean) => Promise<TiledPixels>;
}

/** Opens pictures for one segmenter. */
export class PictureReader {
  readonly bounds: SharedBounds;
  readonly #inputSize: readonly [height: number, width: number];
  readonly #margin: readonly number[];

  constructor(bounds: SharedBounds, { inputSize, trunk }: Pick<ModelConfig, 'inputSize' | 'trunk'>) {
    [this.bounds, this.#inputSize] = [bounds, inputSize];
    // Zero after normalization, as nearly as a byte can be; of a ready-made trunk, gray.
    this.#margin = trunk.kind === 'onnx' ? GRAY : trunk.imageMean.map((mean) => Math.round(255 * mean));
  }

  async open(
    image: ImageInput,
    views: ViewCount,
    signal: AbortSignal | undefined,
    rule?: WindowRule,
  ): Promise<TiledPicture> {
    const { maxQueue: _, maxLabelPixels: __, ...bounds } = this.bounds;
    const open = (input: ImageInput): Promise<OpenedImage> => openImage(input, { ...bounds, signal });
    const opened = await open(image);
    const { width, height } = opened;
    const size = pictureSize(this.#inputSize, views);
    if (rule !== undefined) {
      const windows = placeWindows(width, height, rule, this.bounds.maxPixels);
      const tiled = async (): Promise<TiledPixels> => ({
        pixels: await windowPixels(opened, windows, size, this.#margin, open),
        tiles: [1, windows.corners.length],
        windows,
      });
      return { width, height, modelSize: windows.picture, tiled };
    }
    const tiling = tilePicture(width, height);
    const tiled = async (transfer = false): Promise<TiledPixels> => ({
      pixels: await tilePixels(opened, tiling, size, transfer, open),
      tiles: tiling.tiles,
    });
    return { width, height, modelSize: this.modelSize({ width, height }, views), tiled };
  }

  /** Height and width of the network's own results for a whole picture. */
  modelSize({ width, height }: Pick<TiledPicture, 'width' | 'height'>, views: ViewCount): readonly [number, number] {
    const [rows, columns] = tilePicture(width, height).tiles;
    const [tileHeight, tileWidth] = pictureSize(this.#inputSize, views);
    return [rows * tileHeight, columns * tileWidth];
  }
}

/** Pictures as the trunk takes them: opened within a segmenter's bounds, and cut into tiles of its input's size. */
import { openImage, type ImageInput, type OpenedImage } from '../image/image.ts';
import { tilePicture, tilePixels } from '../image/tiling.ts';
import { pictureSize, type ViewCount } from '../model/views.ts';
import type { TiledPixels } from '../session/protocol.ts';
import type { SharedBounds } from './shared-segmenter.ts';

/** A picture that is opened. */
export interface TiledPicture {
  /** Upright width, pixels. */
  readonly width: number;
  /** Upright height, pixels. */
  readonly height: number;
  /** Decodes it; `transfer` takes memory that fits already instead of copying it. */
  readonly tiled: (transfer?: boolean) => Promise<TiledPixels>;
}

/** Opens pictures for one segmenter. */
export class PictureReader {
  readonly bounds: SharedBounds;
  readonly #inputSize: readonly [height: number, width: number];

  constructor(bounds: SharedBounds, inputSize: readonly [height: number, width: number]) {
    [this.bounds, this.#inputSize] = [bounds, inputSize];
  }

  async open(image: ImageInput, views: ViewCount, signal: AbortSignal | undefined): Promise<TiledPicture> {
    const { maxQueue: _, maxLabelPixels: __, ...bounds } = this.bounds;
    const open = (input: ImageInput): Promise<OpenedImage> => openImage(input, { ...bounds, signal });
    const opened = await open(image);
    const { width, height } = opened;
    const tiling = tilePicture(width, height);
    const tiled = async (transfer = false): Promise<TiledPixels> => ({
      pixels: await tilePixels(opened, tiling, pictureSize(this.#inputSize, views), transfer, open),
      tiles: tiling.tiles,
    });
    return { width, height, tiled };
  }

  /** Height and width of the network's own results for a picture. */
  modelSize({ width, height }: Pick<TiledPicture, 'width' | 'height'>, views: ViewCount): readonly [number, number] {
    const [rows, columns] = tilePicture(width, height).tiles;
    const [tileHeight, tileWidth] = pictureSize(this.#inputSize, views);
    return [rows * tileHeight, columns * tileWidth];
  }
}

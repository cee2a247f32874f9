/** A picture encoded by the trunk and kept in the inference thread, to be prompted any number of times. */
import { showsItself } from '../guard/show.ts';
import type { ViewCount } from '../model/views.ts';

/** Frees pictures whose handles were dropped without disposal. */
const forgotten = new FinalizationRegistry<() => void>((release) => release());

/**
 * Handle of an encoded picture. Dispose it when done; a forgotten one is freed when it is collected.
 *
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint
 * import { Segmenter } from '@synseg/core';
 * const segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
 * const encoded = await segmenter.encode('street.jpg');
 * for (const name of ['road', 'car']) await segmenter.segment(encoded, await segmenter.labels([name]));
 * encoded.dispose();
 * await segmenter.dispose();
 * ```
 */
export class EncodedImage {
  /** Width of the picture, pixels. */
  readonly width: number;
  /** Height of the picture, pixels. */
  readonly height: number;
  /** Views it was encoded in. */
  readonly views: ViewCount;
  /** @internal The inference thread's number for it. */
  readonly id: number;
  /** @internal The inference thread that keeps it. */
  readonly owner: object;
  readonly #release: () => void;
  #disposed = false;

  /** @internal Use `Segmenter.encode()`. */
  constructor(parts: Pick<EncodedImage, 'width' | 'height' | 'views' | 'id' | 'owner'>, release: () => void) {
    ({ width: this.width, height: this.height, views: this.views, id: this.id, owner: this.owner } = parts);
    this.#release = release;
    forgotten.register(this, release, this);
  }

  /** True once freed. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** The form that `JSON.stringify()` and `console.log()` show. */
  toJSON(): Pick<EncodedImage, 'width' | 'height' | 'views' | 'disposed'> {
    const { width, height, views, disposed } = this;
    return { width, height, views, disposed };
  }

  /** Frees the picture's taps. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    forgotten.unregister(this);
    this.#release();
  }

  /** {@link EncodedImage.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

showsItself(EncodedImage, 'EncodedImage');

/** Blends label colors into frames on worker threads, so that the thread that moves the frames stays free. */
import { WorkerPool } from './pool.ts';
import type { RenderTask } from './render-worker.ts';

/** How the overlay looks. */
export interface OverlayLook {
  /** RGB, 0 to 255, one per label. */
  readonly colors: readonly (readonly [number, number, number])[];
  /** Weight of the color against the picture, 0 to 1. */
  readonly alpha: number;
  /** Draw the border of each region in full color. */
  readonly contour: boolean;
}

/** A label map with its size. */
export interface SizedLabelMap {
  /** `Uint8Array, [height, width], row-major`: label index, 255 = background. */
  readonly labelMap: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Renders overlay pictures. Call {@link OverlayRenderer.render} from a bounded pipeline: it does not wait by itself. */
export class OverlayRenderer {
  readonly #look: OverlayLook;
  readonly #pool: WorkerPool<RenderTask, ArrayBuffer>;

  constructor(look: OverlayLook) {
    this.#look = look;
    this.#pool = new WorkerPool(workerEntry());
  }

  /** Frames worth having under way at a time: one per thread and one that waits. */
  get inFlight(): number {
    return this.#pool.threads + 1;
  }

  /**
   * Blends the colors of `map`, scaled to the picture, into `pixels`.
   *
   * @param pixels `Uint8Array, [height, width, 3], row-major`: RGB; its buffer is taken away from the caller.
   * @returns The blended picture, same layout.
   */
  async render(
    pixels: Uint8Array<ArrayBuffer>,
    width: number,
    height: number,
    map: SizedLabelMap,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const task: RenderTask = {
      ...{ pixels: pixels.buffer, width, height, ...this.#look },
      ...{ labelMap: map.labelMap, mapWidth: map.width, mapHeight: map.height },
    };
    return new Uint8Array(await this.#pool.run(task, [pixels.buffer]));
  }

  /** Ends the threads after the running tasks. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}

function workerEntry(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './render-worker.ts' : './render-worker.js', import.meta.url);
}

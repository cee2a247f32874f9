/**
 * Generated graphs on disk, keyed by everything their content depends on: the code that builds them, the model's
 * configuration, the layout of the weight files, and the request. A key is never written twice with different bytes, so
 * processes that build at once only waste one of the builds.
 */
import { basename, dirname, join } from 'node:path';
import { sha256 } from '../checkpoint/fingerprint.ts';
import type { ModelConfig } from '../checkpoint/model-config.ts';
import type { Weights } from '../checkpoint/weights.ts';
import { BUILD_ID } from '../cache/build-id.ts';
import { readSealed, writeSealed } from '../cache/sealed-file.ts';
import type { OnnxModel } from '../graph/onnx-writer.ts';

/** Everything a graph's bytes depend on, besides the code. */
export interface GraphKey {
  readonly kind: string;
  readonly precision: string;
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Identifies weight bytes that the graph carries itself (int8). */
  readonly fingerprint?: string;
}

/** Graphs by content key. */
export class GraphCache {
  readonly #folder: string;
  readonly #buildId: string | undefined;

  constructor(cacheFolder: string, buildId = BUILD_ID) {
    this.#folder = join(cacheFolder, 'graphs');
    this.#buildId = buildId;
  }

  /** The graph of this key, read from disk or built. A cache that cannot be written or read never stops the work. */
  async get(key: GraphKey, build: () => Promise<OnnxModel>): Promise<OnnxModel> {
    if (this.#buildId === undefined) return build();
    const path = join(this.#folder, `${this.#hash(key)}.graph`);
    const cached = await readSealed(path);
    if (cached !== undefined) return { bytes: cached, externalFolder: dirname(key.weights.files[0] as string) };
    const model = await build();
    await writeSealed(path, model.bytes);
    return model;
  }

  #hash({ kind, precision, config, weights, fingerprint }: GraphKey): string {
    const tensors = weights.entries();
    const layout = tensors.map(({ name, dtype, shape, path, offset }) => [name, dtype, shape, basename(path), offset]);
    return sha256(JSON.stringify([this.#buildId, kind, precision, config, layout, fingerprint]));
  }
}

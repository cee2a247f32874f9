/**
 * Generated graphs on disk, keyed by everything their content depends on: the code that builds them, the model's
 * configuration, the layout of the weight files, and the request. A key is never written twice with different bytes,
 * so processes that build at once only waste one of the builds.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ModelConfig } from '../checkpoint/model-config.ts';
import type { Weights } from '../checkpoint/weights.ts';
import { writeFileAtomic } from '../cache/atomic-file.ts';
import type { OnnxModel } from '../graph/onnx-writer.ts';

/** Hash of the sources that build graphs, set by the bundler; absent when running from sources, and nothing is cached. */
declare const __GRAPH_BUILD_ID__: string | undefined;

const DIGEST_BYTES = 32;

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

  constructor(cacheFolder: string, buildId = typeof __GRAPH_BUILD_ID__ === 'undefined' ? undefined : __GRAPH_BUILD_ID__) {
    this.#folder = join(cacheFolder, 'graphs');
    this.#buildId = buildId;
  }

  /** The graph of this key, read from disk or built. A cache that cannot be written or read never stops the work. */
  async get(key: GraphKey, build: () => Promise<OnnxModel>): Promise<OnnxModel> {
    if (this.#buildId === undefined) return build();
    const path = join(this.#folder, `${this.#hash(key)}.graph`);
    const cached = unseal(await readFile(path).catch(() => Buffer.alloc(0)));
    if (cached !== undefined) return { bytes: cached, externalFolder: dirname(key.weights.files[0] as string) };
    const model = await build();
    await writeFileAtomic(path, seal(model.bytes)).catch(() => undefined);
    return model;
  }

  #hash({ kind, precision, config, weights, fingerprint }: GraphKey): string {
    const layout = weights.entries().map(({ name, dtype, shape, path, offset }) => [name, dtype, shape, basename(path), offset]);
    return createHash('sha256').update(JSON.stringify([this.#buildId, kind, precision, config, layout, fingerprint])).digest('hex');
  }
}

/** Bytes followed by their SHA-256: a file damaged on disk is built again, not handed to the runtime. */
function seal(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, digest(bytes)]);
}

function unseal(sealed: Buffer): Uint8Array | undefined {
  const bytes = sealed.subarray(0, -DIGEST_BYTES);
  return sealed.length > DIGEST_BYTES && digest(bytes).equals(sealed.subarray(-DIGEST_BYTES)) ? bytes : undefined;
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

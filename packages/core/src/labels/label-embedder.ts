/**
 * Embeds prompts through two caches: in memory, and on disk under a key of everything an embedding depends on. Misses
 * are computed in a separate text thread, which starts when first needed and ends when idle, so that new labels and
 * running frames never wait for each other.
 */
import { basename, join } from 'node:path';
import { setTimeout, clearTimeout } from 'node:timers';
import { LRUCache } from 'lru-cache';
import { BUILD_ID } from '../cache/build-id.ts';
import { readSealed, writeSealed } from '../cache/sealed-file.ts';
import { fingerprintFiles, sha256 } from '../checkpoint/fingerprint.ts';
import { SynsegError, disposedError, isSynsegError } from '../errors.ts';
import type { EngineInfo, EngineSettings } from '../session/protocol.ts';
import { startInference, type InferenceLink } from '../session/inference-link.ts';
import type { Pooling } from '../text/pooling.ts';
import { tokenizerFiles } from '../text/tokenizer.ts';

/** Labels kept in memory: 2 KB each at 512 dimensions. */
const MEMORY_LABELS = 4096;

/** Time that the text thread outlives its last request, ms. */
const IDLE_MS = 30_000;

/** Embeds labels with a checkpoint's text encoder. */
export class LabelEmbedder {
  readonly #settings: EngineSettings;
  readonly #info: Pick<EngineInfo, 'config' | 'weightFiles'>;
  readonly #memory = new LRUCache<string, Float32Array>({ max: MEMORY_LABELS });
  #key: Promise<string> | undefined;
  #thread: Promise<InferenceLink> | undefined;
  #waiting = 0;
  #disposed = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(settings: EngineSettings, info: Pick<EngineInfo, 'config' | 'weightFiles'>) {
    // Half the processor, so that frames in progress keep the other half.
    this.#settings = { ...settings, threads: Math.max(1, Math.floor(settings.threads / 2)) };
    this.#info = info;
  }

  /**
   * The pooled embedding of each label's prompts, not normalized.
   *
   * @param prompts - sentences per label
   * @returns float32 `[labels, embeddingDim]`, flat
   * @throws SynsegError `INFERENCE` when the text encoder gives numbers that are not finite
   */
  async embed(prompts: readonly (readonly string[])[], pooling: Pooling, signal?: AbortSignal): Promise<Float32Array> {
    const dim = this.#info.config.embeddingDim;
    const keys = prompts.map((sentences) => JSON.stringify(pooling === 'mean' ? sentences : [pooling, sentences]));
    const rows = keys.map((key) => this.#memory.get(key));
    if (rows.includes(undefined)) {
      const folder = await this.#diskFolder();
      const path = (index: number): string => join(folder ?? '', sha256(keys[index] as string));
      const read = async (index: number): Promise<unknown> => (rows[index] ??= await readEmbedding(path(index), dim));
      if (folder !== undefined) await Promise.all(rows.map((_, index) => read(index)));
      const missing = rows.flatMap((row, index) => (row === undefined ? [index] : []));
      if (missing.length > 0) {
        const asked = missing.map((index) => prompts[index] as readonly string[]);
        const fresh = await this.#compute(asked, pooling, signal);
        if (!fresh.every(Number.isFinite)) {
          const got = 'others (the weights of the text encoder may be damaged)';
          throw new SynsegError('INFERENCE', `Cannot embed labels: embeddings must be finite numbers, got ${got}`);
        }
        missing.forEach((index, row) => (rows[index] = fresh.slice(row * dim, (row + 1) * dim)));
        const bytes = (index: number): Uint8Array =>
          new Uint8Array((rows[index] as Float32Array).buffer as ArrayBuffer);
        if (folder !== undefined) await Promise.all(missing.map((index) => writeSealed(path(index), bytes(index))));
      }
      rows.forEach((row, index) => this.#memory.set(keys[index] as string, row));
    }
    const all = new Float32Array(rows.length * dim);
    (rows as Float32Array[]).forEach((row, index) => all.set(row, index * dim));
    return all;
  }

  /** Ends the text thread, if it runs, and starts no other. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#endThread();
  }

  async #endThread(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await (await thread?.catch(() => undefined))?.dispose();
  }

  async #compute(
    prompts: readonly (readonly string[])[],
    pooling: Pooling,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    if (this.#disposed) throw disposedError('segmenter', 'disposal while a call was waiting');
    clearTimeout(this.#idle);
    this.#waiting++;
    try {
      const started = (this.#thread ??= startInference('text', this.#settings));
      started.catch(() => (this.#thread = undefined));
      const thread = await started;
      return await thread.channel.request<Float32Array>({ type: 'embed', prompts, pooling }, [], signal);
    } catch (error) {
      // A dead thread cannot be used again: the next call starts another.
      if (isSynsegError(error) && error.code === 'INFERENCE') await this.#endThread();
      throw error;
    } finally {
      this.#waiting--;
      if (this.#waiting === 0) {
        this.#idle = setTimeout(() => void this.#endThread(), IDLE_MS);
        this.#idle.unref();
      }
    }
  }

  /**
   * Folder of this checkpoint's cached embeddings, named by everything they depend on besides the prompts; undefined
   * when nothing is cached.
   */
  async #diskFolder(): Promise<string | undefined> {
    if (BUILD_ID === undefined) return undefined;
    const key = (this.#key ??= this.#diskKey());
    key.catch(() => (this.#key = undefined));
    return join(this.#settings.cacheFolder, 'embeddings', await key);
  }

  async #diskKey(): Promise<string> {
    const { folder, cacheFolder, device } = this.#settings;
    const { config, weightFiles } = this.#info;
    const tokenizer = await tokenizerFiles(folder);
    const contents = await fingerprintFiles([...weightFiles, ...tokenizer], cacheFolder);
    const names = tokenizer.map((path) => basename(path));
    const { text, embeddingDim } = config;
    return sha256(JSON.stringify([BUILD_ID, device, text, embeddingDim, weightFiles.length, names, contents]));
  }
}

/** A cached embedding; undefined when there is none, or the file is damaged and must be made again. */
async function readEmbedding(path: string, dim: number): Promise<Float32Array | undefined> {
  const bytes = await readSealed(path);
  if (bytes?.length !== dim * 4) return undefined;
  const embedding = new Float32Array(Uint8Array.from(bytes).buffer);
  return embedding.every(Number.isFinite) ? embedding : undefined;
}

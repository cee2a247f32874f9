/**
 * Prompts to embeddings, through two caches: in memory, and on disk under the weights' fingerprint. What is in neither
 * is computed by a text thread of its own, which starts when first needed and ends when idle, so that new labels never
 * wait in the queue of running frames, nor frames in theirs.
 */
import { join } from 'node:path';
import { setTimeout, clearTimeout } from 'node:timers';
import { LRUCache } from 'lru-cache';
import { fingerprintFiles, sha256 } from '../checkpoint/fingerprint.ts';
import { readFloats, readSafetensors, writeSafetensors } from '../checkpoint/safetensors.ts';
import { disposedError, isSynsegError } from '../errors.ts';
import type { EngineSettings } from '../session/protocol.ts';
import { ThreadClient } from '../session/thread-client.ts';

/** Labels kept in memory: 2 KB each at 512 dimensions. */
const MEMORY_LABELS = 4096;

/** How long the text thread outlives its last request, ms. */
const IDLE_MS = 30_000;

/** Embeds labels with a checkpoint's text encoder. */
export class LabelEmbedder {
  readonly #settings: EngineSettings;
  readonly #weightFiles: readonly string[];
  readonly #memory = new LRUCache<string, Float32Array>({ max: MEMORY_LABELS });
  #fingerprint: Promise<string> | undefined;
  #thread: Promise<ThreadClient> | undefined;
  #waiting = 0;
  #disposed = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(settings: EngineSettings, weightFiles: readonly string[]) {
    // Half the processor, so that frames in progress keep the other half.
    this.#settings = { ...settings, threads: Math.max(1, Math.floor(settings.threads / 2)) };
    this.#weightFiles = weightFiles;
  }

  /**
   * The mean embedding of each label's prompts, not normalised.
   *
   * @param prompts - sentences per label
   * @returns float32 `[labels, embeddingDim]`, flat
   */
  async embed(prompts: readonly (readonly string[])[], signal?: AbortSignal): Promise<Float32Array> {
    const keys = prompts.map((sentences) => JSON.stringify(sentences));
    const rows = keys.map((key) => this.#memory.get(key));
    if (rows.includes(undefined)) {
      const folder = await this.#diskFolder();
      const path = (index: number): string => join(folder, `${sha256(keys[index] as string)}.safetensors`);
      await Promise.all(rows.map(async (row, index) => (rows[index] = row ?? (await readEmbedding(path(index))))));
      const missing = rows.flatMap((row, index) => (row === undefined ? [index] : []));
      if (missing.length > 0) {
        const fresh = await this.#compute(missing.map((index) => prompts[index] as readonly string[]), signal);
        const dim = fresh.length / missing.length;
        missing.forEach((index, row) => (rows[index] = fresh.slice(row * dim, (row + 1) * dim)));
        await Promise.all(missing.map((index) => writeEmbedding(path(index), rows[index] as Float32Array, keys[index] as string)));
      }
      rows.forEach((row, index) => this.#memory.set(keys[index] as string, row));
    }
    const found = rows as Float32Array[];
    const dim = found[0]?.length ?? 0;
    const all = new Float32Array(found.length * dim);
    found.forEach((row, index) => all.set(row, index * dim));
    return all;
  }

  /** Ends the text thread, if it runs; none starts any more. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#endThread();
  }

  async #endThread(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.then((client) => client.dispose(), () => undefined);
  }

  async #compute(prompts: readonly (readonly string[])[], signal: AbortSignal | undefined): Promise<Float32Array> {
    if (this.#disposed) throw disposedError('segmenter', 'disposal while a call was waiting');
    clearTimeout(this.#idle);
    this.#waiting++;
    try {
      const started = (this.#thread ??= ThreadClient.start('text', this.#settings));
      started.catch(() => (this.#thread = undefined));
      const thread = await started;
      return await thread.request<Float32Array>({ type: 'embed', prompts }, [], signal);
    } catch (error) {
      // A thread that died is of no more use: the next call starts another.
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

  async #diskFolder(): Promise<string> {
    const { cacheFolder } = this.#settings;
    const fingerprint = (this.#fingerprint ??= fingerprintFiles(this.#weightFiles, cacheFolder));
    fingerprint.catch(() => (this.#fingerprint = undefined));
    return join(cacheFolder, 'embeddings', await fingerprint);
  }
}

/** A cached embedding; undefined when there is none, or the file is damaged and must be made again. */
async function readEmbedding(path: string): Promise<Float32Array | undefined> {
  try {
    const entry = (await readSafetensors(path)).tensors.get('embedding');
    return entry === undefined ? undefined : await readFloats(entry);
  } catch {
    return undefined;
  }
}

/** A cache that cannot be written (full disk, read-only folder) costs time later, not the result now. */
async function writeEmbedding(path: string, embedding: Float32Array, prompts: string): Promise<void> {
  await writeSafetensors(path, new Map([['embedding', { shape: [embedding.length], data: embedding }]]), { prompts }).catch(() => undefined);
}

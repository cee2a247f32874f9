/** The weights of a checkpoint folder: one safetensors file, or shards with an index, seen as one set of names. */
import { checkpointError } from './checkpoint-error.ts';
import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf } from '../errors.ts';
import { sizeOf } from '../guard/input-file.ts';
import { readTextFile } from '../guard/text-file.ts';
import { fileInside } from './file-inside.ts';
import { readSafetensors, type TensorEntry } from './safetensors.ts';

const loadError = (rest: string, cause?: unknown): Error => checkpointError('load checkpoint', rest, cause);

/** Named tensors of one or several safetensors files. */
export class Weights {
  /** Real paths of the files, in name order. */
  readonly files: readonly string[];
  readonly #tensors: ReadonlyMap<string, TensorEntry>;

  private constructor(files: readonly string[], tensors: ReadonlyMap<string, TensorEntry>) {
    this.files = files;
    this.#tensors = tensors;
  }

  /**
   * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
   *
   * @throws SynsegError `CHECKPOINT_FORMAT` when neither is there, a shard is missing, or a file is broken.
   */
  static async open(folder: string): Promise<Weights> {
    const single = join(folder, 'model.safetensors');
    if ((await sizeOf(single)) !== undefined) return Weights.openFiles([single]);
    const index = join(folder, 'model.safetensors.index.json');
    if ((await sizeOf(index)) === undefined)
      throw loadError(`folder must hold model.safetensors or model.safetensors.index.json, got ${folder}`);
    let map: Readonly<Record<string, unknown>>;
    try {
      map = (JSON.parse(await readTextFile(index)) as { readonly weight_map?: typeof map } | null)?.weight_map ?? {};
      if (typeof map !== 'object' || Object.keys(map).length === 0) throw new Error('no weight_map');
    } catch (cause) {
      throw loadError(`${index} must be a safetensors index, got ${messageOf(cause)}`, cause);
    }
    const shards = await Promise.all([...new Set(Object.values(map))].map((shard) => fileInside(folder, shard)));
    const weights = await Weights.openFiles(shards.sort());
    for (const [name, shard] of Object.entries(map))
      if (!weights.has(name))
        throw loadError(`tensor "${name}" must be in ${String(shard)} as the index says, got none`);
    return weights;
  }

  /** Opens the given files as one set. */
  static async openFiles(paths: readonly string[]): Promise<Weights> {
    const files = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
    const tensors = new Map<string, TensorEntry>();
    for (const file of await Promise.all(files.map((path) => readSafetensors(path)))) {
      for (const [name, entry] of file.tensors) tensors.set(name, entry);
    }
    return new Weights(files, tensors);
  }

  /** Every tensor, in file order. */
  entries(): TensorEntry[] {
    return [...this.#tensors.values()];
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /**
   * A tensor by name, checked against the shape the model needs.
   *
   * @throws SynsegError `CHECKPOINT_FORMAT` naming tensor and file when it is missing or has another shape.
   */
  get(name: string, shape: readonly number[]): TensorEntry {
    const entry = this.#tensors.get(name);
    const wanted = `[${shape.join(', ')}]`;
    if (entry === undefined) {
      const where = this.files.map((path) => basename(path)).join(', ');
      throw loadError(`tensor "${name}" ${wanted} must be in ${where}, got none (${this.files.join(', ')})`);
    }
    const found = `[${entry.shape.join(', ')}]`;
    if (found === wanted) return entry;
    throw loadError(`tensor "${name}" must be ${wanted}, got ${found} in ${basename(entry.path)} (${entry.path})`);
  }
}

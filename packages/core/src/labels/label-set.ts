/**
 * The classes to look for: names, their text embeddings, and how a pixel is decided between them. Immutable; made by
 * `Segmenter.labels()` or read from a file, so that a fixed set deploys without the text encoder.
 */
import { createHash } from 'node:crypto';
import { SynsegError } from '../errors.ts';
import { readFloats, readSafetensors, writeSafetensors } from '../checkpoint/safetensors.ts';
import { BACKGROUND } from '../mask/background.ts';
import { labelColors, type LabelColor } from '../mask/palette.ts';
import { isActivation, type Background } from '../model/postprocess.ts';

/** Most labels a set can have: a label map is uint8, and its largest value is background. */
export const MAX_LABELS = BACKGROUND;

const FORMAT = 'synseg-labels';
const VERSION = '1';

/** What a {@link LabelSet} is made of. */
export interface LabelSetParts {
  readonly names: readonly string[];
  /** float32 `[labels, embeddingDim]` */
  readonly embeddings: Float32Array;
  /** Activation in [0, 1] per label, undefined where none was given. */
  readonly thresholds: readonly (number | undefined)[];
  readonly background: Background;
}

/**
 * Labels with their embeddings.
 *
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint
 * import { LabelSet, Segmenter } from '@synseg/core';
 * await using segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
 * const street = await segmenter.labels(['road', 'car'], { background: 0.4 });
 * await street.save('street.safetensors');
 * const same = await LabelSet.load('street.safetensors');
 * console.assert(same.names.join() === 'road,car');
 * ```
 */
export class LabelSet {
  /** Names in label-map order. */
  readonly names: readonly string[];
  /** Activation in [0, 1] a pixel must reach, per label; undefined where none was given. */
  readonly thresholds: readonly (number | undefined)[];
  /** How a pixel becomes background: constant plane of that activation, thresholds, or never. */
  readonly background: Background;
  /** A colour per label, the same for the same number of labels on every machine. */
  readonly colors: readonly LabelColor[];
  /** Length of one embedding. */
  readonly embeddingDim: number;
  /** float32 `[labels, embeddingDim]`, row-major, not normalised. Not to be modified. */
  readonly embeddings: Float32Array;
  /** Hash of the embeddings: sets with the same key are served by the same run. */
  readonly key: string;

  /** From {@link LabelSet.parts}, as in another thread; else use `Segmenter.labels()` or {@link LabelSet.load}. */
  constructor({ names, embeddings, thresholds, background }: LabelSetParts) {
    this.names = Object.freeze([...names]);
    this.thresholds = Object.freeze([...thresholds]);
    this.background = background;
    this.embeddings = embeddings;
    this.embeddingDim = embeddings.length / names.length;
    this.colors = labelColors(names.length);
    this.key = createHash('sha256').update(new Uint8Array(embeddings.buffer, embeddings.byteOffset, embeddings.byteLength)).digest('hex');
  }

  /** Plain data that makes an equal set: what a message to another thread can carry. */
  get parts(): LabelSetParts {
    return { names: this.names, embeddings: this.embeddings, thresholds: this.thresholds, background: this.background };
  }

  /** Writes names, embeddings, thresholds and background to a safetensors file, atomically. */
  async save(path: string): Promise<void> {
    const tensors = new Map([['embeddings', { shape: [this.names.length, this.embeddingDim], data: this.embeddings }]]);
    await writeSafetensors(path, tensors, {
      format: FORMAT,
      version: VERSION,
      names: JSON.stringify(this.names),
      thresholds: JSON.stringify(this.thresholds.map((threshold) => threshold ?? null)),
      background: JSON.stringify(this.background),
    });
  }

  /**
   * Reads what {@link LabelSet.save} wrote.
   *
   * @throws SynsegError `CHECKPOINT_FORMAT` when the file is not a label set, or is damaged
   */
  static async load(path: string): Promise<LabelSet> {
    const { tensors, metadata } = await readSafetensors(path);
    const entry = tensors.get('embeddings');
    const fail = (rule: string, got: string): SynsegError => new SynsegError('CHECKPOINT_FORMAT', `Cannot load label set: ${path} must ${rule}, got ${got}`);
    if (metadata['format'] !== FORMAT || entry === undefined) throw fail(`be a file written by LabelSet.save`, `format ${metadata['format'] ?? 'unknown'}`);
    if (metadata['version'] !== VERSION) throw fail(`have version ${VERSION}`, String(metadata['version']));
    let names: unknown;
    let thresholds: unknown;
    let background: unknown;
    try {
      [names, thresholds, background] = ['names', 'thresholds', 'background'].map((key) => JSON.parse(metadata[key] ?? '') as unknown);
    } catch {
      throw fail('have JSON metadata', JSON.stringify(metadata));
    }
    if (!Array.isArray(names) || names.some((name) => typeof name !== 'string') || names.length === 0 || entry.shape.length !== 2 || names.length !== entry.shape[0]) {
      throw fail('name each of its embeddings', `${JSON.stringify(names)} for embeddings [${entry.shape.join(', ')}]`);
    }
    if (!Array.isArray(thresholds) || thresholds.length !== names.length || thresholds.some((value) => value !== null && !isActivation(value))) {
      throw fail('have a threshold in [0, 1] or null for each label', JSON.stringify(thresholds));
    }
    if (background !== 'threshold' && background !== 'none' && !isActivation(background)) {
      throw fail('have a background in [0, 1], "threshold" or "none"', JSON.stringify(background));
    }
    return new LabelSet({
      names: names as string[],
      thresholds: (thresholds as (number | null)[]).map((threshold) => threshold ?? undefined),
      background: background,
      embeddings: await readFloats(entry),
    });
  }
}

/** A model without a network, and small data sets for it: what it finds is what the test says. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LabelSet, SynsegError, type LabelInput, type SegmentOptions } from '@synseg/core';
import sharp, { type Sharp } from 'sharp';
import type { EvaluatedModel, LabelMap } from '../../../packages/train/src/evaluate/contest.ts';

/** What a fake model finds in a picture, as an index into the names, 255 = background. */
export type Find = (image: string, names: readonly string[], options: SegmentOptions) => LabelMap | Promise<LabelMap>;

/** A model that knows some names (all, when undefined) and finds what it is told to. */
export class FakeModel implements EvaluatedModel {
  readonly device = 'cpu';
  readonly precision = 'fp32';
  readonly inputSize = [32, 48] as const;
  readonly vocabulary: readonly string[] | undefined;
  /** Names of every label set that was used. */
  readonly asked: (readonly string[])[] = [];
  inProgress = 0;
  mostInProgress = 0;
  readonly #find: Find;
  readonly #answers: Readonly<Record<string, string>>;

  /** @param answers - words that other names answer as */
  constructor(find: Find, vocabulary?: readonly string[], answers: Readonly<Record<string, string>> = {}) {
    this.#find = find;
    this.vocabulary = vocabulary;
    this.#answers = answers;
  }

  async labels(labels: readonly LabelInput[]): Promise<LabelSet> {
    const names = labels.map((label) => (typeof label === 'string' ? label : label.name));
    const words = labels.flatMap((label) => (typeof label === 'string' ? [label] : (label.prompts ?? [label.name])));
    const unknown = words.find((word) => this.vocabulary?.includes(word) === false);
    if (unknown !== undefined) throw new SynsegError('LABEL_UNKNOWN', `Cannot embed label: got "${unknown}"`);
    return Promise.resolve(
      new LabelSet({
        names,
        embeddings: new Float32Array(names.length * 2),
        thresholds: names.map(() => undefined),
        background: 'none',
        words: names.map((asked) => ({ asked, answered: this.#answers[asked] ?? asked, why: 'text' })),
      }),
    );
  }

  async segment(image: string, { names }: LabelSet, options: SegmentOptions = {}): Promise<LabelMap> {
    this.asked.push(names);
    this.mostInProgress = Math.max(this.mostInProgress, ++this.inProgress);
    try {
      return await this.#find(image, names, options);
    } finally {
      this.inProgress--;
    }
  }
}

/** A picture of a data set: its mask's rows of class indices. */
export type Rows = readonly (readonly number[])[];

/** Writes `images/KEY.jpg` (grey, unless left out) and `masks/KEY.png` below a folder. */
export async function writePicture(
  folder: string,
  key: string,
  rows: Rows,
  { image = true, masks = 'masks' } = {},
): Promise<void> {
  const [height, width] = [rows.length, rows[0]!.length];
  const write = async (path: string, picture: Sharp): Promise<void> => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await picture.toBuffer());
  };
  if (image)
    await write(
      join(folder, 'images', `${key}.jpg`),
      sharp({ create: { width, height, channels: 3, background: '#777' } }).jpeg(),
    );
  await write(
    join(folder, masks, `${key}.png`),
    sharp(Uint8Array.from(rows.flat()), { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png(),
  );
}

/** Writes `classes.json`. */
export function writeClasses(folder: string, names: readonly string[], more: object = {}): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'classes.json');
  writeFileSync(path, JSON.stringify({ classes: names.map((name, index) => ({ index, name })), ...more }));
  return path;
}

/** A label map of these rows. */
export function labelMap(rows: Rows): LabelMap {
  return { width: rows[0]!.length, height: rows.length, labelMap: Uint8Array.from(rows.flat()) };
}

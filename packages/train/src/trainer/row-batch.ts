/** A batch as the step graph takes it: rows of (image, label), cut into micro-batches, filled up to a bucket. */
import type { Batch } from '../data/batch-loader.ts';
import { drawNumbers, type MaskClass } from '../data/dataset.ts';
import { Random, permutation } from '../data/random.ts';
import { IGNORED } from '../objective/masks.ts';
import type { LabelBankData, MicroBatch } from './protocol.ts';

/** Rows are a multiple of this: few shapes for a device to prepare, little filling. */
export const ROW_BUCKET = 16;

/** Labels of a batch are a multiple of this. */
const LABEL_BUCKET = 8;

/** Stated labels of a picture per unstated one. */
const STATED_PER_UNSTATED = 2;

/** Settings of {@link microBatches}. */
export interface RowSettings {
  readonly microBatchSize: number;
  readonly inputSize: readonly [height: number, width: number];
  readonly embeddingDim: number;
  readonly maxCategories: number;
  readonly seed: number;
  /** Center of the embeddings, float32 `[embeddingDim]`; undefined when no label bank is needed. */
  readonly textCentre: Float32Array | undefined;
  /** True when a loss learns from labels that other pictures' captions state. */
  readonly unstated: boolean;
  /** True when a loss learns from captions and tags; else they have no rows. */
  readonly captions: boolean;
  /** Classes of the masks whose names have an embedding; undefined when masks do not count. */
  readonly classes: readonly MaskClass[] | undefined;
}

/** Names of a class. */
export function wordsOf({ name, prompts = [name] }: MaskClass): readonly string[] {
  return prompts;
}

/** A label of a picture. */
interface Row {
  readonly label: string;
  /** Said of the picture, by its caption or tags, or there in its mask. */
  readonly stated: boolean;
  /** Its class in the masks, −1 for none. */
  readonly maskClass: number;
}

/** Names that rows of this batch may need an embedding for. */
export function labelsOf(batch: Batch, { captions, classes = [] }: RowSettings): string[] {
  const own = batch.sets === undefined ? classes : classes.filter(({ set = 0 }) => batch.sets?.includes(set) === true);
  return [...new Set([...(captions ? batch.said.flat() : []), ...own.flatMap(wordsOf)])];
}

/**
 * Cuts a batch into micro-batches.
 *
 * @param embeddings - of every name of {@link labelsOf}
 * @param pictures - pixels or taps of pictures `[start, end)`, in buffers of their own
 */
export function microBatches(
  batch: Batch,
  settings: RowSettings,
  embeddings: ReadonlyMap<string, Float32Array>,
  pictures: (start: number, end: number) => MicroBatch['pictures'],
): MicroBatch[] {
  const { microBatchSize, embeddingDim, inputSize, classes } = settings;
  const all = batch.categories.map((_, image) => rowsOf(batch, image, settings));
  // The bank is the whole batch's, so that micro-batches have the same negatives.
  const said = new Set(settings.captions ? batch.said.flat() : []);
  const labels = [...new Set([...said, ...all.flatMap(({ rows }) => rows.map(({ label }) => label))])];
  const parts: MicroBatch[] = [];
  for (let start = 0; start < batch.images; start += microBatchSize) {
    const end = start + microBatchSize;
    const some = all.slice(start, end);
    const rows = some.flatMap((one, image) => one.rows.map((row) => ({ ...row, image })));
    const count = Math.max(ROW_BUCKET, Math.ceil(rows.length / ROW_BUCKET) * ROW_BUCKET);
    const text = new Float32Array(count * embeddingDim);
    rows.forEach(({ label }, row) => text.set(embeddings.get(label) as Float32Array, row * embeddingDim));
    const column = (value: (row: Row) => number, filling: number): Float32Array =>
      Float32Array.from({ length: count }, (_, row) => (row < rows.length ? value(rows[row] as Row) : filling));
    const bankParts = { rows, count, said, labels, pictures: some };
    const { textCentre } = settings;
    parts.push({
      pictures: pictures(start, end),
      rows: count,
      text,
      imageOfRow: Int32Array.from({ length: count }, (_, row) => rows[row]?.image ?? -1),
      stated: column(({ stated }) => Number(stated), 0),
      ...(textCentre === undefined ? {} : { bank: bankOf(bankParts, embeddings, textCentre) }),
      ...(classes === undefined
        ? {}
        : { classOfRow: column(({ maskClass }) => maskClass, -1), masks: masksOf(batch, start, end, inputSize) }),
    });
  }
  return parts;
}

/** Contents of a bank. */
interface BankParts {
  readonly rows: readonly (Row & { readonly image: number })[];
  /** Rows, those that fill the bucket included. */
  readonly count: number;
  /** All that the batch's captions and tags say. */
  readonly said: ReadonlySet<string>;
  /** Of the whole batch. */
  readonly labels: readonly string[];
  readonly pictures: readonly PictureRows[];
}

/** The batch's labels, which of them are stated for each picture, and the place of each row's label. */
function bankOf(
  { rows, count, said, labels, pictures }: BankParts,
  embeddings: ReadonlyMap<string, Float32Array>,
  center: Float32Array,
): LabelBankData {
  const size = Math.ceil(labels.length / LABEL_BUCKET) * LABEL_BUCKET;
  const places = new Map(labels.map((label, place) => [label, place]));
  const text = new Float32Array(size * center.length);
  labels.forEach((label, place) => {
    const centered = (embeddings.get(label) as Float32Array).map((value, index) => value - center[index]!);
    text.set(centered, place * center.length);
  });
  const [stated, valid] = [0, 0].map(() => new Float32Array(pictures.length * size)) as [Float32Array, Float32Array];
  pictures.forEach(({ isCaptioned, there, own }, image) => {
    if (!isCaptioned) return;
    labels.forEach((label, place) => {
      stated[image * size + place] = Number(there.has(label));
      // What another set's masks hold may be in this picture too, and nobody said so.
      valid[image * size + place] = Number(said.has(label) || own.has(label));
    });
  });
  const labelOfRow = new Int32Array(count);
  rows.forEach(({ label }, row) => (labelOfRow[row] = places.get(label) as number));
  return { labels: size, text, stated, valid, labelOfRow };
}

function masksOf({ masks }: Batch, start: number, end: number, [height, width]: readonly [number, number]): Uint8Array {
  const own = masks?.slice(start * height * width, end * height * width);
  return own ?? new Uint8Array((end - start) * height * width).fill(IGNORED);
}

/** A picture's rows, and what is known of its labels. */
interface PictureRows {
  readonly rows: readonly Row[];
  /** False for a picture that masks alone teach. */
  readonly isCaptioned: boolean;
  /** Labels that are in the picture, with a row or without. */
  readonly there: ReadonlySet<string>;
  /** Words of its set's classes. */
  readonly own: ReadonlySet<string>;
}

/**
 * The rows of one picture: its categories, and labels of other pictures; with masks also the classes there, then a
 * random choice of the others, which teach where a label is not. Where captions count, a picture without any states
 * nothing: its mask teaches what it shows.
 */
function rowsOf(batch: Batch, image: number, settings: RowSettings): PictureRows {
  const { captions, maxCategories, inputSize, seed } = settings;
  // A set says nothing of other sets' classes, which have no row here.
  const classes = settings.classes?.filter(({ set }) => set === batch.sets?.[image]);
  // Without a loss of theirs, phrases would only take the places of classes.
  const chosen = captions ? (batch.categories[image] ?? []) : [];
  const said = captions ? (batch.said[image] ?? []) : [];
  const isCaptioned = said.length > 0;
  if (classes === undefined || batch.masks === undefined) {
    const rows = chosen.map((label) => ({ label, stated: true, maskClass: -1 }));
    const all = [...rows, ...unstatedOf(batch, image, settings, [])];
    return { rows: all, isCaptioned, there: new Set(said), own: new Set() };
  }
  const [height, width] = inputSize;
  const mask = batch.masks.subarray(image * height * width, (image + 1) * height * width);
  const present = new Set(mask);
  // A picture without a mask is all unlabeled: its classes would teach nothing.
  const labeled = present.size > (present.has(IGNORED) ? 1 : 0);
  const classOf = new Map((labeled ? classes : []).flatMap((one) => wordsOf(one).map((word) => [word, one.index])));
  // Phrases get the places that classes leave, and at least half of them.
  const places = Math.max(Math.ceil(maxCategories / 2), maxCategories - (labeled ? classes.length : 0));
  const some = permutation(chosen.length, new Random(seed, 'phrases', ...numbersOf(batch, image))).subarray(0, places);
  const categories = chosen.length > places ? Array.from(some.sort(), (at) => chosen[at] as string) : chosen;
  const rows: Row[] = categories.map((label) => ({ label, stated: true, maskClass: classOf.get(label) ?? -1 }));
  const named = new Set(rows.map(({ maskClass }) => maskClass));
  const others = (labeled ? classes : []).filter(({ index }) => !named.has(index));
  const random = new Random(seed, 'classes', ...numbersOf(batch, image));
  const order = [...permutation(others.length, random)].map((at) => others[at] as MaskClass);
  // Classes in the mask come first: they are the ones that must not be left out.
  for (const one of [
    ...order.filter(({ index }) => present.has(index)),
    ...order.filter(({ index }) => !present.has(index)),
  ]) {
    if (rows.length >= maxCategories) break;
    const words = wordsOf(one);
    rows.push({
      label: words[random.integer(words.length)] as string,
      stated: present.has(one.index) && (isCaptioned || !captions),
      maskClass: one.index,
    });
  }
  const shown = classes.filter(({ index }) => present.has(index)).flatMap(wordsOf);
  // Labels in the mask, or with a row under another name, must not become unstated rows.
  const withRow = classes.filter(({ index }) => rows.some(({ maskClass }) => maskClass === index)).flatMap(wordsOf);
  const known = [...rows.map(({ label }) => label), ...shown, ...withRow];
  return {
    rows: [...rows, ...unstatedOf(batch, image, settings, known)],
    isCaptioned,
    there: new Set([...said, ...shown]),
    own: new Set(classes.flatMap(wordsOf)),
  };
}

/** A random choice of labels stated for other pictures of the batch and not for this one, half as many as it has. */
function unstatedOf(batch: Batch, image: number, { unstated, seed }: RowSettings, known: readonly string[]): Row[] {
  const { said, categories } = batch;
  const count = unstated ? Math.ceil((categories[image] as readonly string[]).length / STATED_PER_UNSTATED) : 0;
  const own = new Set([...(said[image] as readonly string[]), ...known]);
  const others = count === 0 ? [] : [...new Set(said.flat())].filter((label) => !own.has(label));
  const order = permutation(others.length, new Random(seed, 'unstated', ...numbersOf(batch, image)));
  return Array.from(order.subarray(0, count), (at) => ({ label: others[at] as string, stated: false, maskClass: -1 }));
}

/** Numbers of a picture's draw. */
function numbersOf({ after, indices, turns }: Batch, image: number): readonly number[] {
  return drawNumbers({ after, index: indices[image] as number, ...(turns && { turn: turns[image] as number }) });
}

/** Text of the command line → values. What cannot be is a RangeError that says what it must be. */
import type { Augmentation } from '../data/data-options.ts';
import { DATASETS, type DatasetName } from '../evaluate/datasets.ts';
import { LOSSES as LOSS_NAMES, PAPER_LOSSES, type LossWeights } from '../objective/losses.ts';
import type { DecoderShape, PeriodicEvaluation } from '../trainer/train-options.ts';

/** Any number; what range it must lie in is said by those who use it. */
export function number(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new RangeError('It must be a number.');
  return value;
}

/** `a,b,c` */
export function list(text: string): readonly string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new RangeError('It must name at least one.');
  return items;
}

/** `1` or `5`. */
export function views(text: string): 1 | 5 {
  if (text !== '1' && text !== '5') throw new RangeError('It must be 1 or 5.');
  return text === '1' ? 1 : 5;
}

/** `0.1,0.001,0.01,1` or `align=0.1,masks=0`. */
export function lossWeights(text: string): Partial<LossWeights> {
  const items = list(text);
  if (items.some((item) => item.includes('='))) {
    return Object.fromEntries(pairs(items, LOSS_NAMES).map(([name, value]) => [name, number(value)]));
  }
  if (items.length !== PAPER_LOSSES.length)
    throw new RangeError(
      `It must be ${PAPER_LOSSES.length} numbers (${PAPER_LOSSES.join(', ')}) or name=value, got ${items.length}.`,
    );
  return Object.fromEntries(items.map((item, index) => [PAPER_LOSSES[index], number(item)])) as Partial<LossWeights>;
}

/** `flip,crop=0.5:1`, or `none`. */
export function augmentation(text: string): Augmentation {
  if (text === 'none') return {};
  const parts = list(text).map((item): Augmentation => {
    if (item === 'flip') return { flip: true };
    const [, least = '', most = ''] = /^crop=([^:]+):([^:]+)$/.exec(item) ?? [];
    if (least === '') throw new RangeError('It must be made of flip and crop=LEAST:MOST, or be none.');
    const crop = [number(least), number(most)] as const;
    if (!(crop[0] > 0 && crop[0] <= crop[1] && crop[1] <= 1))
      throw new RangeError('The shares of crop must rise, above 0 and to 1 at most.');
    return { crop };
  });
  return Object.assign({}, ...parts) as Augmentation;
}

/** `reduce=64,heads=4,intermediate=256,head=simple` */
export function decoderShape(text: string): DecoderShape {
  const shape: { -readonly [Name in keyof DecoderShape]: DecoderShape[Name] } = {};
  for (const [name, value] of pairs(list(text), ['reduce', 'heads', 'intermediate', 'head'])) {
    if (name === 'head') {
      if (value !== 'simple' && value !== 'refined') throw new RangeError('Its head must be simple or refined.');
      shape.head = value;
      continue;
    }
    const size = number(value);
    if (!Number.isInteger(size) || size < 1) throw new RangeError(`Its ${name} must be a whole number of at least 1.`);
    shape[name === 'reduce' ? 'reduceDim' : name === 'heads' ? 'heads' : 'intermediateSize'] = size;
  }
  return shape;
}

/** `width=192,layers=6`: whole numbers by name. */
export function sizes<Name extends string>(...names: readonly Name[]): (text: string) => Partial<Record<Name, number>> {
  return (text) =>
    Object.fromEntries(pairs(list(text), names).map(([name, value]) => [name, number(value)])) as Partial<
      Record<Name, number>
    >;
}

/** `1,3,5` */
export function numbers(text: string): readonly number[] {
  return list(text).map((item) => number(item));
}

/** `camvid:data/camvid:val`; the path of the folder may hold a drive letter. */
export function evaluationSet(text: string): Pick<PeriodicEvaluation, 'dataset' | 'root' | 'split'> {
  const [, dataset = '', root = '', split] = /^([^:]+):(.+?)(?::([^:\\/]+))?$/.exec(text) ?? [];
  if (!DATASETS.includes(dataset as DatasetName))
    throw new RangeError(`It must be DATASET:FOLDER or DATASET:FOLDER:SPLIT with one of ${DATASETS.join(', ')}.`);
  return { dataset: dataset as DatasetName, root, ...(split === undefined ? {} : { split }) };
}

/** `image=url,caption=1`: names of fields, or columns from 0. */
export function fields<Name extends string>(
  ...names: readonly Name[]
): (text: string) => Partial<Record<Name, string | number>> {
  return (text) =>
    Object.fromEntries(
      pairs(list(text), names).map(([name, value]) => [name, /^\d+$/.test(value) ? Number(value) : value]),
    ) as Partial<Record<Name, string | number>>;
}

function pairs<Name extends string>(items: readonly string[], names: readonly Name[]): [Name, string][] {
  const found = items.map((item): [Name, string] => {
    const [, name = '', value = ''] = /^([^=]+)=(.+)$/.exec(item) ?? [];
    if (!names.includes(name as Name))
      throw new RangeError(`It must be made of name=value, with ${names.join(', ')} as names, got "${item}".`);
    return [name as Name, value];
  });
  const twice = found.find(([name], index) => found.findIndex(([other]) => other === name) !== index);
  if (twice !== undefined) throw new RangeError(`It must name each once, got "${twice[0]}" twice.`);
  return found;
}

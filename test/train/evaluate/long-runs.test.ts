import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../../packages/train/src/evaluate/evaluate.ts';
import type { EvaluateOptions, EvaluationProgress } from '../../../packages/train/src/evaluate/evaluate-options.ts';
import type { LabelMap } from '../../../packages/train/src/evaluate/contest.ts';
import type { Score } from '../../../packages/train/src/evaluate/score.ts';
import { uniform } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { FakeModel, writeClasses, writePicture } from './fake-model.ts';

const root = join(temporaryFolder(), 'set');
const folder = temporaryFolder();
const options: EvaluateOptions = { dataset: 'index-png', root };
const [WIDTH, HEIGHT, PICTURES, CLASSES] = [24, 16, 11, 4];

/** Finds the same in a picture every time, with activations whose highest is the label. */
function find(image: string): LabelMap & { readonly activations: Float32Array } {
  const next = uniform(Number(basename(image, '.jpg').slice(1)));
  const activations = Float32Array.from({ length: CLASSES * WIDTH * HEIGHT }, next);
  const labelMap = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, pixel) => {
    const values = Array.from({ length: CLASSES }, (_none, row) => activations[row * WIDTH * HEIGHT + pixel]!);
    return values.indexOf(Math.max(...values));
  });
  return { width: WIDTH, height: HEIGHT, labelMap, activations };
}

const timeless = (score: Score): Score => ({ ...score, timeSeconds: 0 });
const file = (name: string): string => join(folder, name);
const model = (): FakeModel => new FakeModel(find);

beforeAll(async () => {
  const next = uniform(99);
  for (let picture = 0; picture < PICTURES; picture++) {
    const rows = Array.from({ length: HEIGHT }, () =>
      Array.from({ length: WIDTH }, () => (next() < 0.1 ? 255 : Math.floor(next() * CLASSES))),
    );
    await writePicture(root, `p${String(picture).padStart(2, '0')}`, rows, { image: picture !== 4 });
  }
  writeClasses(root, ['sky', 'road', 'car', 'tree'], { ignore_index: 255 });
});

describe('results in a file', () => {
  const thresholds = [0.2, 0.9];

  it('go on where a run was ended, to the score of one that was not', async () => {
    const whole = await evaluate(model(), { ...options, thresholds });
    const results = file('ended.json');
    const ended = new AbortController();
    const onProgress = ({ done }: EvaluationProgress): void =>
      done === 5 ? ended.abort(new Error('killed')) : undefined;
    const first = evaluate(model(), { ...options, thresholds, results, onProgress, signal: ended.signal });
    await expect(first).rejects.toThrow('killed');
    const { sets } = JSON.parse(readFileSync(results, 'utf8')) as { sets: { records: unknown[] }[] };
    const before = sets[0]!.records.length;
    expect(before).toBeGreaterThanOrEqual(5);
    const second = model();
    const seen: number[] = [];
    const rest = await evaluate(second, { ...options, thresholds, results, onProgress: ({ done }) => seen.push(done) });
    expect(timeless(rest)).toEqual(timeless(whole));
    expect([seen[0], seen.at(-1), second.asked.length]).toEqual([before, PICTURES, PICTURES - before]);
    await evaluate(model(), { ...options, thresholds, results, limit: 2 });
    const third = model();
    expect(timeless(await evaluate(third, { ...options, thresholds, results }))).toEqual(timeless(whole));
    expect(third.asked).toEqual([]);
  });

  it('of parts of the list add up to exactly the score of one run', async () => {
    const whole = await evaluate(model(), options);
    const parts = [
      { offset: 6, limit: 9, results: file('c.json') },
      { offset: 0, limit: 2, results: file('a.json') },
      { offset: 2, limit: 4, results: file('b.json') },
    ];
    for (const part of parts) await evaluate(model(), { ...options, ...part });
    const join = parts.map(({ results }) => results);
    const reader = model();
    expect(timeless(await evaluate(reader, { ...options, join }))).toEqual(timeless(whole));
    expect(reader.asked).toEqual([]);
    // What no part has is evaluated.
    const lacking = model();
    expect(
      timeless(await evaluate(lacking, { ...options, join: join.slice(0, 2), results: file('all.json') })),
    ).toEqual(timeless(whole));
    expect(lacking.asked).toHaveLength(4);
    expect(existsSync(file('all.json'))).toBe(true);
    await expect(evaluate(model(), { ...options, join: [...join, file('all.json')] })).rejects.toThrow(
      `Cannot evaluate: results must have each picture once, got p06 in ${file('c.json')} and ${file('all.json')}`,
    );
  });

  it('are refused when they are of another evaluation, or no results', async () => {
    const results = file('one.json');
    await evaluate(model(), { ...options, limit: 2, results });
    await expect(evaluate(model(), { ...options, results, views: 5 })).rejects.toThrow(
      `Cannot evaluate: results must be of the same evaluation, got ${results} with another views`,
    );
    const classes = writeClasses(file('lists'), ['sky', 'road', 'car', 'bush'], { ignore_index: 255 });
    await expect(evaluate(model(), { ...options, join: [results], classes })).rejects.toThrow(
      `Cannot evaluate: results must be of the same evaluation, got ${results} with another classList`,
    );
    writeFileSync(file('list.json'), '{"classes":[]}');
    await expect(evaluate(model(), { ...options, join: [file('list.json')] })).rejects.toThrow(
      `Cannot evaluate: ${file('list.json')} must be a file of results of evaluate(), got another file`,
    );
    await expect(evaluate(model(), { ...options, join: [file('none.json')] })).rejects.toThrow(
      `Cannot evaluate: ${file('none.json')} must be a file of results of evaluate(), got ENOENT`,
    );
    await expect(evaluate(model(), { ...options, results: join(root, 'masks/p00.png') })).rejects.toThrow(
      'Cannot evaluate: results must',
    );
  });
});

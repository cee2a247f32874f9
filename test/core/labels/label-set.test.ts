import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { LabelSet, type LabelSetParts } from '../../../packages/core/src/labels/label-set.ts';
import { labelColors } from '../../../packages/core/src/mask/palette.ts';
import type { Background } from '../../../packages/core/src/model/postprocess.ts';
import { gaussians } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, `${name}.safetensors`);

function make(
  background: Background = 'none',
  thresholds: readonly (number | undefined)[] = [undefined, 0.25, 0],
): LabelSet {
  return new LabelSet({
    names: ['road', 'Auto "quoted"', '日本'],
    embeddings: gaussians(12, 1),
    thresholds,
    background,
  });
}

describe('LabelSet', () => {
  it.each(['none', 'threshold', 0, 0.4] as const)(
    'with background %j comes back from a file as it was',
    async (background) => {
      const [set, path] = [make(background), at(`round-${String(background)}`)];
      await set.save(path);
      const loaded = await LabelSet.load(path);
      expect(loaded).toEqual(set);
      expect(Buffer.compare(Buffer.from(loaded.embeddings.buffer), Buffer.from(set.embeddings.buffer))).toBe(0);
      expect([loaded.thresholds, loaded.background, loaded.embeddingDim, loaded.key]).toEqual([
        [undefined, 0.25, 0],
        background,
        4,
        set.key,
      ]);
    },
  );

  it('saved twice is the same file', async () => {
    await make().save(at('one'));
    await (await LabelSet.load(at('one'))).save(at('two'));
    expect(Buffer.compare(readFileSync(at('one')), readFileSync(at('two')))).toBe(0);
  });

  it('has a key that stands for the embeddings alone', () => {
    expect(make('none').key).toBe(make(0.4, [0.1, 0.2, 0.3]).key);
    expect(
      new LabelSet({ names: ['a'], embeddings: gaussians(12, 2), thresholds: [undefined], background: 'none' }).key,
    ).not.toBe(make().key);
  });

  it('gives each label a color of its own, which the name decides, or the caller', async () => {
    expect(new Set(make().colors.map(String)).size).toBe(3);
    const reversed = new LabelSet({
      names: make().names.toReversed(),
      embeddings: gaussians(12, 1),
      thresholds: [0, 0.25, undefined],
      background: 'none',
    });
    expect(reversed.colors).toEqual(make().colors.toReversed());
    const chosen = new LabelSet({ ...make().parts, colors: [[1, 2, 3], undefined, '#0a0b0c'] });
    expect(chosen.colors).toEqual([[1, 2, 3], make().colors[1], [10, 11, 12]]);
    await chosen.save(at('colors'));
    expect((await LabelSet.load(at('colors'))).colors).toEqual(chosen.colors);
  });

  it('keeps the words that its labels answer as, in a message, a file and JSON', async () => {
    const words: LabelSet['words'] = [
      { asked: 'road', answered: 'road', why: 'class' },
      { asked: 'Auto "quoted"', answered: 'car', why: 'kind' },
      { asked: '日本', answered: '日本', why: 'unknown' },
    ];
    const unknown = [{ asked: '日本', nearest: ['road', 'car'] }];
    const set = new LabelSet({ ...make().parts, words, unknown });
    await set.save(at('words'));
    for (const copy of [new LabelSet(structuredClone(set.parts)), await LabelSet.load(at('words'))]) {
      expect(copy).toEqual(set);
      expect([copy.words, copy.unknown]).toEqual([words, unknown]);
    }
    expect(JSON.parse(JSON.stringify(set))).toMatchObject({ words, unknown });
  });

  it('has words for the names it has: of a part of a set, the part', () => {
    const asText = (name: string): object => ({ asked: name, answered: name, why: 'text' });
    expect([make().words, make().unknown]).toEqual([make().names.map(asText), []]);
    const part = new LabelSet({
      ...{ names: ['Hund', 'road'], embeddings: gaussians(8, 1), thresholds: [undefined, 0.5], background: 'none' },
      words: ['road', 'car'].map((asked) => ({ asked, answered: 'street', why: 'synonym' })),
      unknown: [{ asked: 'car', nearest: [] }],
    });
    expect(part.words).toEqual([asText('Hund'), { asked: 'road', answered: 'street', why: 'synonym' }]);
    expect(part.unknown).toEqual([]);
  });

  it("reads a file of before there were colors and a checkpoint's threshold as it was meant", async () => {
    const entries = {
      format: 'synseg-labels',
      version: '1',
      names: '["a","b"]',
      thresholds: '[null,0.3]',
      background: '"none"',
    };
    writeFileSync(
      at('old'),
      encodeSafetensors(new Map([['embeddings', { shape: [2, 3], data: new Float32Array(6) }]]), entries),
    );
    const { background, thresholds, defaultThresholds, colors, words, unknown } = await LabelSet.load(at('old'));
    expect([background, thresholds, defaultThresholds, colors]).toEqual([
      'none',
      [undefined, 0.3],
      [0.5, 0.5],
      labelColors(['a', 'b']),
    ]);
    expect([words.map(({ answered, why }) => `${answered}: ${why}`), unknown]).toEqual([['a: text', 'b: text'], []]);
  });

  it.each<[Background, readonly (number | undefined)[], string]>([
    ['none', [0.5, undefined, undefined], 'nowhere: each pixel has the likeliest label, however unlikely it is'],
    ['threshold', [undefined, undefined, undefined], 'where no label reaches 0.3'],
    ['threshold', [0.6, 0.6, 0.6], 'where no label reaches 0.6'],
    [
      'threshold',
      [0.6, undefined, 0.2],
      'where no label reaches its threshold (road: 0.6, Auto "quoted": 0.3, 日本: 0.2)',
    ],
    [0.4, [undefined, 0.7, undefined], 'where no label reaches 0.4 (Auto "quoted": 0.7)'],
  ])('says in words where background is: %j with thresholds %j', (background, thresholds, rule) => {
    const { parts } = make(background, thresholds);
    expect(new LabelSet({ ...parts, defaultThresholds: [0.3, 0.3, 0.3] }).backgroundRule).toBe(rule);
  });

  it('has a rule for an object of options and for nothing else', () => {
    const labels = new LabelSet({
      names: ['road'],
      embeddings: Float32Array.of(1),
      thresholds: [0.2],
      background: 'none',
    });
    expect(labels.ruleWith({ threshold: 0.4 })).toEqual({
      thresholds: [0.4],
      background: 'threshold',
      defaultThresholds: [0.5],
    });
    expect(() => labels.ruleWith(undefined as never)).toThrow(
      new TypeError('Cannot decide labels: options must be an object, got undefined'),
    );
  });

  it('shows itself without its embeddings', () => {
    const set = new LabelSet({
      names: ['road'],
      embeddings: new Float32Array(512),
      thresholds: [undefined],
      background: 'threshold',
      colors: ['#010203'],
    });
    expect(JSON.parse(JSON.stringify(set))).toEqual({
      names: ['road'],
      thresholds: [null],
      defaultThresholds: [0.5],
      background: 'threshold',
      colors: [[1, 2, 3]],
      words: [{ asked: 'road', answered: 'road', why: 'text' }],
      unknown: [],
      embeddingDim: 512,
    });
    expect(inspect(set)).toMatch(/^LabelSet \{\s+names: \[ 'road' \]/);
  });

  const parts: LabelSetParts = {
    names: ['a', 'b'],
    embeddings: new Float32Array(6),
    thresholds: [undefined, undefined],
    background: 'none',
  };
  it.each<[string, unknown, typeof Error, string]>([
    ['nothing', undefined, TypeError, 'parts must be an object, got undefined'],
    ['a promise', Promise.resolve(parts), TypeError, 'parts must be an object, got a Promise (did you forget await?)'],
    [
      'a misspelt part',
      { ...parts, colours: [] },
      TypeError,
      'parts must have known names, got "colours" (did you mean "colors"?)',
    ],
    [
      'names that are a string',
      { ...parts, names: 'ab' },
      TypeError,
      'parts.names must be a list that is not empty, got "ab"',
    ],
    [
      'no names',
      { ...parts, names: [] },
      RangeError,
      'parts.names must be a list that is not empty, got an empty list',
    ],
    [
      'embeddings that are a list',
      { ...parts, embeddings: [1, 2] },
      TypeError,
      'parts.embeddings must be a Float32Array, got a list of 2',
    ],
    [
      'embeddings that no labels share evenly',
      { ...parts, embeddings: new Float32Array(5) },
      RangeError,
      'embeddings must hold as many numbers for each of 2 labels, got 5',
    ],
    [
      'no embeddings',
      { ...parts, embeddings: new Float32Array(0) },
      RangeError,
      'embeddings must hold as many numbers for each of 2 labels, got 0',
    ],
    [
      'embeddings without bounds',
      { ...parts, embeddings: Float32Array.of(1, Infinity) },
      RangeError,
      'embeddings must be finite, got Infinity at 1',
    ],
    [
      'no thresholds',
      { ...parts, thresholds: undefined },
      TypeError,
      'parts.thresholds must be a list of numbers from 0 to 1, or undefined, got undefined',
    ],
    [
      'a word without its reason',
      { ...parts, words: [{ asked: 'a', answered: 'b' }] },
      TypeError,
      'parts.words[0].why must be one of "class", "plural", "synonym", "adjective", "kind", "unknown", "text", got ' +
        'none',
    ],
    [
      'a word with another reason',
      { ...parts, words: [{ asked: 'a', answered: 'b', why: 'guess' }] },
      RangeError,
      'parts.words[0].why must be one of "class", "plural", "synonym", "adjective", "kind", "unknown", "text", got ' +
        '"guess"',
    ],
    [
      'an unknown label without the nearest',
      { ...parts, unknown: [{ asked: 'a', nearest: 'b' }] },
      TypeError,
      'parts.unknown[0].nearest must be a list, got "b"',
    ],
    [
      'no background',
      { ...parts, background: undefined },
      TypeError,
      'parts.background must be "threshold", "none" or a number from 0 to 1, got undefined',
    ],
  ])('is not made of %s', (_, wrong, kind, message) => {
    const call = (): unknown => new LabelSet(wrong as LabelSetParts);
    expect(call).toThrow(kind);
    expect(call).toThrow(`Cannot make label set: ${message}`);
  });

  it('says which file cannot be written or read, with a code', async () => {
    const path = join(folder, 'whole.safetensors', 'deeper', 'set.safetensors');
    await make().save(at('whole'));
    await expect(make().save(path)).rejects.toMatchObject({
      code: 'FILE_WRITE',
      message: expect.stringContaining(`Cannot write file: ${path} must be writable, got E`),
    });
    await expect(make().save(5 as never)).rejects.toThrow(
      new TypeError('Cannot save label set: path must be the path of a file, got 5'),
    );
    await expect(LabelSet.load('')).rejects.toThrow(
      new TypeError('Cannot load label set: path must be the path of a file, got ""'),
    );
  });

  it('cannot be changed', () => {
    expect(() => (make().names as string[]).push('car')).toThrow(TypeError);
    expect(() => ((make().thresholds as number[])[0] = 1)).toThrow(TypeError);
  });

  const metadata = {
    format: 'synseg-labels',
    version: '1',
    names: '["a","b"]',
    thresholds: '[null,null]',
    background: '"none"',
  };
  const embeddings = { shape: [2, 3], data: new Float32Array(6) };
  it.each([
    [
      'another safetensors file',
      { ...metadata, format: undefined },
      embeddings,
      'be a file written by LabelSet.save, got format "unknown"',
    ],
    ['no embeddings', metadata, undefined, 'be a file written by LabelSet.save, got format "synseg-labels"'],
    ['a newer version', { ...metadata, version: '2' }, embeddings, 'have version 1, got "2"'],
    ['metadata that is no JSON', { ...metadata, names: '[' }, embeddings, 'have JSON metadata, got names "["'],
    ['a missing entry', { ...metadata, thresholds: undefined }, embeddings, 'have a list of thresholds, got null'],
    [
      'too few names',
      { ...metadata, names: '["a"]' },
      embeddings,
      'name each of its embeddings, got a list of 1 for embeddings [2, 3]',
    ],
    [
      'names that are no list',
      { ...metadata, names: 'null' },
      embeddings,
      'name each of its embeddings, got null for embeddings [2, 3]',
    ],
    [
      'names that are no text',
      { ...metadata, names: '[1,2]' },
      embeddings,
      'hold a whole label set, got Cannot make label set: parts.names[0] must be a string that is not empty, got 1',
    ],
    [
      'a name twice',
      { ...metadata, names: '["a","a"]' },
      embeddings,
      'hold a whole label set, got Cannot pick label colors: names must be unique, got "a" twice',
    ],
    [
      'too few thresholds',
      { ...metadata, thresholds: '[0.5]' },
      embeddings,
      'hold a whole label set, got Cannot make label set: thresholds must be one per label = 2, got 1',
    ],
    [
      'a threshold out of range',
      { ...metadata, thresholds: '[2,null]' },
      embeddings,
      'hold a whole label set, got Cannot make label set: parts.thresholds must be a list of numbers from 0 to 1, or ' +
        'undefined, got a list of 2',
    ],
    [
      "a checkpoint's threshold out of range",
      { ...metadata, defaultThresholds: '[0.5, "high"]' },
      embeddings,
      'hold a whole label set, got Cannot make label set: parts.defaultThresholds[1] must be a number from 0 to 1, ' +
        'got "high"',
    ],
    [
      'thresholds of the checkpoint for some labels',
      { ...metadata, defaultThresholds: '[0.5]' },
      embeddings,
      'hold a whole label set, got Cannot make label set: defaultThresholds must be one per label = 2, got 1',
    ],
    [
      'an unknown background',
      { ...metadata, background: '"black"' },
      embeddings,
      'hold a whole label set, got Cannot make label set: parts.background must be "threshold", "none" or a number ' +
        'from 0 to 1, got "black"',
    ],
    [
      'colors that are none',
      { ...metadata, colors: '[[1,2,3],"blue"]' },
      embeddings,
      'hold a whole label set, got Cannot pick label colors: color of "b" must be',
    ],
    [
      'words that are none',
      { ...metadata, words: '["dog"]' },
      embeddings,
      'hold a whole label set, got Cannot make label set: parts.words[0] must be an object, got "dog"',
    ],
    [
      'embeddings that are not finite',
      metadata,
      { shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, NaN, 5) },
      'hold a whole label set, got Cannot make label set: embeddings must be finite, got NaN at 4',
    ],
    [
      'embeddings that are no matrix',
      metadata,
      { shape: [2], data: new Float32Array(2) },
      'name each of its embeddings, got ',
    ],
  ])('cannot be loaded from %s', async (name, entries, tensor, message) => {
    const path = at(name);
    const text = Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >;
    writeFileSync(path, encodeSafetensors(new Map(tensor === undefined ? [] : [['embeddings', tensor]]), text));
    await expect(LabelSet.load(path)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining(`Cannot load label set: ${path} must ${message}`),
    });
  });

  it('cannot be loaded from half a file, or none', async () => {
    await make().save(at('whole'));
    const bytes = readFileSync(at('whole'));
    writeFileSync(at('half'), bytes.subarray(0, bytes.length - 1));
    await expect(LabelSet.load(at('half'))).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining('tensor "embeddings" must end within the file'),
    });
    await expect(LabelSet.load(at('nothing'))).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining('Cannot read nothing.safetensors: file must be readable, got ENOENT'),
    });
  });
});

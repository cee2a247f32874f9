/** Labels are embedded once: memory first, then disk, and only then the text encoder. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Segmenter, type LabelInput, type LabelsOptions } from '@synseg/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeSealed } from '../../../packages/core/src/cache/sealed-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import type { FloatTensor } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { EMBEDDING_DIM, tinyTensors, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { worstExcess } from '../../support/tensors.ts';

const root = temporaryFolder();
let folder: string;
let cacheFolder: string;
beforeEach(() => {
  folder = writeTinyClipseg(mkdtempSync(join(root, 'model-')));
  cacheFolder = mkdtempSync(join(root, 'cache-'));
});

async function embed(
  names: readonly LabelInput[],
  options: LabelsOptions = {},
  cache = cacheFolder,
): Promise<number[]> {
  await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder: cache });
  return [...(await segmenter.labels(names, options)).embeddings];
}

/** Without its tokenizer the text encoder cannot start. */
function breakTextEncoder(): void {
  renameSync(join(folder, 'vocab.json'), join(folder, 'vocab.json.away'));
}

function mendTextEncoder(): void {
  renameSync(join(folder, 'vocab.json.away'), join(folder, 'vocab.json'));
}

function cachedFiles(cache = cacheFolder): string[] {
  const section = join(cache, 'embeddings');
  if (!existsSync(section)) return [];
  return readdirSync(section, { recursive: true, encoding: 'utf8' })
    .map((name) => join(section, name))
    .filter((path) => statSync(path).isFile());
}

describe('embeddings', () => {
  it("of a label are the mean of its prompts' embeddings", async () => {
    const [mean, ...each] = await Promise.all([
      embed([{ name: 'car', prompts: ['a car', 'the road', 'car'] }]),
      ...['a car', 'the road', 'car'].map((prompt) => embed([{ name: 'car', prompts: [prompt] }])),
    ]);
    const expected = Array.from(
      { length: EMBEDDING_DIM },
      (_, i) => each.reduce((sum, embedding) => sum + (embedding[i] as number), 0) / 3,
    );
    // Three float32 numbers near 1 added up in another order.
    expect(worstExcess(mean, expected, 1e-6, 1e-6).excess).toBeLessThanOrEqual(0);
  });

  it('depend on the templates, not on the company', async () => {
    const together = await embed(['road', 'car']);
    const alone = await embed(['car']);
    expect(together.slice(EMBEDDING_DIM)).toEqual(alone);
    expect(await embed(['car'], { templates: 'plain' })).not.toEqual(alone);
  });
});

/** Numbers no text encoder gives, put where the embedding of the only cached label is: who gets them read the cache. */
const planted = Array.from({ length: EMBEDDING_DIM }, (_, i) => i + 0.5);
async function plant(path: string, numbers: readonly number[] = planted): Promise<void> {
  await writeSealed(path, new Uint8Array(Float32Array.from(numbers).buffer));
}

/** Reads, changes and writes a JSON file of the checkpoint. */
function change(name: string, edit: (json: Record<string, unknown>) => void): void {
  const path = join(folder, name);
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  edit(json);
  writeFileSync(path, JSON.stringify(json));
}

describe('the disk cache', () => {
  it('spares a second segmenter the text encoder, label by label', async () => {
    const [road, car] = [await embed(['road']), await embed(['car'])];
    const files = cachedFiles();
    expect(files).toHaveLength(2);
    expect(await embed(['car', 'road'])).toEqual([...car, ...road]);
    for (const path of files) await plant(path);
    expect(await embed(['road', 'car'])).toEqual([...planted, ...planted]);
    expect(cachedFiles()).toHaveLength(2);
  });

  it('is keyed by the bytes of the weights, also when size and time stay', async () => {
    const first = await embed(['road']);
    const weights = join(folder, 'model.safetensors');
    const { atime, mtime } = statSync(weights);
    writeTinyClipseg(folder, { seed: 2 });
    utimesSync(weights, atime, mtime);
    expect(await embed(['road'])).not.toEqual(first);
    writeTinyClipseg(folder, { seed: 1 });
    await plant(
      cachedFiles().find((path) =>
        Buffer.from(new Uint8Array(Float32Array.from(first).buffer)).equals(readFileSync(path).subarray(0, -32)),
      ) ?? '',
    );
    expect(await embed(['road'])).toEqual(planted);
  });

  it.each<[string, string, (json: Record<string, unknown>) => void]>([
    [
      'the ids of its tokens',
      'vocab.json',
      (vocab) => ([vocab['a</w>'], vocab['b</w>']] = [vocab['b</w>'], vocab['a</w>']]),
    ],
    [
      'the activation',
      'config.json',
      (config) => Object.assign(config['text_config'] as object, { hidden_act: 'relu' }),
    ],
    [
      'the heads',
      'config.json',
      (config) => Object.assign(config['text_config'] as object, { num_attention_heads: 2 }),
    ],
    ['the epsilon', 'config.json', (config) => Object.assign(config['text_config'] as object, { layer_norm_eps: 0.1 })],
  ])('is keyed by %s too: a changed copy of a folder leaves the honest one alone', async (_, file, edit) => {
    const honest = readFileSync(join(folder, file));
    change(file, edit);
    const other = await embed(['a thing']);
    writeFileSync(join(folder, file), honest);
    const first = await embed(['a thing']);
    expect(first).not.toEqual(other);
    expect(await embed(['a thing'], {}, mkdtempSync(join(root, 'cache-')))).toEqual(first);
    expect(cachedFiles()).toHaveLength(2);
  });

  it('is keyed by merges and by a tokenizer.json beside them', async () => {
    await embed(['car']);
    writeFileSync(
      join(folder, 'merges.txt'),
      readFileSync(join(folder, 'merges.txt'), 'utf8').replace('c a\nca r</w>\n', ''),
    );
    await embed(['car']);
    expect(cachedFiles()).toHaveLength(2);
    writeFileSync(join(folder, 'tokenizer_config.json'), '{}');
    await embed(['car']);
    expect(cachedFiles()).toHaveLength(3);
  });

  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['cut', (bytes) => bytes.subarray(0, -1)],
    ['empty', () => Buffer.alloc(0)],
    [
      'full of something else',
      () => Buffer.from('hello, I am no embedding at all, just some text that is long enough'),
    ],
    ['one bit off', (bytes) => bytes.map((byte, index) => (index === 5 ? byte ^ 1 : byte))],
    ['of another length', (bytes) => Buffer.concat([bytes, bytes])],
  ])('embeds again what lies in a file that is %s, and mends it', async (_, damage) => {
    const first = await embed(['road']);
    const [path] = cachedFiles() as [string];
    const whole = readFileSync(path);
    writeFileSync(path, damage(whole));
    expect(await embed(['road'])).toEqual(first);
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  it('embeds again what is sealed and yet no embedding', async () => {
    const first = await embed(['road']);
    const [path] = cachedFiles() as [string];
    for (const numbers of [planted.map(() => NaN), planted.map(() => Infinity), planted.slice(1)]) {
      await plant(path, numbers);
      expect(await embed(['road'])).toEqual(first);
    }
  });

  it('may be a folder that cannot be written', async () => {
    const blocked = join(cacheFolder, 'blocked');
    writeFileSync(blocked, 'a file where a folder should be');
    expect(await embed(['road'], {}, blocked)).toEqual(await embed(['road']));
  });

  it('serves two processes that embed the same labels at once', async () => {
    const run = promisify(execFile);
    const script = join(import.meta.dirname, 'embed-process.mjs');
    const names = ['road', 'car', 'the tree'];
    const outputs = await Promise.all(
      [1, 2, 3].map(async () => (await run(process.execPath, [script, folder, cacheFolder, ...names])).stdout),
    );
    expect(new Set(outputs).size).toBe(1);
    expect(cachedFiles()).toHaveLength(3);
    const bytes = Buffer.from(outputs[0] as string, 'base64');
    expect(await embed(names)).toEqual([...new Float32Array(Uint8Array.from(bytes).buffer)]);
  });
});

describe('a damaged text encoder', () => {
  it('is an error, and nothing of it is kept', async () => {
    const tensors = tinyTensors();
    const name =
      [...tensors.keys()].find((key) => key.startsWith('clip.text_model.') && key.includes('fc1.weight')) ?? '';
    const { shape, data } = tensors.get(name) as FloatTensor;
    writeTinyClipseg(folder, { tensors: { [name]: { shape, data: data.map(() => NaN) } } });
    await expect(embed(['road'])).rejects.toThrow(
      'Cannot embed labels: embeddings must be finite numbers, got others (the weights of the text encoder may be ' +
        'damaged)',
    );
    expect(cachedFiles()).toEqual([]);
  });
});

describe('in memory', () => {
  it('a label is kept, also when the disk cache is gone', async () => {
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
    const first = await segmenter.labels(['road']);
    for (const path of cachedFiles()) writeFileSync(path, '');
    const second = await segmenter.labels(['road']);
    expect([...second.embeddings]).toEqual([...first.embeddings]);
    expect(
      cachedFiles().map((path) => statSync(path).size),
      'nothing was embedded again',
    ).toEqual([0]);
  });

  it('labels asked for at once are all right', async () => {
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
    const sets = await Promise.all(
      Array.from({ length: 10 }, (_, index) => segmenter.labels([`thing ${String(index % 3)}`])),
    );
    expect(new Set(sets.map(({ key }) => key)).size).toBe(3);
  });

  it('after a failure the next call tries again', async () => {
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
    breakTextEncoder();
    await expect(segmenter.labels(['road'])).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT' });
    mendTextEncoder();
    expect((await segmenter.labels(['road'])).names).toEqual(['road']);
  });
});

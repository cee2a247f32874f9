/** Labels are embedded once: memory first, then disk, and only then the text encoder. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Segmenter, type LabelInput, type LabelsOptions } from '@synseg/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { EMBEDDING_DIM, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { worstExcess } from '../../support/tensors.ts';

const root = temporaryFolder();
let folder: string;
let cacheFolder: string;
beforeEach(() => {
  folder = writeTinyClipseg(mkdtempSync(join(root, 'model-')));
  cacheFolder = mkdtempSync(join(root, 'cache-'));
});

async function embed(names: readonly LabelInput[], options: LabelsOptions = {}, cache = cacheFolder): Promise<number[]> {
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
  return readdirSync(section, { recursive: true, encoding: 'utf8' }).map((name) => join(section, name)).filter((path) => statSync(path).isFile());
}

const needsEncoder = 'Cannot load tokenizer: folder must hold tokenizer.json, or vocab.json and merges.txt';

describe('embeddings', () => {
  it('of a label are the mean of its prompts\' embeddings', async () => {
    const [mean, ...each] = await Promise.all([
      embed([{ name: 'car', prompts: ['a car', 'the road', 'car'] }]),
      ...['a car', 'the road', 'car'].map((prompt) => embed([{ name: 'car', prompts: [prompt] }])),
    ]);
    const expected = Array.from({ length: EMBEDDING_DIM }, (_, i) => each.reduce((sum, embedding) => sum + (embedding[i] as number), 0) / 3);
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

describe('the disk cache', () => {
  it('spares a second segmenter the text encoder', async () => {
    const first = await embed(['road', 'car']);
    breakTextEncoder();
    expect(await embed(['road', 'car'])).toEqual(first);
    expect(await embed(['car', 'road']), 'each label is kept for itself').toEqual([...first.slice(EMBEDDING_DIM), ...first.slice(0, EMBEDDING_DIM)]);
    await expect(embed(['road', 'sky'])).rejects.toThrow(needsEncoder);
  });

  it('is keyed by the bytes of the weights', async () => {
    const first = await embed(['road']);
    writeTinyClipseg(folder, { seed: 2 });
    expect(await embed(['road'])).not.toEqual(first);
    writeTinyClipseg(folder, { seed: 1 });
    breakTextEncoder();
    expect(await embed(['road'])).toEqual(first);
  });

  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['cut', (bytes) => bytes.subarray(0, -1)],
    ['empty', () => Buffer.alloc(0)],
    ['full of something else', () => Buffer.from('hello, I am no safetensors file')],
  ])('embeds again what lies in a file that is %s', async (_, damage) => {
    const first = await embed(['road']);
    const [path] = cachedFiles() as [string];
    writeFileSync(path, damage(readFileSync(path)));
    breakTextEncoder();
    await expect(embed(['road'])).rejects.toThrow(needsEncoder);
    mendTextEncoder();
    expect(await embed(['road'])).toEqual(first);
    breakTextEncoder();
    expect(await embed(['road']), 'and mends the file').toEqual(first);
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
    const outputs = await Promise.all([1, 2, 3].map(async () => (await run(process.execPath, [script, folder, cacheFolder, ...names])).stdout));
    expect(new Set(outputs).size).toBe(1);
    expect(cachedFiles()).toHaveLength(3);
    breakTextEncoder();
    const bytes = Buffer.from(outputs[0] as string, 'base64');
    expect(await embed(names)).toEqual([...new Float32Array(Uint8Array.from(bytes).buffer)]);
  });
});

describe('in memory', () => {
  it('a label is kept, also when the disk cache is gone', async () => {
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
    const first = await segmenter.labels(['road']);
    for (const path of cachedFiles()) writeFileSync(path, '');
    const second = await segmenter.labels(['road']);
    expect([...second.embeddings]).toEqual([...first.embeddings]);
    expect(cachedFiles().map((path) => statSync(path).size), 'nothing was embedded again').toEqual([0]);
  });

  it('labels asked for at once are all right', async () => {
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
    const sets = await Promise.all(Array.from({ length: 10 }, (_, index) => segmenter.labels([`thing ${String(index % 3)}`])));
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

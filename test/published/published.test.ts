/** The comparison of published weights, against a hub and a picture on loopback: the real ones need a network. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { beforeAll, describe, expect, test } from 'vitest';
import sharp from 'sharp';
import { FIRST, closedPort } from '../support/hub-download.ts';
import { startHubServer } from '../support/hub-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';
import { NoNetwork, comparePublished, type Comparison } from './compare.ts';
import { resizeBilinear } from './pillow.ts';
import { PUBLISHED, type PublishedReference } from './references.ts';

const SIDE = 32;
const PROMPTS = ['a road', 'a car'];
const pixels = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, index) => (index * 73) % 256);

interface Stage {
  readonly reference: PublishedReference;
  readonly places: { readonly hubUrl: string; readonly cacheDir: string };
}
let stage: Stage;
/** Values of the same weights with ViT's normalization. */
let vit: Pick<PublishedReference, 'logits' | 'conditional'>;

async function figuresOf(folder: string): Promise<Pick<PublishedReference, 'logits' | 'conditional'>> {
  const segmenter = await Segmenter.load(folder, { device: 'cpu' });
  const labels = await segmenter.labels(PROMPTS, { templates: ['{}'] });
  const picture = { data: pixels, width: SIDE, height: SIDE };
  const { activations } = await segmenter.segment(picture, labels, { output: ['activations'] });
  await segmenter.dispose();
  const logit = (index: number): number => Math.log((activations[index] ?? 0) / (1 - (activations[index] ?? 0)));
  return {
    conditional: Array.from(labels.embeddings.slice(0, 3)),
    logits: [0, 1, 2].map((row) => [0, 1, 2].map((column) => logit(row * SIDE + column))),
  };
}

beforeAll(async () => {
  const scratch = temporaryFolder();
  const folder = writeTinyClipseg(join(scratch, 'own'));
  const names = await readdir(folder);
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
  const hub = await startHubServer({ 'owner/tiny': { commits: { [FIRST]: files }, refs: { main: FIRST } } });
  const png = await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toBuffer();
  const host = createServer((request, response) => {
    response.writeHead(request.url === '/picture.png' ? 200 : 404).end(png);
  }).listen(0, '127.0.0.1');
  await once(host, 'listening');
  const picture = `http://127.0.0.1:${(host.address() as AddressInfo).port}/picture.png`;
  const own = await figuresOf(folder);
  const settings = JSON.parse(await readFile(join(folder, 'preprocessor_config.json'), 'utf8')) as object;
  vit = await figuresOf(
    writeTinyClipseg(join(scratch, 'vit'), {
      preprocessor: { ...settings, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
    }),
  );
  stage = {
    reference: { checkpoint: 'owner/tiny', picture, prompts: PROMPTS, vitNormalization: false, ...own },
    places: { hubUrl: hub.url, cacheDir: join(scratch, 'cache') },
  };
  return async () => {
    host.close();
    host.closeAllConnections();
    await hub[Symbol.asyncDispose]();
  };
});

async function compared(change: Partial<PublishedReference>): Promise<Comparison> {
  const comparisons = comparePublished([{ ...stage.reference, ...change }], stage.places);
  for await (const comparison of comparisons) return comparison;
  throw new Error('nothing was compared');
}

describe('comparePublished()', () => {
  test('downloads checkpoint and picture, and agrees with what the weights give', async () => {
    const { passed, line } = await compared({});
    expect(line).toMatch(/^agrees: owner\/tiny, picture\.png: logits differ by \d\.\de[-+]\d+, embeddings by /);
    expect(passed).toBe(true);
  });

  test('a logit or an embedding that is off by two thousandths differs', async () => {
    const { logits, conditional } = stage.reference;
    const off = logits.map((row, index) => (index === 2 ? row.map((value) => value + 0.002) : row));
    expect(await compared({ logits: off })).toMatchObject({ passed: false });
    const { passed, line } = await compared({ conditional: conditional.map((value) => value - 0.002) });
    expect(line).toMatch(/^DIFFERS: .* embeddings by 2\.0e-3 \(at most 0\.001\)$/);
    expect(passed).toBe(false);
  });

  test('values of a script that normalized as ViT agree with either, and the line says which', async () => {
    expect(Math.abs((vit.logits[0]?.[0] ?? 0) - (stage.reference.logits[0]?.[0] ?? 0))).toBeGreaterThan(0.002);
    expect(await compared({ ...vit })).toMatchObject({ passed: false });
    const { passed, line } = await compared({ ...vit, vitNormalization: true });
    expect(line).toContain('picture.png, normalized as ViT: ');
    expect(passed).toBe(true);
    expect((await compared({ vitNormalization: true })).line).not.toContain('ViT');
  });

  test('a host that does not answer is no network; an answer of 404 is an error', async () => {
    const nowhere = `http://127.0.0.1:${await closedPort()}`;
    const first = (picture: string, hubUrl: string): Promise<unknown> =>
      comparePublished([{ ...stage.reference, picture }], { ...stage.places, hubUrl }).next();
    await expect(first(stage.reference.picture, nowhere)).rejects.toThrow(NoNetwork);
    await expect(first(`${nowhere}/a.png`, stage.places.hubUrl)).rejects.toThrow(
      /^127\.0\.0\.1:\d+ does not answer \(ECONNREFUSED\)$/,
    );
    const missing = stage.reference.picture.replace('picture', 'other');
    await expect(first(missing, stage.places.hubUrl)).rejects.toThrow(/must answer 200, got 404$/);
  });

  test('the references are three checkpoints and two pictures, nine logits each', () => {
    expect([...new Set(PUBLISHED.map(({ checkpoint }) => checkpoint))]).toEqual([
      'CIDAS/clipseg-rd64-refined',
      'CIDAS/clipseg-rd64',
      'CIDAS/clipseg-rd16',
    ]);
    expect(new Set(PUBLISHED.map(({ picture }) => picture)).size).toBe(2);
    expect(PUBLISHED.every(({ logits }) => logits.flat().length === 9)).toBe(true);
  });
});

test('resizeBilinear() gives Pillow’s bytes, smaller and larger', () => {
  const data = Uint8Array.from({ length: 105 }, (_, index) => {
    const [pixel, channel] = [Math.floor(index / 3), index % 3];
    return ((pixel % 7) * 37 + Math.floor(pixel / 7) * 91 + channel * 53) % 256;
  });
  const red = (width: number, height: number): number[] =>
    Array.from(resizeBilinear({ data, width: 7, height: 5 }, width, height).data).filter((_, at) => at % 3 === 0);
  // Pillow 13.0, Image.resize(size, BILINEAR).
  expect(red(3, 2)).toEqual([99, 129, 129, 106, 118, 128]);
  expect(red(4, 9)).toEqual([
    19, 77, 145, 203, 49, 107, 158, 152, 100, 158, 181, 67, 145, 117, 134, 85, 189, 54, 71, 129, 104, 76, 122, 180, 46,
    104, 152, 202, 97, 155, 100, 110, 127, 185, 69, 55,
  ]);
});

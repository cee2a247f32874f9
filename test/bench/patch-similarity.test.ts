import { afterAll, describe, expect, it } from 'vitest';
import { DEVIATION_EPSILON, PatchSimilarity } from '../../bench/support/patch-similarity.ts';
import { gaussians, picture } from '../support/random.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { EMBEDDING_DIM, tinyTensors, writeTinyClipseg, type TinyClipseg } from '../support/tiny-clipseg.ts';
import { cosines, patchEmbeddings, sampleBilinear, type Matrix, type PlainVision } from './plain-vision.ts';

/** What follows the last tap: a block, the last norm, the projection. */
const model: TinyClipseg = {
  blocks: 4,
  taps: [0, 1, 2],
  tensors: {
    'clip.vision_model.post_layernorm.weight': { shape: [32], data: gaussians(32, 71, 0.2).map((value) => value + 1) },
    'clip.vision_model.post_layernorm.bias': { shape: [32], data: gaussians(32, 72, 0.2) },
    'clip.visual_projection.weight': { shape: [EMBEDDING_DIM, 32], data: gaussians(EMBEDDING_DIM * 32, 73, 0.2) },
  },
};
const folder = writeTinyClipseg(`${temporaryFolder()}/model`, model);
const cacheFolder = temporaryFolder();
const sizes: PlainVision = {
  hidden: 32,
  blocks: 4,
  heads: 4,
  patch: 8,
  size: 32,
  embeddingDim: EMBEDDING_DIM,
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
};
const GRID = 4;
const raw = await PatchSimilarity.load(folder, { cacheFolder });
const standardised = await PatchSimilarity.load(folder, { cacheFolder, standardise: true });
afterAll(async () => {
  await raw[Symbol.asyncDispose]();
  await standardised[Symbol.asyncDispose]();
});

/** Cosines `[labels][patches]` without a graph. */
async function expected(pixels: Uint8Array, names: readonly string[]): Promise<Matrix> {
  const { embeddings } = await raw.labels(names);
  const text = names.map((_, row) => Array.from(embeddings.subarray(row * EMBEDDING_DIM, (row + 1) * EMBEDDING_DIM)));
  return cosines(text, patchEmbeddings(tinyTensors(model), pixels, sizes));
}

/** Mean 0 and deviation 1 over the patches. */
function standard(rows: Matrix): Matrix {
  return rows.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const deviation = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length);
    return row.map((value) => (value - mean) / (deviation + DEVIATION_EPSILON));
  });
}

describe('PatchSimilarity', () => {
  const names = ['road', 'car', 'the'];
  const image = picture(32, 32, 5);

  it('is the cosine of every patch, past all blocks, norm and projection, with every label', async () => {
    const truth = await expected(image.data, names);
    const { similarities } = await raw.segment(image, await raw.labels(names));
    expect(similarities.length).toBe(names.length * GRID * GRID);
    for (const [index, value] of truth.flat().entries()) expect(similarities[index]).toBeCloseTo(value, 5);
    const values = truth.flat();
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.3);
  });

  it('standardises each label over the patches of the picture', async () => {
    const truth = standard(await expected(image.data, names));
    const { similarities } = await standardised.segment(image, await standardised.labels(names));
    for (const [index, value] of truth.flat().entries()) expect(similarities[index]).toBeCloseTo(value, 4);
  });

  it('gives each pixel of the picture the label that is nearest after bilinear enlargement', async () => {
    for (const [similarity, maps] of [
      [raw, await expected(image.data, names)],
      [standardised, standard(await expected(image.data, names))],
    ] as const) {
      const { labelMap, width, height } = await similarity.segment(image, await similarity.labels(names));
      expect([width, height, labelMap.length]).toEqual([32, 32, 1024]);
      const found = new Set<number>();
      for (let pixel = 0; pixel < labelMap.length; pixel++) {
        const values = maps.map((map) => sampleBilinear(map, GRID, pixel % 32, Math.floor(pixel / 32), 32, 32));
        const best = Math.max(...values);
        // Where two labels are as near, float32 may take either.
        expect(values[labelMap[pixel]!]).toBeGreaterThan(best - 1e-5);
        found.add(labelMap[pixel]!);
      }
      expect(found.size).toBeGreaterThan(1);
    }
  });

  it('answers at the size of the picture, the same each time', async () => {
    const wide = picture(40, 24, 6);
    const labels = await raw.labels(names);
    const [first, again] = [await raw.segment(wide, labels), await raw.segment(wide, labels)];
    expect([first.width, first.height, first.labelMap.length]).toEqual([40, 24, 960]);
    expect(again).toEqual(first);
  });

  it('has one view', async () => {
    await expect(raw.segment(image, await raw.labels(names), { views: 5 })).rejects.toThrow(
      'Cannot compare patches: views must be 1, got 5',
    );
  });
});

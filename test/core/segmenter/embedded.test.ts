/**
 * `Segmenter.load('embedded')`: from the package as it is installed, without a network; and the checkpoint that ships.
 */
import { copyFileSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Segmenter } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { drawScene, encodePng } from '@synseg/street-world/draw.ts';
import { sceneOf } from '@synseg/street-world/scene.ts';
import { embeddedFolder } from '../../../packages/core/src/checkpoint/embedded.ts';
import { readSafetensors } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { EMBEDDED_FOLDER, NO_NETWORK, hasEmbedded, installCore, runToEnd } from '../../support/installed-core.ts';
import { commandOf } from '../../support/runtimes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const cacheFolder = join(root, 'cache');
const drawing = await drawScene(sceneOf(54), { size: 96 });
const image = join(root, 'scene.png');
writeFileSync(image, await encodePng(drawing.pixels, drawing.width, drawing.height));

describe('an installed package', () => {
  const application = join(root, 'application');
  const home = installCore(application);
  const script = join(application, 'segment.mjs');
  copyFileSync(join(import.meta.dirname, 'embedded-process.mjs'), script);

  it.each(['this Node', 'a newer Node', 'Deno'] as const)(
    'finds its checkpoint in every thread under %s, without a network',
    async (runtime) => {
      const [program = '', ...args] = commandOf(runtime);
      const offline = runtime === 'Deno' ? ['--deny-net'] : NO_NETWORK;
      const { code, stdout, stderr } = await runToEnd(program, [...args, ...offline, script, image, cacheFolder], {
        cwd: application,
        env: { ...process.env, HF_HUB_CACHE: join(root, 'hub') },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { here, there, from } = JSON.parse(stdout) as {
        here: { areas: Record<string, number>; pixels: number };
        there: unknown;
        from: string;
      };
      expect(from).toBe(pathToFileURL(join(home, 'dist/index.js')).href);
      expect(Object.keys(here.areas)).toEqual(['red car', 'bus', 'road', 'sky']);
      expect(here.pixels).toBe(96 * 96);
      expect(there).toEqual(here);
      expect(existsSync(join(root, 'hub'))).toBe(false);
    },
  );
});

describe.skipIf(!hasEmbedded)('the checkpoint that ships', () => {
  it('is what the sources and the build find', async () => {
    expect(embeddedFolder()).toBe(EMBEDDED_FOLDER);
    await using segmenter = await Segmenter.load('embedded', { device: 'cpu', cacheFolder });
    expect(segmenter.vocabulary).toBeUndefined();
  });

  it('is half precision, at most 15 MB in all, and has a card and the notice of its words', async () => {
    const files = readdirSync(EMBEDDED_FOLDER);
    const bytes = files.reduce((sum, name) => sum + statSync(join(EMBEDDED_FOLDER, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(15e6);
    const { tensors } = await readSafetensors(join(EMBEDDED_FOLDER, 'model.safetensors'));
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(['float16']));
    expect(readFileSync(join(EMBEDDED_FOLDER, 'README.md'), 'utf8')).toContain('npm run embedded');
    expect(readFileSync(join(EMBEDDED_FOLDER, 'NOTICE.wordnet.txt'), 'utf8')).toContain('WordNet');
  });

  it('answers classes, their plurals, synonyms and kinds, and takes other words as they are, and says so', async () => {
    await using segmenter = await Segmenter.load('embedded', { device: 'cpu', cacheFolder });
    const { embeddings, embeddingDim, names, words, unknown } = await segmenter.labels([
      ...['dog', 'poodle', 'dogs', 'couch', 'a red car', 'xylophone', '自動車'],
    ]);
    expect(words.map(({ answered, why }) => `${answered}: ${why}`)).toEqual([
      ...['dog: class', 'dog: kind', 'dog: plural', 'sofa: synonym', 'car: adjective'],
      ...['xylophone: unknown', '自動車: unknown'],
    ]);
    expect(unknown.map(({ asked }) => asked)).toEqual(['xylophone', '自動車']);
    expect(embeddings.every(Number.isFinite)).toBe(true);
    const rows = names.map((_, index) => embeddings.subarray(index * embeddingDim, (index + 1) * embeddingDim).join());
    expect(rows.slice(1, 3)).toEqual([rows[0], rows[0]]);
    expect(new Set(rows).size).toBe(5);
  });

  it('has a threshold for each class, so that what is none of the labels is background', async () => {
    await using segmenter = await Segmenter.load('embedded', { device: 'cpu', cacheFolder });
    const { defaultThresholds, backgroundRule } = await segmenter.labels(['dog', 'sofa', 'sky', 'wall']);
    expect(new Set(defaultThresholds).size).toBeGreaterThan(1);
    expect(backgroundRule).toMatch(/^where no label reaches its threshold \(dog: 0\.\d+, sofa: 0\.\d+, sky: /);
  });

  it('segments a drawn scene: the same again, and other words give other activations', async () => {
    await using segmenter = await Segmenter.load('embedded', { device: 'cpu', cacheFolder });
    const labels = await segmenter.labels(['road', 'sky']);
    const segment = async (views: 1 | 5) =>
      segmenter.segment(image, labels, { output: ['labels', 'activations'], views });
    const [first, again, finer] = [await segment(1), await segment(1), await segment(5)];
    expect(first.activations.every((activation) => activation >= 0 && activation <= 1)).toBe(true);
    expect(again.activations).toEqual(first.activations);
    expect(first.activations.subarray(0, first.labelMap.length)).not.toEqual(
      first.activations.subarray(first.labelMap.length),
    );
    expect(finer.labelMap).toHaveLength(96 * 96);
    expect(finer.activations).not.toEqual(first.activations);
  });
});

/**
 * What the tests of runs save: the decoder of a tiny checkpoint, a projector, and a trainer's state of the same step.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter, type Segmentation } from '@synseg/core';
import { openCheckpoint, readFloats, readSafetensors, type FloatTensor } from '@synseg/core/checkpoint';
import type { CheckpointContents } from '../../../packages/train/src/run/checkpoint-folder.ts';
import type { TrainerState } from '../../../packages/train/src/run/trainer-state.ts';
import { picture } from '../../support/random.ts';
import { EMBEDDING_DIM, tinyConfig, tinyTensors } from '../../support/tiny-clipseg.ts';

const WIDTH = 16;

/** Trained tensors, and the folder the rest comes from. Every tensor is that of `seed`, or `fill` throughout. */
export function tinyContents(
  base: string,
  { seed = 1, fill }: { readonly seed?: number; readonly fill?: number } = {},
): CheckpointContents {
  const tensors = new Map([...tinyTensors({ seed })].filter(([name]) => name.startsWith('decoder.')));
  tensors.set('projector.weight', {
    shape: [EMBEDDING_DIM, WIDTH],
    data: new Float32Array(EMBEDDING_DIM * WIDTH).fill(0.5),
  });
  tensors.set('projector.bias', { shape: [EMBEDDING_DIM], data: new Float32Array(EMBEDDING_DIM) });
  if (fill !== undefined) for (const { data } of tensors.values()) data.fill(fill);
  return { tensors, configJson: tinyConfig(), base };
}

/** A state whose every number is the step. */
export function stateOf(step: number, length = 8): TrainerState {
  const vector = (): FloatTensor => ({ shape: [length], data: new Float32Array(length).fill(step) });
  return {
    step,
    position: { epoch: 1, consumed: 4 * step },
    tensors: new Map(['parameters', 'momentum', 'variance', 'ema'].map((name) => [name, vector()])),
    layoutKey: 'decoder.film_mul.weight[16,16]',
    notes: { bestScore: step / 100 },
  };
}

/** Names in a folder, sorted. */
export function listing(folder: string): string[] {
  return readdirSync(folder).sort();
}

/** Every file below a folder with its contents. */
export function snapshot(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path, readFileSync(path, 'latin1')]),
  );
}

/** True when two names stand for one file on disk. */
export function sameFile(a: string, b: string): boolean {
  return statSync(a).ino === statSync(b).ino;
}

/** All numbers of a checkpoint's weights by name. */
export async function numbersOf(folder: string): Promise<Map<string, Float32Array>> {
  const { weights } = await openCheckpoint(folder);
  return new Map(
    await Promise.all(weights.entries().map(async (entry) => [entry.name, await readFloats(entry)] as const)),
  );
}

/** Element types in a file. */
export async function dtypesOf(path: string): Promise<Set<string>> {
  return new Set([...(await readSafetensors(path)).tensors.values()].map(({ dtype }) => dtype));
}

/** What the segmenter makes of a picture with a checkpoint. */
export async function segmentWith(
  folder: string,
  labels: readonly string[],
  cacheFolder: string,
): Promise<Segmentation> {
  await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
  return await segmenter.segment(picture(60, 40, 1), await segmenter.labels(labels), {
    output: ['labels', 'activations'],
    size: 'model',
  });
}

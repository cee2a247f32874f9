/** What a fresh checkpoint keeps of another folder: its convolution trunk, and its decoder if it has one. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SynsegError } from '@synseg/core';
import { Weights, readJson, readModelConfig, type TensorEntry } from '@synseg/core/checkpoint';
import { isLicense } from '../run/checkpoint-files.ts';

/** The parts that are kept. */
export interface KeptTrunk {
  readonly folder: string;
  /** `config.json` without what it says of texts. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Length of a text's embedding, as the folder says it. */
  readonly embeddingDim: number;
  readonly entries: readonly TensorEntry[];
  readonly licenses: readonly string[];
}

/** Opens a folder. @throws SynsegError `MODEL_LOAD` or `CHECKPOINT_FORMAT` when it holds no convolution trunk */
export async function openKeptTrunk(path: string): Promise<KeptTrunk> {
  const folder = resolve(path);
  const json = (await readJson(join(folder, 'config.json'))) as Readonly<Record<string, unknown>> | undefined;
  if (json === undefined)
    throw new SynsegError('MODEL_LOAD', `Cannot create checkpoint: trunk must hold config.json, got "${path}"`);
  const { trunk, embeddingDim } = readModelConfig(json, undefined, folder);
  if (trunk.kind !== 'convolution') {
    const got = trunk.kind === 'onnx' ? 'a ready-made one' : "CLIP's";
    const rule = 'trunk must be a folder with a convolution trunk';
    throw new SynsegError('CHECKPOINT_FORMAT', `Cannot create checkpoint: ${rule}, got ${got} ("${path}")`);
  }
  const { text: _, text_config: __, projection_dim: ___, ...kept } = json;
  const entries = (await Weights.open(folder)).entries().filter(({ name }) => /^(?:trunk|decoder)\./.test(name));
  return { folder, json: kept, embeddingDim, entries, licenses: (await readdir(folder)).filter(isLicense) };
}

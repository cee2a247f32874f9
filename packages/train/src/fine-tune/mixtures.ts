/**
 * Means of the weights before and after training. Between the two, what was learned is kept nearly whole while what was
 * known before comes back: the smallest step away from the start that costs next to nothing is the one to take.
 *
 * @see Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readFloats, readSafetensors, writeSafetensors, type FloatTensor } from '@synseg/core/checkpoint';
import { SINGLE } from '../run/checkpoint-files.ts';
import { exportCheckpoint } from '../run/export.ts';

/** Shares of the trained weights that are tried, the least first. */
const SHARES = [0.25, 0.5, 0.75] as const;
/** mIoU that may be given up for what was known before. */
const WORTH = 0.01;

/** A choice among mixtures. */
export interface Mixture {
  readonly checkpoint: string;
  /** Share of the trained weights, 0 to 1. */
  readonly share: number;
}

/**
 * The mixture with the least share of the trained weights whose score is within {@link WORTH} of theirs.
 *
 * @param start - folder of float32 weights in one file
 * @param trained - checkpoint of the run
 * @param folder - that the mixtures are written to
 * @param score - of the held-out pictures, 0 to 1
 */
export async function chooseMixture(
  start: string,
  trained: string,
  folder: string,
  score: (checkpoint: string) => Promise<number>,
  signal: AbortSignal | undefined,
): Promise<Mixture> {
  await rm(folder, { recursive: true, force: true });
  const least = (await score(trained)) - WORTH;
  const [before, after] = [await tensorsOf(start), await exported(trained, join(folder, '1'), signal)];
  for (const share of SHARES) {
    const checkpoint = join(folder, String(share));
    await exportCheckpoint(trained, checkpoint, { precision: 'fp32', signal });
    await writeSafetensors(join(checkpoint, SINGLE), mean(before, after, share), { format: 'pt' });
    if ((await score(checkpoint)) >= least) return { checkpoint, share };
  }
  return { checkpoint: trained, share: 1 };
}

async function exported(
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, FloatTensor>> {
  await exportCheckpoint(from, to, { precision: 'fp32', signal });
  return tensorsOf(to);
}

async function tensorsOf(folder: string): Promise<ReadonlyMap<string, FloatTensor>> {
  const { tensors } = await readSafetensors(join(folder, SINGLE));
  const read = [...tensors].map(
    async ([name, entry]) => [name, { shape: entry.shape, data: await readFloats(entry) }] as const,
  );
  return new Map(await Promise.all(read));
}

function mean(
  before: ReadonlyMap<string, FloatTensor>,
  after: ReadonlyMap<string, FloatTensor>,
  share: number,
): ReadonlyMap<string, FloatTensor> {
  return new Map(
    [...after].map(([name, { shape, data }]) => {
      const old = before.get(name)?.data ?? data;
      return [name, { shape, data: data.map((value, at) => old[at]! + share * (value - old[at]!)) }];
    }),
  );
}

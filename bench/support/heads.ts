/** Checkpoints to score: where the shipped one lies, and what its encoders do under a decoder that learnt nothing. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EMBEDDED, embeddedFolder } from '@synseg/core/checkpoint';
import { train } from '@synseg/train';

/** A model's folder: `embedded` is the shipped checkpoint's. */
export function modelFolder(model: string): string {
  return model === EMBEDDED ? embeddedFolder() : model;
}

/**
 * Writes the checkpoint's encoders with a random decoder of the same shape.
 *
 * @param data - captions that a run could learn from; nothing is learnt
 * @param out - run folder, not there yet
 * @returns the checkpoint's folder
 */
export async function untrainedHead(encoders: string, data: string, out: string, seed = 42): Promise<string> {
  mkdirSync(out, { recursive: true });
  const run = train({
    data,
    init: 'random',
    trunk: encoders,
    out,
    steps: 0,
    recipe: 'paper',
    batchSize: 1,
    device: 'cpu',
    cacheFolder: join(out, 'cache'),
    seed,
    onWarning: () => undefined,
  });
  for await (const _report of run) break;
  return join(out, 'last');
}

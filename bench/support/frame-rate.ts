/** Frames per second of checkpoints in memory: no file, no decoding, nothing but `segment()`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabelSet, Segmenter } from '@synseg/core';
import { seededPicture } from './random.ts';
import { median } from './statistics.ts';

/** Frames that are made; each is segmented many times. */
const FRAMES = 8;
/** Between two engines' turns: threads that spin after a run go to sleep. */
const PAUSE_MS = 250;
const WARM_UP = 4;

/** A checkpoint that takes turns with others. */
export interface Racer {
  readonly title: string;
  readonly segmenter: Segmenter;
  readonly labels: LabelSet;
}

/** Frames per second of each round. */
export interface FrameRates {
  readonly title: string;
  readonly alone: readonly number[];
  readonly several: readonly number[];
}

/**
 * Frames per second, one at a time and several under way, on prepared frames of the size that the network takes.
 *
 * @param several - calls under way
 * @param frames - segmented in each turn
 */
export async function frameRates(
  racers: readonly Racer[],
  { rounds, frames, several }: { readonly rounds: number; readonly frames: number; readonly several: number },
): Promise<readonly FrameRates[]> {
  const rates = racers.map(({ title }) => ({ title, alone: [] as number[], several: [] as number[] }));
  for (const racer of racers) await rateOf(racer, WARM_UP * several, several);
  for (let round = 0; round < rounds; round++) {
    // Every other round backwards, so that none always comes first.
    const order = [...racers.keys()];
    for (const at of round % 2 === 0 ? order : order.reverse()) {
      await sleep(PAUSE_MS);
      rates[at]!.alone.push(await rateOf(racers[at]!, frames, 1));
      rates[at]!.several.push(await rateOf(racers[at]!, frames, several));
    }
  }
  return rates;
}

/** The best median of all. */
export function bestRate(rates: readonly FrameRates[]): { readonly title: string; readonly rate: number } {
  const all = rates.flatMap(({ title, alone, several }) => [
    { title: `${title}, one at a time`, rate: median(alone) },
    { title: `${title}, several under way`, rate: median(several) },
  ]);
  return all.sort((a, b) => b.rate - a.rate)[0]!;
}

async function rateOf({ segmenter, labels }: Racer, frames: number, underWay: number): Promise<number> {
  const [height, width] = segmenter.inputSize;
  const pictures = Array.from({ length: FRAMES }, (_, seed) => seededPicture(seed, width, height));
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: underWay }, async () => {
      while (next < frames)
        await segmenter.segment({ data: pictures[next++ % FRAMES]!, width, height }, labels, { size: 'model' });
    }),
  );
  return (1000 * frames) / (performance.now() - started);
}

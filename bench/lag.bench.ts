/**
 * The caller's event loop while ViT-B/16 CLIPSeg works: how late a 1 ms timer comes. Aim: never 30 ms.
 *
 *   npm run bench -- lag [--seconds 15] [--threads N] [--precision fp32|int8] [--size full|tiny]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Segmenter, type LabelSet, type Precision, type SegmentOptions, type Segmentation } from '@synseg/core';
import { measureLag, type Lag } from './support/lag-meter.ts';
import { circumstances, load } from './support/machine.ts';
import { pictureFiles } from './support/pictures.ts';
import { ADJECTIVES, NOUNS, randomClipseg, type SizeName } from './support/random-clipseg.ts';
import { table } from './support/statistics.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    threads: { type: 'string' },
    precision: { type: 'string', default: 'fp32' },
    size: { type: 'string', default: 'full' },
  },
});
const seconds = Number(values.seconds);
const rows: string[][] = [];

async function row(title: string, work: () => Promise<unknown>): Promise<void> {
  const lag: Lag = await measureLag(work);
  const digits = (value: number): string => value.toFixed(1);
  rows.push([
    title,
    lag.seconds.toFixed(1),
    String(lag.ticks),
    digits(lag.medianMs),
    digits(lag.p99Ms),
    digits(lag.worstMs),
    lag.worstAtSeconds.toFixed(2),
    digits(lag.worstCollectionMs),
  ]);
  process.stderr.write('.');
}

/** `callers` at once, each segmenting one file after the other, until the time is up. */
async function callers(
  count: number,
  segmenter: Segmenter,
  labels: LabelSet,
  options: SegmentOptions = {},
  each: (result: Segmentation) => unknown = () => undefined,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let next = 0;
  await Promise.all(
    Array.from({ length: count }, async () => {
      while (performance.now() < end)
        await each(await segmenter.segment(files[next++ % files.length] as string, labels, options));
    }),
  );
}

const files = await pictureFiles();
const folder = randomClipseg(values.size as SizeName);
const cacheFolder = await mkdtemp(join(tmpdir(), 'synseg-lag-'));
const loadBefore = load();
try {
  await row('nothing at all', () => sleep(3000));
  let segmenter: Segmenter | undefined;
  const options = {
    device: 'cpu',
    precision: values.precision as Precision,
    cacheFolder,
    ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
  } as const;
  await row('load(), no graph cached', async () => (segmenter = await Segmenter.load(folder, options)));
  await using loaded = segmenter as unknown as Segmenter;
  let twenty: LabelSet | undefined;
  await row(
    'labels(), first ever: hashes the weights, starts the text thread',
    async () => (twenty = await loaded.labels(NOUNS.slice(0, 20), { background: 'none' })),
  );
  const labels = twenty as unknown as LabelSet;
  await row('1 caller', () => callers(1, loaded, labels));
  await row('8 callers', () => callers(8, loaded, labels));
  await row('8 callers, five views', () => callers(8, loaded, labels, { views: 5 }));
  await row('8 callers, masks and activations of 20 labels at 640×480', () =>
    callers(8, loaded, labels, { output: ['labels', 'masks', 'activations'], size: { width: 640, height: 480 } }),
  );
  let fresh = 0;
  await row('8 callers, new labels for every picture', () =>
    callers(8, loaded, labels, {}, () =>
      loaded.labels(NOUNS.map((noun) => `${ADJECTIVES[fresh++ % ADJECTIVES.length] ?? ''} ${noun}`)),
    ),
  );
  const half = { size: { width: 1920, height: 1080 } } as const;
  await row('2 callers, areas of 1920×1080', () => callers(2, loaded, labels, half, (result) => result.areas));
  await row('2 callers, toRLE() of 1920×1080', () => callers(2, loaded, labels, half, (result) => result.toRLE()));
  await row('2 callers, toPNG() of 1920×1080', () => callers(2, loaded, labels, half, (result) => result.toPNG()));
  await row('2 callers, overlay() of 1920×1080', () =>
    callers(2, loaded, labels, half, (result) => result.overlay(files[1] as string)),
  );
  await row('dispose()', () => loaded[Symbol.asyncDispose]());
} finally {
  await rm(cacheFolder, { recursive: true, force: true });
}
console.log(
  `\n${circumstances(['@synseg/core', 'onnxruntime-node', 'sharp'])}; ${values.precision}, ` +
    `${values.threads ?? 'default'} threads, 20 labels, size ${values.size}, load before ${loadBefore}`,
);
console.log("lateness of a 1 ms timer in the caller's thread, ms\n");
console.log(table(['while', 'seconds', 'ticks', 'median', '99 %', 'worst', 'worst at, s', 'longest GC'], rows));

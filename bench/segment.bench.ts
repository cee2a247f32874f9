/**
 * CLIPSeg with ViT-B/16, 352×352, random weights, a 640×480 picture in memory: this package against transformers.js on
 * the same weights and the same number of threads.
 *
 * Ours is timed from pixels to a label map at the picture's size; the peer from pixels to its logits, without upsampling
 * or argmax. Engines run one per process, in turn, for several rounds. Before that, both must compute the same maps.
 *
 *   npm run bench -- segment [--rounds 3] [--threads N] [--size full|tiny]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCache, circumstances, load } from './support/machine.ts';
import { PEER, installPeer } from './support/peer.ts';
import { SIZES, randomClipseg, type SizeName } from './support/random-clipseg.ts';
import type { EngineTask, EngineTimes } from './support/segment-engine.ts';
import { median, spread, table } from './support/statistics.ts';

/** Largest difference of an activation between ours in fp32 and the peer: both sum in float32, in different orders. */
const TOLERANCE = 1e-3;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' }, threads: { type: 'string' }, size: { type: 'string', default: 'full' } } });
const rounds = Number(values.rounds);
const threads = Number(values.threads ?? Math.min(8, availableParallelism()));
const size = values.size as SizeName;
if (!(size in SIZES) || !(rounds >= 1) || !(threads >= 1)) throw new RangeError(`Cannot run bench: rounds and threads must be positive and size one of ${Object.keys(SIZES).join(', ')}, got ${JSON.stringify(values)}`);

const ENGINES = {
  fp32: { engine: 'ours', precision: 'fp32' },
  int8: { engine: 'ours', precision: 'int8' },
  peer: { engine: 'peer', precision: 'fp32' },
} as const;
type EngineName = keyof typeof ENGINES;
const names = Object.keys(ENGINES) as EngineName[];

function runEngine(name: EngineName, more: Partial<EngineTask> = {}): Promise<EngineTimes> {
  const task: EngineTask = { ...ENGINES[name], size, threads, ...more };
  const script = join(import.meta.dirname, 'support/segment-engine.ts');
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(import.meta.dirname, '../tsconfig.run.json') };
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(task)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(text.trim().split('\n').at(-1) ?? '') as EngineTimes);
      else reject(new Error(`Cannot run bench: engine "${name}" must finish, got exit code ${String(code)}`));
    });
  });
}

/** Activation maps of one picture by every engine; the largest difference from the peer's. */
async function compare(): Promise<Record<EngineName, number>> {
  const maps = {} as Record<EngineName, Float32Array>;
  mkdirSync(benchCache, { recursive: true });
  for (const name of names) {
    const check = join(benchCache, `check-${name}.f32`);
    await runEngine(name, { check });
    maps[name] = new Float32Array(new Uint8Array(readFileSync(check)).buffer);
  }
  const difference = (name: EngineName): number => {
    if (maps[name].length !== maps.peer.length) throw new Error(`Cannot compare: maps must have equal size, got ${maps[name].length} and ${maps.peer.length}`);
    return maps[name].reduce((largest, value, i) => Math.max(largest, Math.abs(value - (maps.peer[i] as number))), 0);
  };
  return { fp32: difference('fp32'), int8: difference('int8'), peer: 0 };
}

installPeer();
randomClipseg(size);
console.log(circumstances(['@synseg/core', 'onnxruntime-node']), `; ${PEER.name} ${PEER.version}; ${threads} threads, ${rounds} rounds, size ${size}`);
const difference = await compare();
console.log(`largest difference of an activation from the peer's: fp32 ${difference.fp32.toExponential(1)}, int8 ${difference.int8.toExponential(1)}`);
if (!(difference.fp32 <= TOLERANCE)) throw new Error(`Cannot compare engines: activations must agree within ${TOLERANCE}, got ${difference.fp32}`);

const results: Record<EngineName, EngineTimes[]> = { fp32: [], int8: [], peer: [] };
const loads: string[] = [];
for (let round = 0; round < rounds; round++) {
  // Every other round backwards, so that none always runs on the warmer machine.
  for (const name of round % 2 === 0 ? names : [...names].reverse()) {
    loads.push(load());
    results[name].push(await runEngine(name));
    process.stderr.write(` ${name}, round ${round + 1}\n`);
  }
}

/** One median per round. */
function medians(name: EngineName, row: string): number[] {
  return results[name].map((times) => median(times[row] ?? [NaN]));
}

/** `peer / ours` per round, engines of the same round. */
function ratio(name: EngineName, row: string, peerRow: string): string {
  const peers = medians('peer', peerRow);
  return `${spread(medians(name, row).map((ours, round) => (peers[round] as number) / ours), 2)}`;
}

/** Row title, our case, the peer's case. */
const rows: readonly (readonly [title: string, ours: string, peer: string])[] = [1, 5, 20].flatMap((count) => {
  const labels = `${count} label${count === 1 ? '' : 's'}`;
  const same = `1 view, ${count}`;
  return [
    [`1 view, ${labels}`, same, same],
    [`1 view, ${labels}, never seen before`, `${same} new`, same],
    [`picture encoded before, ${labels}, never seen before`, `encoded, ${count} new`, same],
    [`picture encoded before, ${labels}`, `encoded, ${count}`, same],
    ...(count > 1 ? [[`1 view, ${labels}; the peer's picture repeated per prompt`, same, `${same}, image repeated`] as const] : []),
    [`5 views, ${labels}`, `5 views, ${count}`, `5 views, ${count}`],
  ] as const;
});
console.log(`load before each process: ${loads.join(' ')}\n`);
console.log('ms per picture, median of the rounds (lowest–highest); ratio = peer / ours\n');
console.log(
  table(
    ['case', 'ours fp32', 'ours int8', 'transformers.js fp32', 'ratio fp32', 'ratio int8'],
    rows.map(([title, row, peerRow]) => [title, spread(medians('fp32', row)), spread(medians('int8', row)), spread(medians('peer', peerRow)), ratio('fp32', row, peerRow), ratio('int8', row, peerRow)]),
  ),
);

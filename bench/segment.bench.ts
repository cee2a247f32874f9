/**
 * CLIPSeg with ViT-B/16, 352×352, random weights, a 640×480 picture in memory: this package against transformers.js on
 * the same weights and the same number of threads.
 *
 * Ours is timed from pixels to a label map at the picture's size; the peer from pixels to its logits, without
 * upsampling
 * or argmax. Both must compute the same maps before anything is timed. Each engine has a process of its own; one works
 * while the others sleep, and they take turns case by case, so that what else the machine does hits all alike.
 *
 *   npm run bench -- segment [--rounds 3] [--threads N] [--size full|tiny]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { benchCache, circumstances, load } from './support/machine.ts';
import { PEER, installPeer } from './support/peer.ts';
import { exportForPeer } from './support/peer-onnx.ts';
import { SIZES, randomClipseg, type SizeName } from './support/random-clipseg.ts';
import type { EngineCommand, EngineTask } from './support/segment-engine.ts';
import { median, spread, table } from './support/statistics.ts';

/** Largest difference of an activation between ours in fp32 and the peer: both sum in float32, in different orders. */
const TOLERANCE = 1e-3;

/** Between two engines' turns: threads that spin after a run go to sleep. */
const PAUSE_MS = 250;
const CALLS_PER_ROUND = 3;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string' },
    size: { type: 'string', default: 'full' },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads ?? Math.min(8, availableParallelism()));
const size = values.size as SizeName;
if (!(size in SIZES) || !(rounds >= 1) || !(threads >= 1))
  throw new RangeError(
    `Cannot run bench: rounds and threads must be positive and size one of ${Object.keys(SIZES).join(', ')}, got ` +
      `${JSON.stringify(values)}`,
  );

const ENGINES = {
  fp32: { engine: 'ours', precision: 'fp32' },
  int8: { engine: 'ours', precision: 'int8' },
  peer: { engine: 'peer', precision: 'fp32' },
} as const;
type EngineName = keyof typeof ENGINES;
const names = Object.keys(ENGINES) as EngineName[];

function start(name: EngineName, more: Partial<EngineTask> = {}): ChildProcess {
  const task: EngineTask = { ...ENGINES[name], size, threads, ...more };
  const script = join(import.meta.dirname, 'support/segment-engine.ts');
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(import.meta.dirname, '../tsconfig.run.json') };
  return spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(task)], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

function ended(name: EngineName, child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`Cannot run bench: engine "${name}" must finish, got exit code ${String(code)}`)),
    );
  });
}

/** Activation maps of one picture by every engine; the largest difference from the peer's. */
async function compare(): Promise<Record<EngineName, number>> {
  const maps = {} as Record<EngineName, Float32Array>;
  mkdirSync(benchCache, { recursive: true });
  for (const name of names) {
    const check = join(benchCache, `check-${name}.f32`);
    await ended(name, start(name, { check }));
    maps[name] = new Float32Array(new Uint8Array(readFileSync(check)).buffer);
  }
  const difference = (name: EngineName): number => {
    if (maps[name].length !== maps.peer.length)
      throw new Error(`Cannot compare: maps must have equal size, got ${maps[name].length} and ${maps.peer.length}`);
    return maps[name].reduce((largest, value, i) => Math.max(largest, Math.abs(value - (maps.peer[i] as number))), 0);
  };
  return { fp32: difference('fp32'), int8: difference('int8'), peer: 0 };
}

/** A running engine. */
interface Engine {
  readonly name: EngineName;
  readonly run: (command: EngineCommand) => Promise<readonly number[]>;
  readonly close: () => Promise<void>;
}

async function open(name: EngineName): Promise<Engine> {
  const child = start(name);
  const end = ended(name, child);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const line = async (): Promise<unknown> =>
    JSON.parse(
      (
        await Promise.race([
          lines.next(),
          end.then(() => Promise.reject(new Error(`internal: engine "${name}" ended early`))),
        ])
      ).value as string,
    );
  await line();
  return {
    name,
    run: async (command) => {
      child.stdin?.write(`${JSON.stringify(command)}\n`);
      return (await line()) as readonly number[];
    },
    close: () => {
      child.stdin?.end();
      return end;
    },
  };
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
    ...(count > 1
      ? [[`1 view, ${labels}; the peer's picture repeated per prompt`, same, `${same}, image repeated`] as const]
      : []),
    [`5 views, ${labels}`, `5 views, ${count}`, `5 views, ${count}`],
  ] as const;
});

installPeer();
await exportForPeer(randomClipseg(size));
console.log(
  `${circumstances(['@synseg/core', 'onnxruntime-node'])}, ${PEER.name} ${PEER.version}; ${threads} threads, ` +
    `${rounds} rounds, size ${size}`,
);
const difference = await compare();
console.log(
  `largest difference of an activation from the peer's: fp32 ${difference.fp32.toExponential(1)}, int8 ` +
    `${difference.int8.toExponential(1)}`,
);
if (!(difference.fp32 <= TOLERANCE))
  throw new Error(`Cannot compare engines: activations must agree within ${TOLERANCE}, got ${difference.fp32}`);

const engines: Engine[] = [];
for (const name of names) engines.push(await open(name));
const loads = [Number(load())];
const report: string[][] = [];
for (const [title, ourCase, peerCase] of rows) {
  const medians: Record<EngineName, number[]> = { fp32: [], int8: [], peer: [] };
  const caseOf = (name: EngineName): string => (name === 'peer' ? peerCase : ourCase);
  const slow = peerCase.endsWith('repeated');
  for (const { name, run } of engines) if (!slow || name !== 'peer') await run({ run: caseOf(name), calls: 1 });
  for (let round = 0; round < rounds; round++) {
    // Every other round backwards, so that none always comes first.
    for (const { name, run } of round % 2 === 0 ? engines : [...engines].reverse()) {
      await sleep(PAUSE_MS);
      medians[name].push(
        median(await run({ run: caseOf(name), calls: slow && name === 'peer' ? 1 : CALLS_PER_ROUND })),
      );
    }
  }
  const ratio = (name: EngineName): string =>
    spread(
      medians[name].map((ours, round) => (medians.peer[round] as number) / ours),
      2,
    );
  report.push([title, spread(medians.fp32), spread(medians.int8), spread(medians.peer), ratio('fp32'), ratio('int8')]);
  loads.push(Number(load()));
  process.stderr.write('.');
}
for (const engine of engines) await engine.close();
console.log(
  `load average during the bench, which itself makes ${threads}: ${Math.min(...loads)}–${Math.max(...loads)}\n`,
);
console.log('ms per picture: median of the rounds (lowest–highest); ratio: peer / ours of the same round\n');
console.log(table(['case', 'ours fp32', 'ours int8', 'transformers.js fp32', 'ratio fp32', 'ratio int8'], report));

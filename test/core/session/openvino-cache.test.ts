/** The cache of compiled graphs, with a compiler of the test's own: what it is given, when, and what it leaves. */
import { mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { decodeModel } from '../../../packages/core/src/graph/onnx-schema.ts';
import { writeOnnx, type OnnxModel } from '../../../packages/core/src/graph/onnx-writer.ts';
import { add } from '../../../packages/core/src/graph/ops.ts';
import { compileCached } from '../../../packages/core/src/session/openvino-cache.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const weights = join(root, 'weights');
let [cacheFolder, section] = ['', ''];
let runs = 0;
beforeEach(() => {
  runs++;
  cacheFolder = join(root, `cache ${runs}`);
  section = join(cacheFolder, 'openvino');
  mkdirSync(weights, { recursive: true });
  writeFileSync(join(weights, 'a.bin'), Buffer.from(Float32Array.of(9, 1, 2, 9).buffer));
});

/** `x + w`, where w is two numbers in the middle of the file. */
function model(name = 'sum'): OnnxModel {
  const graph = new Graph(name);
  const place = { kind: 'file', path: join(weights, 'a.bin'), offset: 4, length: 8 } as const;
  graph.output('y', add(graph.input('x', 'float32', [2]), graph.constant('w', 'float32', [2], place)));
  return writeOnnx(graph);
}

interface Seen {
  readonly file: string;
  readonly warm: boolean;
  readonly weights: readonly number[];
}

/** Like OpenVINO: reads a file of its own that lies in the folder, else the graph and its weights, and writes one. */
function compile(file: string, folder: string): Seen {
  const own = readdirSync(folder).find((name) => name.endsWith('.blob'));
  if (own !== undefined) return { file, warm: true, weights: numbersOf(readFileSync(join(folder, own))) };
  const [tensor] = decodeModel(readFileSync(file)).graph.initializer;
  const entry = Object.fromEntries((tensor?.externalData ?? []).map(({ key, value }) => [key, value]));
  const bytes = readFileSync(join(folder, entry['location'] ?? '')).subarray(Number(entry['offset']));
  const read = bytes.subarray(0, Number(entry['length']));
  writeFileSync(join(folder, '1.blob'), read);
  return { file, warm: false, weights: numbersOf(read) };
}
const numbersOf = (bytes: Buffer): number[] => [bytes.readFloatLE(0), bytes.readFloatLE(4)];

const get = (key = 'fp32', of = model()): Promise<Seen> => compileCached(of, [key], cacheFolder, compile);
const folders = (): string[] => readdirSync(section).filter((name) => name.startsWith('graph-'));

describe('the cache of compiled graphs', () => {
  it('gives the compiler graph and weights in one folder, and later its own file without the weights', async () => {
    const cold = await get();
    expect(cold).toMatchObject({ warm: false, weights: [1, 2] });
    expect(await get()).toEqual({ ...cold, warm: true });
    expect(readdirSync(join(section, folders()[0] as string)).sort()).toEqual(['1.blob', 'graph.onnx']);
  });

  it('compiles anew for another precision, graph or weights', async () => {
    await get();
    expect(await get('bf16')).toMatchObject({ warm: false });
    expect(await get('fp32', model('other'))).toMatchObject({ warm: false });
    writeFileSync(join(weights, 'a.bin'), Buffer.from(Float32Array.of(9, 3, 4, 9).buffer));
    expect(await get()).toMatchObject({ warm: false, weights: [3, 4] });
    expect(folders()).toHaveLength(4);
  });

  it('compiles anew what was damaged on disk', async () => {
    const { file } = await get();
    const blob = join(file, '../1.blob');
    const bytes = readFileSync(blob);
    bytes[0] = (bytes[0] as number) ^ 1;
    writeFileSync(blob, bytes);
    expect(await get()).toMatchObject({ warm: false, weights: [1, 2] });
    expect(await get()).toMatchObject({ warm: true, weights: [1, 2] });
  });

  it('compiles anew what the compiler no longer takes', async () => {
    const first = await get();
    const picky = (file: string, folder: string): Seen => {
      if (file === first.file) throw new Error('made by another');
      return compile(file, folder);
    };
    const again = await compileCached(model(), ['fp32'], cacheFolder, picky);
    expect(again).toMatchObject({ warm: false, weights: [1, 2] });
    expect(await get()).toEqual({ ...again, warm: true });
  });

  it('keeps one of those that are compiled at once, and each caller has its own meanwhile', async () => {
    const all = await Promise.all([get(), get(), get()]);
    expect(new Set(all.map(({ file }) => file)).size).toBe(3);
    expect(all.map(({ weights: read }) => read)).toEqual([[1, 2], [1, 2], [1, 2]]); // prettier-ignore
    expect(await get()).toMatchObject({ warm: true });
  });

  it('leaves nothing when the compiler fails, and says what it said', async () => {
    const failing = (): never => {
      throw new Error('no such operator');
    };
    await expect(compileCached(model(), ['fp32'], cacheFolder, failing)).rejects.toThrow('no such operator');
    expect(readdirSync(section)).toEqual([]);
  });

  it('works where the cache cannot be written, and leaves nothing elsewhere', async () => {
    writeFileSync(cacheFolder, 'a file in its place');
    const { file, ...seen } = await get();
    expect(seen).toEqual({ warm: false, weights: [1, 2] });
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  it('removes what an ended process left behind, not what another one is filling', async () => {
    for (const name of ['graph-old', 'graph-new']) mkdirSync(join(section, name), { recursive: true });
    const long = new Date(Date.now() - 4_000_000);
    utimesSync(join(section, 'graph-old'), long, long);
    const kept = basename(join((await get()).file, '..'));
    utimesSync(join(section, kept), long, long);
    await get('bf16');
    expect(folders()).toEqual(expect.arrayContaining(['graph-new', kept]));
    expect(folders()).not.toContain('graph-old');
  });

  it('says which weights are cut off', async () => {
    const cut = model();
    writeFileSync(join(weights, 'a.bin'), Buffer.alloc(8));
    await expect(get('fp32', cut)).rejects.toThrow('weights end within "w"');
  });
});

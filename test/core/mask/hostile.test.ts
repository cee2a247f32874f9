/**
 * Every public function of masks and label maps, with each of its arguments in turn replaced by what plain JavaScript
 * may hand over.
 */
import { describe, expect, it } from 'vitest';
import * as core from '../../../packages/core/src/masks.ts';
import { runsOf } from '../../../packages/core/src/mask/rle.ts';
import { uniform } from '../../support/random.ts';

const map = Uint8Array.of(0, 1, 255, 0, 1, 1);
const colors = core.labelColors(['a', 'b']);
const bitmap = { data: new Uint8Array(16), width: 2, height: 2 };
const rle = core.encodeRLE(map, 3, 2);

type Call = readonly [name: string, call: (...values: never[]) => unknown, values: readonly unknown[]];
const calls = (
  [
    ['encodeRLE', core.encodeRLE, map, 3, 2],
    ['encodeLabelRLE', core.encodeLabelRLE, map, 3, 2, 1],
    ['encodeLabelMapRLE', core.encodeLabelMapRLE, map, 3, 2, 2],
    ['decodeRLE', core.decodeRLE, rle, { maxPixels: 6 }],
    ['decodeRLE of a size', (size: [number, number]) => core.decodeRLE({ size, counts: rle.counts }), rle.size],
    ['decodeRLE of counts', (counts: string) => core.decodeRLE({ size: rle.size, counts }), rle.counts],
    ['measureRLE', core.measureRLE, rle],
    ['measureRLE of a size', (size: [number, number]) => core.measureRLE({ size, counts: rle.counts }), rle.size],
    ['measureRLE of counts', (counts: string) => core.measureRLE({ size: rle.size, counts }), rle.counts],
    ['tracePolygons', core.tracePolygons, map, 3, 2, { tolerance: 1, minArea: 0 }],
    [
      'tracePolygons with',
      (tolerance: number, minArea: number) => core.tracePolygons(map, 3, 2, { tolerance, minArea }),
      1,
      0,
    ],
    ['resizeLabelMap', core.resizeLabelMap, map, 3, 2, 6, 4, { borders: 'smooth', maxPixels: 24 }],
    [
      'resizeLabelMap with',
      (borders: 'smooth', maxPixels: number) => core.resizeLabelMap(map, 3, 2, 6, 4, { borders, maxPixels }),
      'smooth',
      24,
    ],
    ['blendOverlay', core.blendOverlay, new Uint8Array(18), 3, 2, map, 3, 2, colors, { alpha: 0.5 }],
    [
      'blendOverlay with',
      (alpha: number, contour: boolean) =>
        core.blendOverlay(new Uint8Array(18), 3, 2, map, 3, 2, colors, { alpha, contour }),
      0.5,
      true,
    ],
    ['blendBitmap', core.blendBitmap, new Uint8Array(18), 3, 2, bitmap, 1, 0],
    ['legendSVG', core.legendSVG, ['a', 'b'], colors, { a: 0.5 }, { fontSize: 16 }],
    [
      'legendSVG with',
      (fontSize: number, background: number, more: number) =>
        core.legendSVG(['a'], colors, {}, { fontSize, background, more }),
      16,
      0.5,
      3,
    ],
    ['drawLegend', core.drawLegend, ['a', 'b'], colors, 640, 480, { areas: { a: 0.5 }, background: true }],
    ['labelColors', core.labelColors, ['a', 'b'], ['#ffffff', undefined]],
    [
      'decideLabels',
      core.decideLabels,
      new Float32Array(12),
      3,
      2,
      { thresholds: [0.5, undefined], background: 'threshold' },
    ],
    ['encodeIndexedPNG', core.encodeIndexedPNG, map, 3, 2, colors, { transparentBackground: true }],
  ] as const
).map(([name, call, ...values]): Call => [name, call, values]);

const cyclic: unknown[] = [];
cyclic.push(cyclic);
const junk: readonly unknown[] = [
  null,
  true,
  'text',
  '',
  Symbol('s'),
  5n,
  NaN,
  -1,
  0,
  1.5,
  Infinity,
  2 ** 31,
  2 ** 53,
  () => 1,
  {},
  [],
  cyclic,
  [null],
  [undefined, undefined],
  [Symbol('s')],
  Object.create(null),
  new Map(),
  new Date(NaN),
  Promise.resolve(map),
  new Uint8Array(0),
  new Uint16Array(6),
  new Uint8ClampedArray(6),
  new Float32Array(12).fill(NaN),
  new ArrayBuffer(6),
  { length: 6 },
  { length: 2 ** 40 },
  new Array(3),
  [1, 2],
  ['a', 'a'],
  [[0, 0, 256]],
  { '': 1 },
  new Proxy({}, {}),
];

describe.each(calls)('%s()', (_, call, values) => {
  it('takes what it should', async () => {
    await expect((async () => call(...(values as never[])))()).resolves.not.toThrow();
  });

  it('answers with an error of ours, or takes it, whatever comes in the place of an argument', async () => {
    for (const place of values.keys()) {
      for (const value of junk) {
        const outcome = await (async () => call(...(values.with(place, value) as never[])))().catch(
          (error: unknown) => error,
        );
        if (!(outcome instanceof Error)) continue;
        expect(outcome.message, String(place)).toMatch(/^Cannot [a-zA-Z ]+: .+ must .+, got .+$/s);
        expect(['TypeError', 'RangeError', 'SynsegError']).toContain(outcome.name);
      }
    }
  });
});

it('RLE strings of any bytes give a mask or an error of ours', () => {
  const random = uniform(7);
  for (let round = 0; round < 3000; round++) {
    const counts = Array.from({ length: Math.floor(random() * 12) }, () =>
      String.fromCharCode(48 + Math.floor(random() * 66)),
    ).join('');
    const read = (): unknown => [...runsOf('read', counts, 1 + Math.floor(random() * 100))];
    try {
      read();
    } catch (error) {
      expect((error as Error).message).toMatch(/^Cannot read: counts must .+, got .+$/);
    }
  }
});

/** Logits to label maps, masks and activations, against float64 loops. */
import { describe, expect, it } from 'vitest';
import { buildPostprocessGraph } from '../../../packages/core/src/model/model-graphs.ts';
import { BACKGROUND } from '../../../packages/core/src/model/background.ts';
import {
  decisionOf,
  logitOf,
  sampleRows,
  type Background,
  type Decision,
} from '../../../packages/core/src/model/postprocess.ts';
import type { TensorData } from '../../../packages/core/src/session/graph-session.ts';
import { gaussians } from '../../support/random.ts';
import { runGraph, worstExcess } from '../../support/tensors.ts';

const ALL = { labels: true, masks: true, activations: true };

function decisionFeeds(decision: Decision): Record<string, TensorData> {
  const { winThresholds, maskThresholds, handicaps, background } = decision;
  const vector = (data: Float32Array): TensorData => ({ data, shape: [data.length] });
  return {
    maskThresholds: vector(maskThresholds),
    ...(background ? { winThresholds: vector(winThresholds) } : {}),
    ...(handicaps === undefined ? {} : { handicaps: vector(handicaps) }),
  };
}

/** Winner per pixel of one row of pixels: `activations[label][pixel]`, no resampling. */
async function decide(
  activations: readonly (readonly number[])[],
  thresholds: readonly (number | undefined)[],
  background: Background,
  usual?: readonly number[],
): Promise<{ labels: number[]; masks: number[][] }> {
  const [count, width] = [activations.length, activations[0]?.length ?? 0];
  const decision = decisionOf(thresholds, background, usual);
  const graph = buildPostprocessGraph({
    size: [1, width],
    tiles: [1, 1],
    resample: false,
    background: decision.background,
    handicaps: decision.handicaps !== undefined,
    outputs: ALL,
  });
  const logits = Float32Array.from(activations.flat(), logitOf);
  const results = await runGraph(graph, {
    logits: { data: logits, shape: [1, count, 1, width] },
    ...decisionFeeds(decision),
  });
  const masks = results['masks']?.data as Uint8Array;
  return {
    labels: [...(results['labels']?.data as Uint8Array)],
    masks: activations.map((_, label) => [...masks.slice(label * width, (label + 1) * width)]),
  };
}

describe('which label wins a pixel', () => {
  const none = [undefined, undefined];

  it('the one with the highest activation; without background every pixel has one', async () => {
    expect(
      (
        await decide(
          [
            [0.9, 0.1, 0.01],
            [0.2, 0.3, 0.02],
          ],
          none,
          'none',
        )
      ).labels,
    ).toEqual([0, 1, 1]);
  });

  it('the first of equals', async () => {
    expect(
      (
        await decide(
          [
            [0.4, 0.7],
            [0.4, 0.7],
          ],
          none,
          'none',
        )
      ).labels,
    ).toEqual([0, 0]);
  });

  it('a background plane wins where it is higher, and loses a tie', async () => {
    expect(
      (
        await decide(
          [
            [0.3, 0.5, 0.1],
            [0.2, 0.6, 0.39],
          ],
          none,
          0.4,
        )
      ).labels,
    ).toEqual([BACKGROUND, 1, BACKGROUND]);
    expect((await decide([[0.4], [0.1]], none, 0.4)).labels).toEqual([0]);
  });

  it('with thresholds, only labels that reach theirs; 0.5 where none was given', async () => {
    // Pixel 1: label 1 is higher but below its own threshold, label 0 reaches its lower one.
    expect(
      (
        await decide(
          [
            [0.6, 0.3, 0.1, 0.4],
            [0.2, 0.7, 0.49, 0.9],
          ],
          [0.2, 0.8],
          'threshold',
        )
      ).labels,
    ).toEqual([0, 0, BACKGROUND, 1]);
    expect(
      (
        await decide(
          [
            [0.49, 0.5],
            [0.1, 0.2],
          ],
          none,
          'threshold',
        )
      ).labels,
    ).toEqual([BACKGROUND, 0]);
  });

  it('of labels with thresholds in the checkpoint, the one with the highest logit less half of its', async () => {
    // Logits ln 4, ln 3, ln 2; half the logits of thresholds 0.9 and 0.5 are ln 3 and 0.
    const maps = [
      [0.8, 0.8, 0.8],
      [0.5, 0.75, 2 / 3],
    ];
    expect((await decide(maps, none, 'none', [0.9, 0.5])).labels).toEqual([0, 1, 1]);
    expect((await decide(maps, none, 'none', [0.9, 0.9])).labels).toEqual([0, 0, 0]);
    expect(await decide(maps, none, 'threshold', [0.9, 0.6])).toEqual({
      labels: [BACKGROUND, 1, 1],
      masks: [
        [0, 0, 0],
        [0, 1, 1],
      ],
    });
    expect((await decide(maps, none, 0.79, [0.9, 0.5])).labels).toEqual([0, 0, 0]);
  });

  it('with plane and thresholds, who reaches both', async () => {
    expect((await decide([[0.6, 0.3, 0.5]], [0.2], 0.4)).labels).toEqual([0, BACKGROUND, 0]);
    expect((await decide([[0.6, 0.7]], [0.65], 0.4)).labels).toEqual([BACKGROUND, 0]);
  });

  it('without background thresholds bear on masks only', async () => {
    expect(
      await decide(
        [
          [0.6, 0.3],
          [0.2, 0.1],
        ],
        [0.9, 0.15],
        'none',
      ),
    ).toEqual({
      labels: [0, 0],
      masks: [
        [0, 0],
        [1, 0],
      ],
    });
  });

  it.each([
    ['plane 0 lets every label win', 0, [0, 0]],
    ['plane 1 lets none', 1, [BACKGROUND, BACKGROUND]],
  ])('%s', async (_, plane, expected) => {
    expect((await decide([[0.0001, 0.9999]], [undefined], plane)).labels).toEqual(expected);
  });

  it('threshold 0 lets a label always through, 1 never', async () => {
    expect(
      await decide(
        [
          [1e-9, 0.2],
          [0.9, 1 - 1e-9],
        ],
        [0, 1],
        'threshold',
      ),
    ).toMatchObject({
      labels: [0, 0],
      masks: [
        [1, 1],
        [0, 0],
      ],
    });
  });

  it('masks may overlap', async () => {
    expect(
      (
        await decide(
          [
            [0.6, 0.4],
            [0.7, 0.6],
          ],
          none,
          'none',
        )
      ).masks,
    ).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });
});

describe('resampling', () => {
  const [labels, height, width] = [3, 5, 7];
  const logits = gaussians(labels * height * width, 3, 2);

  async function sampled(
    rows: number,
    columns: number,
    start = 0,
    end = rows,
    order?: 'after' | 'before',
  ): Promise<Record<string, TensorData>> {
    const { upper, lower, fraction } = sampleRows(height, rows, start, end);
    const shape = [end - start];
    const across = sampleRows(width, columns, 0, columns);
    const alike = {
      left: { data: across.upper, shape: [columns] },
      right: { data: across.lower, shape: [columns] },
      across: { data: across.fraction, shape: [columns] },
    };
    return runGraph(
      buildPostprocessGraph({
        size: [height, width],
        tiles: [1, 1],
        resample: true,
        ...(order === undefined ? {} : { columns: order }),
        background: true,
        outputs: ALL,
      }),
      {
        logits: { data: logits, shape: [1, labels, height, width] },
        ...(order === undefined ? { columns: { data: BigInt64Array.of(BigInt(columns)), shape: [1] } } : alike),
        upper: { data: upper, shape },
        lower: { data: lower, shape },
        fraction: { data: fraction, shape },
        ...decisionFeeds(decisionOf([0.3, 0.5, 0.6], 'threshold')),
      },
    );
  }

  /** Half-pixel bilinear in float64. */
  function reference(rows: number, columns: number): number[] {
    const clamp = (value: number, last: number): number => Math.min(Math.max(value, 0), last);
    const result: number[] = [];
    for (let label = 0; label < labels; label++) {
      const at = (y: number, x: number): number => logits[(label * height + y) * width + x] as number;
      for (let y = 0; y < rows; y++) {
        const sourceY = clamp(((y + 0.5) * height) / rows - 0.5, height - 1);
        const [top, bottom] = [Math.floor(sourceY), clamp(Math.floor(sourceY) + 1, height - 1)];
        for (let x = 0; x < columns; x++) {
          const sourceX = clamp(((x + 0.5) * width) / columns - 0.5, width - 1);
          const [left, right] = [Math.floor(sourceX), clamp(Math.floor(sourceX) + 1, width - 1)];
          const [fy, fx] = [sourceY - top, sourceX - left];
          result.push(
            (1 - fy) * ((1 - fx) * at(top, left) + fx * at(top, right)) +
              fy * ((1 - fx) * at(bottom, left) + fx * at(bottom, right)),
          );
        }
      }
    }
    return result;
  }

  it.each([
    [12, 19],
    [10, 14],
    [5, 8],
    [3, 4],
    [1, 1],
    [64, 2],
  ])('to %i × %i is bilinear with half-pixel centres', async (rows, columns) => {
    const { activations } = await sampled(rows, columns);
    const expected = reference(rows, columns).map((logit) => 1 / (1 + Math.exp(-logit)));
    expect(activations?.shape).toEqual([labels, rows, columns]);
    // Positions are computed in float32 by the runtime: 1e-6 of a pixel, times slopes below 10.
    expect(worstExcess(activations?.data as Float32Array, expected, 5e-6, 1e-6).excess).toBeLessThanOrEqual(0);
  });

  it.each(['after', 'before'] as const)('the same where columns are resampled as rows are, %s them', async (order) => {
    for (const [rows, columns] of [
      [12, 19],
      [1, 40],
      [40, 1],
    ] as const) {
      const { activations } = await sampled(rows, columns, 0, rows, order);
      const expected = reference(rows, columns).map((logit) => 1 / (1 + Math.exp(-logit)));
      expect(worstExcess(activations?.data as Float32Array, expected, 5e-6, 1e-6).excess).toBeLessThanOrEqual(0);
    }
  });

  it('label map and masks follow from the resampled logits, not from resampled labels', async () => {
    const { labels: map, masks } = await sampled(12, 19);
    const values = reference(12, 19);
    const thresholds = [0.3, 0.5, 0.6].map(logitOf);
    const expected = Array.from({ length: 12 * 19 }, (_, pixel) => {
      let [winner, best] = [BACKGROUND, -Infinity];
      thresholds.forEach((threshold, label) => {
        const value = values[label * 12 * 19 + pixel] as number;
        if (value >= threshold && value > best) [winner, best] = [label, value];
      });
      return winner;
    });
    expect([...(map?.data as Uint8Array)]).toEqual(expected);
    expect([...(masks?.data as Uint8Array)]).toEqual(
      values.map((value, index) => (value >= (thresholds[Math.floor(index / 12 / 19)] as number) ? 1 : 0)),
    );
  });

  it('in strips gives the same bytes as at once', async () => {
    const whole = await sampled(11, 9);
    const strips = await Promise.all(
      [
        [0, 1],
        [1, 6],
        [6, 11],
      ].map(([start, end]) => sampled(11, 9, start, end)),
    );
    expect(strips.flatMap((strip) => [...(strip['labels']?.data as Uint8Array)])).toEqual([
      ...(whole['labels']?.data as Uint8Array),
    ]);
    for (let label = 0; label < labels; label++) {
      const joined = strips.flatMap((strip) => {
        const { data, shape } = strip['activations'] as TensorData;
        const size = (shape[1] as number) * 9;
        return [...(data as Float32Array).slice(label * size, (label + 1) * size)];
      });
      expect(joined).toEqual([...(whole['activations']?.data as Float32Array).slice(label * 99, (label + 1) * 99)]);
    }
  });
});

describe('tiles', () => {
  it.each([
    ['side by side', [1, 2], [0, 1, 4, 5, 2, 3, 6, 7]],
    ['one above the other', [2, 1], [0, 1, 2, 3, 4, 5, 6, 7]],
  ] as const)('are stitched %s', async (_, tiles, expected) => {
    const graph = buildPostprocessGraph({
      size: [2, 2],
      tiles,
      resample: false,
      background: false,
      outputs: { labels: false, masks: false, activations: true },
    });
    const { activations } = await runGraph(graph, {
      logits: { data: Float32Array.from({ length: 8 }, (__, index) => index), shape: [2, 1, 2, 2] },
    });
    const logits = Array.from(activations?.data as Float32Array, (a) => Math.round(Math.log(a / (1 - a))));
    expect([activations?.shape, logits]).toEqual([[1, 2 * tiles[0], 2 * tiles[1]], expected]);
  });
});

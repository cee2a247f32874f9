/** The label map decided in JavaScript, against the graph's on the same picture and on made-up logits. */
import { join } from 'node:path';
import { Segmenter, type LabelsOptions } from '@synseg/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKGROUND } from '../../../packages/core/src/model/background.ts';
import { decideLabels, type DecisionRule } from '../../../packages/core/src/mask/decide.ts';
import { buildPostprocessGraph } from '../../../packages/core/src/model/model-graphs.ts';
import { decisionOf } from '../../../packages/core/src/model/postprocess.ts';
import { gaussians, picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { runGraph } from '../../support/tensors.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

/** Two steps of float32 just below 1, the widest that merge logits; runtimes' sigmoids are that exact. */
const MERGED = 2 ** -23;

/**
 * Pixels whose decision hangs on less than {@link MERGED}: on two labels that close, or on a label that close to a cut.
 */
function isBorder(
  activations: Float32Array,
  pixel: number,
  pixels: number,
  { thresholds, background }: DecisionRule,
): boolean {
  const values = thresholds.map((_, label) => activations[label * pixels + pixel] as number);
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= MERGED;
  if (values.some((value, label) => values.slice(label + 1).some((other) => near(value, other)))) return true;
  const cuts = thresholds.map((threshold) => threshold ?? 0.5);
  return values.some(
    (value, label) => near(value, cuts[label] as number) || (typeof background === 'number' && near(value, background)),
  );
}

/** Number of pixels where the maps differ; each of them must be one that float32 cannot tell. */
function differences(
  graphs: Uint8Array,
  activations: Float32Array,
  width: number,
  height: number,
  rule: DecisionRule,
): number {
  const ours = decideLabels(activations, width, height, rule);
  const pixels = width * height;
  expect(ours).toHaveLength(pixels);
  let count = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    if (ours[pixel] === graphs[pixel]) continue;
    count++;
    if (!isBorder(activations, pixel, pixels, rule))
      throw new Error(`pixel ${pixel}: ${ours[pixel] as number} instead of ${graphs[pixel] as number}`);
  }
  return count;
}

describe('decideLabels() on the activations of a checkpoint', () => {
  const root = temporaryFolder();
  const folder = writeTinyClipseg(join(root, 'tiny'));
  const photo = picture(97, 64, 1);
  const names = ['road', 'car', 'the', 'and', 'sky'];
  let segmenter: Segmenter;

  beforeAll(async () => {
    segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder: join(root, 'cache') });
  });
  afterAll(() => segmenter[Symbol.asyncDispose]());

  it.each<[string, LabelsOptions & { own?: (number | undefined)[] }]>([
    ['no background', {}],
    ['a constant plane', { background: 0.55 }],
    ['a threshold for all', { threshold: 0.55 }],
    ["'threshold' with none given", { background: 'threshold' }],
    ['thresholds of single labels', { own: [0.4, undefined, 0.7] }],
    ['thresholds of single labels beside a plane', { own: [0.4, undefined, 0.7], background: 0.52 }],
    ['thresholds that bear on masks only', { threshold: 0.9, background: 'none' }],
    ['a plane nothing reaches', { background: 1 }],
    ['a plane everything reaches', { background: 0 }],
    ['thresholds of 0 and 1', { own: [1, 0, 1, 1, 1] }],
  ])("gives the segmenter's label map with %s", async (_, { own = [], ...options }) => {
    const labels = await segmenter.labels(
      names.map((name, index) => (own[index] === undefined ? name : { name, threshold: own[index] })),
      options,
    );
    for (const size of ['model', 'source', { width: 320, height: 211 }] as const) {
      const { labelMap, activations, width, height } = await segmenter.segment(photo, labels, {
        output: ['labels', 'activations'],
        size,
      });
      expect(differences(labelMap, activations, width, height, labels)).toBeLessThanOrEqual(2);
    }
  });

  it('and these decisions tell pixels apart', async () => {
    const labels = await segmenter.labels(names, { background: 0.55 });
    const { labelMap } = await segmenter.segment(photo, labels);
    expect(new Set(labelMap).size).toBeGreaterThan(2);
    expect(labelMap).toContain(BACKGROUND);
  });
});

describe('decideLabels() on made-up logits', () => {
  it("gives the graph's label map, but for what float32 has merged", async () => {
    const [labels, height, width] = [7, 200, 300];
    const logits = { data: gaussians(labels * height * width, 5, 3), shape: [1, labels, height, width] };
    const defaultThresholds = [0.1, 0.3, 0.3, 0.5, 0.7, 0.9, 0.95];
    for (const rule of [
      ...[{ background: 'none' }, { background: 0.3 }, { background: 'threshold' }],
      ...[
        { background: 'none', defaultThresholds },
        { background: 'threshold', defaultThresholds },
      ],
    ] as const) {
      const thresholds = [0.2, undefined, 0.9, 0.5, undefined, 0.999, 0.01];
      const usual = 'defaultThresholds' in rule ? rule.defaultThresholds : undefined;
      const { winThresholds, handicaps, background } = decisionOf(thresholds, rule.background, usual);
      const graph = buildPostprocessGraph({
        size: [height, width],
        tiles: [1, 1],
        resample: false,
        background,
        handicaps: handicaps !== undefined,
        outputs: { labels: true, masks: false, activations: true },
      });
      const decision = {
        ...(background ? { winThresholds: { data: winThresholds, shape: [labels] } } : {}),
        ...(handicaps === undefined ? {} : { handicaps: { data: handicaps, shape: [labels] } }),
      };
      const results = await runGraph(graph, { logits, ...decision });
      const [graphs, activations] = [
        results['labels']?.data as Uint8Array,
        results['activations']?.data as Float32Array,
      ];
      expect(differences(graphs, activations, width, height, { thresholds, ...rule })).toBeLessThanOrEqual(3);
    }
  });

  it('lets the first of saturated labels win, as nothing else can be told', () => {
    expect(decideLabels(Float32Array.of(1, 1, 0, 0), 1, 4, { thresholds: [undefined], background: 'none' })).toEqual(
      Uint8Array.of(0, 0, 0, 0),
    );
    expect(
      decideLabels(Float32Array.of(1, 0, 1, 0), 2, 1, { thresholds: [undefined, undefined], background: 'none' }),
    ).toEqual(Uint8Array.of(0, 0));
  });
});

describe('decideLabels() with handicaps', () => {
  // Logits ln 4, ln 3, ln 2; half the logits of thresholds 0.9 and 0.5 are ln 3 and 0.
  const activations = Float32Array.of(...[0.8, 0.8, 0.8], ...[0.5, 0.75, 2 / 3]);
  const rule = (defaultThresholds?: readonly number[]): DecisionRule => ({
    thresholds: [undefined, undefined],
    background: 'none',
    ...(defaultThresholds && { defaultThresholds }),
  });

  it('lowers a label by half the logit of its usual threshold where labels compete', () => {
    expect([...decideLabels(activations, 3, 1, rule([0.9, 0.5]))]).toEqual([0, 1, 1]);
  });

  it('and changes nothing where all labels have the same', () => {
    expect([...decideLabels(activations, 3, 1, rule([0.9, 0.9]))]).toEqual([0, 0, 0]);
    expect([...decideLabels(activations, 3, 1, rule())]).toEqual([0, 0, 0]);
  });

  it('while a label still cannot win below its threshold, and each wins where it is alone', () => {
    const strict: DecisionRule = { ...rule([0.9, 0.6]), background: 'threshold' };
    expect([...decideLabels(activations, 3, 1, strict)]).toEqual([BACKGROUND, 1, 1]);
    expect([...decideLabels(Float32Array.of(0.95, 0.01), 1, 1, strict)]).toEqual([0]);
  });
});

describe('decideLabels() decides', () => {
  const decide = (
    activations: readonly (readonly number[])[],
    thresholds: DecisionRule['thresholds'],
    background: DecisionRule['background'],
  ): number[] => [
    ...decideLabels(Float32Array.from(activations.flat()), activations[0]?.length ?? 0, 1, { thresholds, background }),
  ];
  const none = [undefined, undefined];

  it('for the first of equals, and for a label against an equal plane', () => {
    expect(
      decide(
        [
          [0.4, 0.7, 0],
          [0.4, 0.7, 0],
        ],
        none,
        'none',
      ),
    ).toEqual([0, 0, 0]);
    expect(
      decide(
        [
          [0.5, 0.1, 0.5],
          [0.1, 0.5, 0.5],
        ],
        none,
        0.5,
      ),
    ).toEqual([0, 1, 0]);
    expect(
      decide(
        [
          [0, 0.25],
          [0, 0.25],
        ],
        none,
        0,
      ),
    ).toEqual([0, 0]);
  });

  it('with an activation equal to the threshold for the label', () => {
    expect(decide([[0.5], [0.1]], none, 'threshold')).toEqual([0]);
    for (const threshold of [0.1, 0.25, 0.3, 0.55, 0.9])
      expect(decide([[threshold, threshold - 1e-6]], [threshold], 'threshold')).toEqual([0, BACKGROUND]);
  });

  it('with thresholds 0 always and 1 never for the label', () => {
    expect(
      decide(
        [
          [0, 1e-9],
          [1, 0.9],
        ],
        [0, 1],
        'threshold',
      ),
    ).toEqual([0, 0]);
    expect(decide([[1], [1]], none, 1)).toEqual([BACKGROUND]);
  });

  it('against NaN', () => {
    expect(
      decide(
        [
          [NaN, NaN],
          [0.2, NaN],
        ],
        none,
        'none',
      ),
    ).toEqual([1, 0]);
    expect(
      decide(
        [
          [NaN, NaN],
          [0.2, NaN],
        ],
        none,
        0.1,
      ),
    ).toEqual([1, BACKGROUND]);
  });

  it('every pixel of a picture larger than one block, the last one too', () => {
    const pixels = 4096 * 2 + 3;
    const activations = Float32Array.from({ length: 2 * pixels }, (_, index) =>
      index < pixels ? 0.5 : index % 3 === 0 ? 0.6 : 0.4,
    );
    const labelMap = decideLabels(activations, pixels, 1, { thresholds: none, background: 'none' });
    expect(labelMap).toEqual(Uint8Array.from({ length: pixels }, (_, pixel) => ((pixel + pixels) % 3 === 0 ? 1 : 0)));
  });

  it('for 255 labels', () => {
    const activations = Float32Array.from({ length: 255 }, (_, label) => label / 255);
    expect(
      decideLabels(activations, 1, 1, { thresholds: Array<undefined>(255).fill(undefined), background: 'none' }),
    ).toEqual(Uint8Array.of(254));
  });
});

describe('decideLabels() refuses', () => {
  it.each<[string, number, number, number, unknown, unknown, string]>([
    ['no width', 4, 0, 2, [0.5], 'none', 'width must be a positive integer, got 0'],
    ['no labels', 4, 2, 2, [], 'none', 'thresholds.length must be an integer from 1 to 255, got 0'],
    ['too few values', 7, 2, 2, [0.5, 0.5], 'none', 'activations must hold labels × width × height = 8 values, got 7'],
    ['a threshold above 1', 4, 2, 2, [1.5], 'none', 'thresholds[0] must be in [0, 1], got 1.5'],
    [
      'an unknown background',
      4,
      2,
      2,
      [0.5],
      'black',
      'background must be a number in [0, 1], "threshold" or "none", got "black"',
    ],
  ])('%s', (_, length, width, height, thresholds, background, message) => {
    const rule = { thresholds, background } as DecisionRule;
    expect(() => decideLabels(new Float32Array(length), width, height, rule)).toThrow(
      new RangeError(`Cannot decide labels: ${message}`),
    );
  });
});

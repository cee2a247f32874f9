/**
 * What windows are embedded as, against each window cut out here, embedded alone and added up in float64.
 *
 * Tolerance: float32, with 49 windows at once against one – sums in another order, some dozens of roundings of 6e-8 of
 * numbers below 1.
 */
import { readModelConfig, type FloatTensor, type ModelConfig } from '@synseg/core/checkpoint';
import { Graph, imageEmbeddings, normalizePixels, ops, writeOnnx, type Parameters } from '@synseg/core/graph';
import { createSession, type GraphSession } from '@synseg/core/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import {
  WINDOWS,
  pictureEncoderOf,
  windowEmbeddings,
  windowWeights,
} from '../../../packages/train/src/step-graph/window-embeddings.ts';
import { picture } from '../../support/random.ts';
import { EMBEDDING_DIM, tinyConfig, tinyTensors, type TinyClipseg } from '../../support/tiny-clipseg.ts';
import { failureOf } from '../data/fixtures.ts';
import { dot, lengthOf, meanOf } from '../objective/numeric.ts';
import { tinyModel } from './tiny-step.ts';

const TOLERANCE = 1e-5;
type Size = readonly [height: number, width: number];

/** Windows each way; a side is eight halves of a window long, and neighbors share half. */
const ACROSS = 7;
const HALVES = 8;
const PLACES = [...Array(ACROSS).keys()];
const PLACED = PLACES.flatMap((row) => PLACES.map((column) => [row, column] as const));

const distance = (patch: number, patches: number, window: number): number =>
  Math.abs(((patch + 0.5) / patches) * HALVES - (window + 1));

/** Shares of the windows along one side at a patch. */
function sharesAt(patch: number, patches: number): number[] {
  const weights = PLACES.map((window) =>
    distance(patch, patches, window) < 1 ? Math.exp(-0.5 * (distance(patch, patches, window) / 0.7) ** 2) : 0,
  );
  return weights.map((weight) => weight / weights.reduce((sum, other) => sum + other, 0));
}

/** Rows of {@link windowWeights}. */
function rowsOf([rows, columns]: Size): number[][] {
  const weights = [...windowWeights([rows, columns])];
  return Array.from({ length: 1 + rows * columns }, (_, token) =>
    weights.slice(token * ACROSS ** 2, (token + 1) * ACROSS ** 2),
  );
}

const GRIDS: readonly Size[] = [
  [1, 1],
  [2, 3],
  [4, 4],
  [3, 7],
  [14, 14],
  [5, 22],
];

describe('windowWeights()', () => {
  it.each(GRIDS)('are shares: of a grid of %i × %i patches each row adds up to 1, and none is negative', (...grid) => {
    expect(windowWeights(grid)).toHaveLength((1 + grid[0] * grid[1]) * ACROSS ** 2);
    for (const row of rowsOf(grid)) {
      expect(Math.abs(row.reduce((sum, weight) => sum + weight, 0) - 1)).toBeLessThan(1e-6);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
    }
  });

  it.each(GRIDS)('count all windows alike in the class token, whatever the grid (%i × %i)', (...grid) => {
    expect(rowsOf(grid)[0]).toEqual(new Array(ACROSS ** 2).fill(Math.fround(1 / 49)));
  });

  it.each(GRIDS)('count at a patch the windows that hold its center, and no other (%i × %i)', (...grid) => {
    const [rows, columns] = grid;
    // In units of which a side of the picture has 8 · 2 · rows: the center of a patch, and a window's first and last
    // edge.
    const holds = (patch: number, patches: number, window: number): boolean => {
      const [center, first] = [HALVES * (2 * patch + 1), 2 * patches * window];
      return center > first && center < first + 4 * patches;
    };
    rowsOf(grid)
      .slice(1)
      .forEach((row, token) => {
        const [down, across] = [Math.floor(token / columns), token % columns];
        expect(row.map((weight) => weight > 0)).toEqual(
          PLACED.map(([y, x]) => holds(down, rows, y) && holds(across, columns, x)),
        );
      });
  });

  it.each(GRIDS)('are symmetric: upside down and the other way round the same (%i × %i)', (...grid) => {
    const [rows, columns] = grid;
    const patches = rowsOf(grid).slice(1);
    const [flipped, mirrored, transposed] = [
      [...Array(rows).keys()]
        .reverse()
        .flatMap((row) => patches.slice(row * columns, (row + 1) * columns))
        .map((row) => PLACED.map(([y, x]) => row[(6 - y) * ACROSS + x])),
      [...Array(rows).keys()]
        .flatMap((row) => patches.slice(row * columns, (row + 1) * columns).reverse())
        .map((row) => PLACED.map(([y, x]) => row[y * ACROSS + (6 - x)])),
      rowsOf([columns, rows]).slice(1),
    ];
    patches.forEach((row, token) => {
      const [down, across] = [Math.floor(token / columns), token % columns];
      PLACED.forEach(([y, x], window) => {
        expect(flipped[token]?.[window]).toBeCloseTo(row[window] as number, 6);
        expect(mirrored[token]?.[window]).toBeCloseTo(row[window] as number, 6);
        expect(transposed[across * rows + down]?.[x * ACROSS + y]).toBeCloseTo(row[window] as number, 6);
      });
    });
  });

  it('count the nearer windows more, by a Gaussian of the distance', () => {
    // Of three patches the first has its center at 4/3 halves of a window: 1/3 from the first window's, 2/3 from the
    // second's.
    const [near, far] = [Math.exp(-((1 / 3 / 0.7) ** 2) / 2), Math.exp(-((2 / 3 / 0.7) ** 2) / 2)];
    const first = rowsOf([1, 3])[1] as number[];
    // Of one patch down the picture, the fourth row of windows alone holds the center.
    expect(first.slice(21, 23).map((weight) => weight.toFixed(6))).toEqual(
      [near, far].map((weight) => (weight / (near + far)).toFixed(6)),
    );
    expect(first.filter((weight) => weight > 0)).toHaveLength(2);
    for (const grid of GRIDS) {
      const columns = grid[1];
      const expected = Array.from({ length: grid[0] * columns }, (_, token) =>
        PLACED.map(
          ([y, x]) =>
            (sharesAt(Math.floor(token / columns), grid[0])[y] as number) *
            (sharesAt(token % columns, columns)[x] as number),
        ),
      );
      rowsOf(grid)
        .slice(1)
        .forEach((row, token) =>
          row.forEach((weight, window) => expect(weight).toBeCloseTo(expected[token]?.[window] as number, 6)),
        );
    }
  });
});

interface Loaded {
  readonly config: ModelConfig;
  /** Tokens `[1 + patches][D]` of a picture four times as large as the input. */
  readonly tokens: (pixels: Uint8Array) => Promise<number[][]>;
  /** The embedding of a picture of the input's size, as it is. */
  readonly alone: (pixels: Uint8Array) => Promise<number[]>;
}

const closers: (() => Promise<void>)[] = [];
afterAll(async () => void (await Promise.all(closers.map((close) => close()))));

/** A tiny random encoder, trained on squares, that reads pictures of this size. */
async function load(
  patch: number,
  side: number,
  inputSize: Size,
  compute: 'float32' | 'float16' = 'float32',
): Promise<Loaded> {
  const sizes: TinyClipseg = { hidden: 16, patch, size: side, embedsPictures: true };
  const tensors = tinyTensors(sizes);
  const config: ModelConfig = {
    ...readModelConfig(tinyConfig(sizes), undefined, 'tiny', side),
    inputSize,
    patchGrid: [inputSize[0] / patch, inputSize[1] / patch],
  };
  const parametersOf = (graph: Graph): Parameters => ({
    graph,
    get: (name, shape) => {
      const { data, shape: own } = tensors.get(name) as FloatTensor;
      expect(own, name).toEqual(shape);
      return ops.cast(graph.floats(data, own), compute);
    },
  });
  const sessionOf = async (build: (graph: Graph) => void): Promise<GraphSession> => {
    const graph = new Graph('windows');
    build(graph);
    const session = await createSession(writeOnnx(graph), { provider: 'cpu', threads: 1 });
    closers.push(() => session.release());
    return session;
  };
  const [height, width] = inputSize;
  const large = [1, WINDOWS.zoom * height, WINDOWS.zoom * width, 3];
  const vision = pictureEncoderOf(config);
  const [all, one] = [
    await sessionOf((graph) =>
      graph.output('found', windowEmbeddings(parametersOf(graph), graph.input('pixels', 'uint8', large), config)),
    ),
    await sessionOf((graph) =>
      graph.output(
        'found',
        ops.cast(
          imageEmbeddings(
            parametersOf(graph),
            ops.cast(normalizePixels(graph.input('pixels', 'uint8', [1, height, width, 3]), vision), compute),
            vision,
            config.patchGrid,
            EMBEDDING_DIM,
          ),
          'float32',
        ),
      ),
    ),
  ];
  return {
    config,
    tokens: async (data) => {
      const { found } = await all.run({ pixels: { data, shape: large } });
      expect(found?.shape).toEqual([1, 1 + config.patchGrid[0] * config.patchGrid[1], EMBEDDING_DIM]);
      return rowsOfMatrix([...(found?.data as Float32Array)]);
    },
    alone: async (data) => [
      ...((await one.run({ pixels: { data, shape: [1, height, width, 3] } }))['found']?.data as Float32Array),
    ],
  };
}

function rowsOfMatrix(values: readonly number[]): number[][] {
  return Array.from({ length: values.length / EMBEDDING_DIM }, (_, row) =>
    values.slice(row * EMBEDDING_DIM, (row + 1) * EMBEDDING_DIM),
  );
}

/** A random picture for an input of this size, four times as large. */
const pictureFor = ([height, width]: Size): Uint8Array => picture(WINDOWS.zoom * width, WINDOWS.zoom * height, 5).data;

/**
 * The bytes of a window: it begins as many half sides of the input from the border as its number says, rounded down.
 */
function windowOf(pixels: Uint8Array, [height, width]: Size, row: number, column: number): Uint8Array {
  const [top, left] = [Math.floor((row * height) / 2), Math.floor((column * width) / 2)];
  const line = WINDOWS.zoom * width;
  return Uint8Array.from(
    Array.from({ length: height }, (_, y) => [
      ...pixels.subarray(3 * ((top + y) * line + left), 3 * ((top + y) * line + left + width)),
    ]).flat(),
  );
}

/** Unit embeddings of all windows, each embedded alone. */
async function unitWindows({ alone, config }: Loaded, pixels: Uint8Array): Promise<number[][]> {
  const units: number[][] = [];
  for (const [row, column] of PLACED) {
    const embedding = await alone(windowOf(pixels, config.inputSize, row, column));
    units.push(embedding.map((value) => value / lengthOf(embedding)));
  }
  return units;
}

const largestDifference = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number =>
  Math.max(...a.flatMap((row, index) => row.map((value, at) => Math.abs(value - (b[index]?.[at] as number)))));

describe('windowEmbeddings()', () => {
  it.each([
    ['a square input', 8, 16, [16, 16]],
    ['an oblong input', 8, 16, [16, 24]],
    ['an input of odd sides, whose windows begin between pixels', 5, 15, [15, 25]],
  ] as const)(
    'are at each patch the weighted mean of the unit embeddings of windows, each embedded alone (%s)',
    async (_, patch, side, inputSize) => {
      const model = await load(patch, side, inputSize);
      const pixels = pictureFor(inputSize);
      const units = await unitWindows(model, pixels);
      const [rows, columns] = model.config.patchGrid;
      const weightsOf = (token: number): number[] =>
        PLACED.map(
          ([y, x]) =>
            (sharesAt(Math.floor(token / columns), rows)[y] as number) *
            (sharesAt(token % columns, columns)[x] as number),
        );
      const weighted = (weights: readonly number[]): number[] =>
        Array.from({ length: EMBEDDING_DIM }, (__, at) =>
          dot(
            weights,
            units.map((unit) => unit[at] as number),
          ),
        );
      const expected = [
        Array.from({ length: EMBEDDING_DIM }, (__, at) => meanOf(units.map((unit) => unit[at] as number))),
        ...Array.from({ length: rows * columns }, (__, token) => weighted(weightsOf(token))),
      ];
      expect(largestDifference(await model.tokens(pixels), expected)).toBeLessThan(TOLERANCE);
      // Windows are embedded as different things: one in another's place would be seen.
      const between = units.flatMap((unit, index) =>
        units.slice(0, index).map((other) => lengthOf(unit.map((value, at) => value - (other[at] as number)))),
      );
      expect(Math.min(...between)).toBeGreaterThan(1000 * TOLERANCE);
    },
  );

  it('are of length one where all windows are alike', async () => {
    const { tokens } = await load(8, 16, [16, 24]);
    const found = await tokens(new Uint8Array(3 * 64 * 96).map((_, index) => [200, 30, 90][index % 3] as number));
    for (const token of found) expect(Math.abs(lengthOf(token) - 1)).toBeLessThan(TOLERANCE);
    expect(
      largestDifference(
        found,
        found.map(() => found[0] as number[]),
      ),
    ).toBeLessThan(TOLERANCE);
  });

  it('know nothing at a patch of what lies outside its windows', async () => {
    const { tokens } = await load(4, 16, [16, 16]);
    const pixels = pictureFor([16, 16]);
    // The corner that only the first window has: half a window each way, 8 pixels of 64.
    const changed = pixels.map((value, at) => (at % (3 * 64) < 24 && at < 8 * 3 * 64 ? 255 - value : value));
    const [before, after] = [await tokens(pixels), await tokens(changed)];
    const differ = before.flatMap((token, index) =>
      token.some((value, at) => value !== after[index]?.[at]) ? [index] : [],
    );
    // The class token, and of 4 × 4 patches the one in that corner.
    expect(differ).toEqual([0, 1]);
  });

  it('of an encoder in half precision are nearly the same, in float32', async () => {
    const [whole, half] = [await load(8, 16, [16, 16]), await load(8, 16, [16, 16], 'float16')];
    const pixels = pictureFor([16, 16]);
    const [expected, found] = [await whole.tokens(pixels), await half.tokens(pixels)];
    // fp16 has 11 bits: a few dozen roundings of 5e-4.
    expect(largestDifference(found, expected)).toBeLessThan(0.01);
    expect(found).not.toEqual(expected);
  });

  it('refuse a ready-made trunk', async () => {
    const graph = new Graph('windows');
    const none = { graph, get: () => expect.unreachable('no parameter must be read') };
    const message =
      'CHECKPOINT_FORMAT: Cannot train: checkpoint must have CLIP\'s picture encoder for recipe "dense-captions" ' +
      '(recipe "tags" needs none), got a ready-made trunk';
    expect(
      await failureOf(
        Promise.resolve().then(() =>
          windowEmbeddings(none, graph.input('pixels', 'uint8', [1, 32, 48, 3]), tinyModel()),
        ),
      ),
    ).toBe(message);
    expect(await failureOf(Promise.resolve().then(() => pictureEncoderOf(tinyModel())))).toBe(message);
  });
});

/** Windows of one picture → one map of scores: each window is decoded, scored and refined by itself, then averaged. */
import type { Graph } from '../graph/graph.ts';
import type { Windows } from '../image/windows.ts';
import { buildSoftmaxGraph, buildWindowGraph, type WindowShape } from '../model/window-scores.ts';
import type { TensorData } from './graph-session.ts';
import type { ScoreRule } from './protocol.ts';
import { sliceFirstAxis } from './tensors.ts';
import { WindowCanvas } from './window-canvas.ts';

/** What merging needs of the engine. */
export interface WindowSource {
  /** Logits `[1, labels, height, width]` of one window. */
  readonly logits: (window: number) => Promise<TensorData>;
  /** Pixels of one window: uint8 `[height, width, 3]`; absent for a picture that was encoded before. */
  readonly pixels?: (window: number) => TensorData;
  /** Runs a graph; `kind` names everything that `build` depends on. */
  readonly run: (
    kind: string,
    build: () => Graph,
    feeds: Readonly<Record<string, TensorData>>,
  ) => Promise<Readonly<Record<string, TensorData>>>;
  /** Elements held at once by a run. */
  readonly elements: number;
}

/** Scores `[1, labels, height, width]` of a picture, and the share of its windows that a pixel is background in. */
export interface MergedWindows {
  readonly scores: TensorData;
  readonly votes: TensorData | undefined;
}

/** Neighbors of a pixel that a refinement holds at once. */
const NEIGHBORS = 8;

/** The grid of a picture's tiles as windows, each of this size. */
export function gridWindows(
  [rows, columns]: readonly [number, number],
  [height, width]: readonly [number, number],
): Windows {
  const corners = Array.from(
    { length: rows * columns },
    (_, index) => [Math.floor(index / columns) * height, (index % columns) * width] as const,
  );
  return { picture: [rows * height, columns * width], size: [height, width], corners };
}

/** Merges the windows of one picture. */
export async function mergeWindows(
  source: WindowSource,
  windows: Windows,
  labels: number,
  { scores: kind, softmaxScale, average, refine, vote }: ScoreRule,
): Promise<MergedWindows> {
  const canvas = new WindowCanvas(labels, windows, vote !== undefined);
  const [height, width] = windows.size;
  const asScores = average === 'scores';
  for (const [window, corner] of windows.corners.entries()) {
    const { data, shape } = await source.logits(window);
    const size = shape.slice(2) as [number, number];
    let planes: TensorData = { data, shape: [labels, ...size] };
    if (asScores && kind === 'softmax') {
      const feeds = { logits: planes, scale: { data: Float32Array.of(softmaxScale), shape: [] } };
      planes = (await source.run(`softmax ${size.join(' ')}`, () => buildSoftmaxGraph(size), feeds))['scores']!;
    }
    const pixels = refine === undefined ? undefined : source.pixels?.(window);
    const shapeOf: WindowShape = {
      logits: size,
      sigmoid: asScores && kind === 'sigmoid',
      refine: refine && pixels && { ...refine, pixels: pixels.shape.slice(0, 2) as [number, number] },
      size: [height, width],
    };
    const perLabel = Math.max(height * width, NEIGHBORS * (refine === undefined ? 0 : refine.size[0] * refine.size[1]));
    const part = Math.max(1, Math.floor(source.elements / perLabel));
    const best = vote === undefined ? undefined : new Float32Array(height * width);
    for (let first = 0; first < labels; first += part) {
      const logits = sliceFirstAxis(planes, first, Math.min(labels, first + part));
      const feeds = { logits, ...(pixels === undefined ? {} : { pixels }) };
      const run = await source.run(`window ${JSON.stringify(shapeOf)}`, () => buildWindowGraph(shapeOf), feeds);
      canvas.add(corner, first, run['scores']!);
      if (best !== undefined) keepBest(best, run['scores']!.data as Float32Array);
    }
    if (best !== undefined) {
      // A window's best score reaches the threshold somewhere: no window is background throughout.
      const threshold = Math.min(vote!, highest(best));
      canvas.vote(
        corner,
        best.map((score) => (score < threshold ? 1 : 0)),
      );
    }
  }
  return canvas.means();
}

/** Raises each pixel to the highest of its scores. */
function keepBest(best: Float32Array, scores: Float32Array): void {
  for (let plane = 0; plane < scores.length; plane += best.length)
    for (let pixel = 0; pixel < best.length; pixel++) best[pixel] = Math.max(best[pixel]!, scores[plane + pixel]!);
}

function highest(values: Float32Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

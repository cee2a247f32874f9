/** The step's forward pass: taps and labels → decoder → losses, and the figures of the report. */
import { pictureMaps, type ModelConfig } from '@synseg/core/checkpoint';
import { ops, pictureOps, shapeOps, type Dimension, type Graph, type Parameters, type Value } from '@synseg/core/graph';
import {
  BANK_LOSSES,
  LOSSES,
  activeLosses,
  PAPER_LOSSES,
  needsCaptions,
  needsDecoder,
  weighs,
  type Loss,
} from '../objective/losses.ts';
import { maskLoss, maskShareLoss, maskTargets } from '../objective/masks.ts';
import { partialLabelLoss, sharingLoss } from '../objective/own/dense-captions.ts';
import { patchScores, tapFeatures, type LabelBank } from '../objective/own/label-bank.ts';
import { distillationLoss, groundingLoss } from '../objective/own/tags.ts';
import { assignmentOf, rowInputs, rowMean, rowWeights, total } from '../objective/rows.ts';
import { synergyFeatures } from '../objective/paper/fss.ts';
import { L_total, mccl } from '../objective/paper/mccl.ts';
import { DecodedRows } from './decoded-rows.ts';
import { projectorParameters } from './layout.ts';
import { pictureDims, type StepSpec } from './step-spec.ts';

const { matmul, minimum, multiply, reduceSum, scalar, sigmoid, sqrt, subtract } = ops;
const { resize } = pictureOps;
const { concat, reshape, slice } = shapeOps;

/** Order of the figures in the graph's output, float32 `[16]`; all but the norm are sums over micro-batches. */
export const FIGURES = [
  ...LOSSES,
  'total',
  'clampedRows',
  'statedRows',
  'activationMean',
  'activationDeviation',
  'gradientNorm',
] as const;

/** One of {@link FIGURES}. */
export type Figure = (typeof FIGURES)[number];

/**
 * Forward pass and losses.
 *
 * @param pictures - features of the pictures, see `pictureDims`
 * @param start - of the decoder that training started from, where `spec.prior` counts
 */
export function stepObjective(
  graph: Graph,
  spec: StepSpec,
  parameters: Parameters,
  pictures: readonly Value[],
  start?: Parameters,
): { loss: Value; figures: Partial<Record<Figure, Value>> } {
  const { config, lambda, images, batchImages } = spec;
  const maps = pictures.slice(0, pictureMaps(config).length);
  const rows = rowInputs(graph, 'rows');
  const assignment = assignmentOf(rows.imageOfRow, images);
  const weights = rowWeights(assignment, rows, batchImages);
  const figures: Partial<Record<Figure, Value>> = { statedRows: total(weights.isStated) };
  const losses: Partial<Record<Loss, Value>> = {};
  const active = activeLosses(spec);
  const counts = (name: Loss): boolean => active.includes(name);
  const text = (): Value => graph.input('text', 'float32', ['rows', config.embeddingDim]);
  const decoded = needsDecoder(active) ? new DecodedRows(parameters, config, maps, text(), assignment) : undefined;
  if (decoded !== undefined) {
    // The figures alone are not worth a picture at full size.
    const activation = active.every((name) => (BANK_LOSSES as readonly Loss[]).includes(name))
      ? sigmoid(decoded.patchLogits)
      : decoded.maps.foreground;
    Object.assign(figures, activationFigures(activation, weights.isStated));
  }
  const unconditioned = needsCaptions(lambda) ? projected(graph, spec, pictures) : undefined;
  if (decoded !== undefined && weighs(lambda, PAPER_LOSSES)) {
    const source = unconditioned === undefined ? decoded.features : perRow(unconditioned, assignment);
    const projector = projectorParameters(parameters, config.embeddingDim, source.shape[2] as number);
    const activation = unconditioned === undefined ? decoded.featureMaps : decoded.maps;
    const features = synergyFeatures(activation, source, ...projector);
    const { clampedRows, ...four } = mccl(features, decoded.text, weights, spec.contrastive);
    figures.clampedRows = clampedRows;
    Object.assign(losses, four);
  }
  if (unconditioned !== undefined && BANK_LOSSES.some(counts)) {
    const bank = labelBank(graph, config, images);
    const projector = projectorParameters(parameters, config.embeddingDim, unconditioned.shape[2] as number);
    const scores = patchScores(unconditioned, bank, ...projector);
    if (counts('grounding')) losses.grounding = groundingLoss(scores, bank, batchImages);
    const stated = multiply(assignment, reshape(rows.stated, ['rows', 1]));
    if (decoded !== undefined && counts('distillation'))
      losses.distillation = distillationLoss(decoded.patchLogits, scores, bank, stated, batchImages);
    if (counts('partial')) losses.partial = partialLabelLoss(scores, bank, batchImages);
    if (decoded !== undefined && counts('sharing')) {
      const known = start && { logits: new DecodedRows(start, config, maps, decoded.text, assignment).patchLogits };
      const prior = known && { ...known, weight: spec.prior };
      // A picture of which nothing is stated has no captions: masks alone teach it.
      const captioned = minimum(reduceSum(stated, [0], true), scalar(stated, 1));
      const members = multiply(assignment, captioned);
      losses.sharing = sharingLoss(decoded.patchLogits, scores, bank, members, batchImages, prior);
    }
  }
  if (decoded !== undefined && (counts('masks') || counts('maskShare'))) {
    const { logits, masks } = onOneGrid(decoded.logits, graph.input('masks', 'uint8', [images, ...config.inputSize]));
    const targets = maskTargets(assignment, { masks, classOfRow: graph.input('classOfRow', 'float32', ['rows']) });
    if (counts('masks')) losses.masks = maskLoss(logits, targets, batchImages);
    if (counts('maskShare')) losses.maskShare = maskShareLoss(logits, targets, batchImages);
  }
  const loss = L_total(losses, lambda);
  return { loss, figures: { ...figures, ...losses, total: loss } };
}

/** Pixels of a mask, along a side, for one of the logits that are compared with it. */
const PIXELS = 4;

/**
 * Logits and masks of one size. Logits of fewer pixels than the masks are interpolated to one for {@link PIXELS}
 * pixels, and masks take the pixel at the middle of each cell.
 */
function onOneGrid(logits: Value, masks: Value): { logits: Value; masks: Value } {
  const [rows, height, width] = logits.shape as readonly [Dimension, number, number];
  const [images, maskHeight, maskWidth] = masks.shape as readonly [number, number, number];
  if (height === maskHeight) return { logits, masks };
  const [gridHeight, gridWidth] = [maskHeight / PIXELS, maskWidth / PIXELS];
  const apart = reshape(logits, [rows, 1, height, width]);
  const finer = gridHeight === height ? apart : resize(apart, [rows, 1, gridHeight, gridWidth], 'linear');
  const cells = reshape(masks, [images, gridHeight, PIXELS, gridWidth, PIXELS]);
  const middle = (x: Value, axis: number): Value => slice(x, axis, PIXELS / 2, PIXELS / 2 + 1);
  return {
    logits: reshape(finer, [rows, gridHeight, gridWidth]),
    masks: reshape(middle(middle(cells, 2), 4), [images, gridHeight, gridWidth]),
  };
}

/** The projector's unconditioned input, `[images, patches, channels]`; undefined when it reads the decoder. */
function projected(graph: Graph, spec: StepSpec, pictures: readonly Value[]): Value | undefined {
  if (spec.features === 'conditional') return undefined;
  const places = spec.config.tapDims.map((_, index) => index);
  // Between the two ends is what transformers know of the whole picture at every patch: a stated label could be found
  // anywhere.
  const chosen = spec.features === 'taps' ? places : [0, pictures.length - 1];
  const ends: number[] = [];
  for (const channels of pictureDims(spec)) ends.push((ends.at(-1) ?? 0) + channels);
  const statistic = (name: string): Value => {
    const all = graph.input(name, 'float32', [ends.at(-1) as number]);
    const parts = chosen.map((index) => slice(all, 0, ends[index - 1] ?? 0, ends[index] as number));
    return concat(parts, 0);
  };
  const read = chosen.map((index) => pictures[index] as Value);
  return tapFeatures(read, statistic('tapMean'), statistic('tapDeviation'));
}

function labelBank(graph: Graph, { embeddingDim }: ModelConfig, images: number): LabelBank {
  return {
    text: graph.input('bank', 'float32', ['labels', embeddingDim]),
    stated: graph.input('bankStated', 'float32', [images, 'labels']),
    valid: graph.input('bankValid', 'float32', [images, 'labels']),
    labelOfRow: graph.input('labelOfRow', 'int32', ['rows']),
  };
}

/** Each picture's features for each of its rows: `[images, patches, channels]` → `[rows, patches, channels]`. */
function perRow(x: Value, assignment: Value): Value {
  const [images, patches, channels] = x.shape as readonly [number, number, number];
  return reshape(matmul(assignment, reshape(x, [images, patches * channels])), ['rows', patches, channels]);
}

/** Mean and spatial standard deviation of the patch-averaged activation maps, each summed over stated rows. */
function activationFigures(activation: Value, isStated: Value): { activationMean: Value; activationDeviation: Value } {
  const average = rowMean(activation);
  const centered = subtract(activation, average);
  return {
    activationMean: total(multiply(average, isStated)),
    activationDeviation: total(multiply(sqrt(rowMean(multiply(centered, centered))), isStated)),
  };
}

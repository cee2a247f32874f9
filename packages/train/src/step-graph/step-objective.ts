/** The step's forward pass: taps and labels → decoder → losses, and the figures of the report. */
import type { ModelConfig } from '@synseg/core/checkpoint';
import { ops, shapeOps, type Graph, type Parameters, type Value } from '@synseg/core/graph';
import { contrastiveLosses } from '../objective/contrastive.ts';
import { distillationLoss, groundingLoss } from '../objective/grounding.ts';
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
import { maskLoss, maskShareLoss, maskTargets } from '../objective/mask-loss.ts';
import { partialLabelLoss, sharingLoss } from '../objective/partial-labels.ts';
import { patchScores, tapFeatures, type LabelBank } from '../objective/patch-scores.ts';
import { assignmentOf, rowInputs, rowMean, rowWeights, sum, total } from '../objective/rows.ts';
import { synergyFeatures } from '../objective/synergy.ts';
import { DecodedRows } from './decoded-rows.ts';
import { projectorParameters } from './layout.ts';
import { pictureDims, type StepSpec } from './step-spec.ts';

const { matmul, multiply, scalar, sigmoid, sqrt, subtract } = ops;
const { concat, reshape, slice } = shapeOps;

/**
 * Order of the figures in the graph's output `figures` float32 `[16]`; all but the norm are sums over micro-batches.
 */
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
 * @param pictures - what is known of them, see `pictureDims`
 * @param start - of the decoder that training started from, where `spec.prior` counts
 */
export function stepObjective(
  graph: Graph,
  spec: StepSpec,
  parameters: Parameters,
  pictures: readonly Value[],
  start?: Parameters,
): { loss: Value; figures: Partial<Record<Figure, Value>> } {
  const { config, lambda, prior, images, batchImages } = spec;
  const taps = pictures.slice(0, config.tapDims.length);
  const rows = rowInputs(graph, 'rows');
  const assignment = assignmentOf(rows.imageOfRow, images);
  const weights = rowWeights(assignment, rows, batchImages);
  const figures: Partial<Record<Figure, Value>> = { statedRows: total(weights.isStated) };
  const terms: Value[] = [];
  const weigh = (name: Loss, value: Value): void => {
    figures[name] = value;
    if (lambda[name] !== 0) terms.push(multiply(value, scalar(value, lambda[name])));
  };
  const active = activeLosses(spec);
  const decoded = needsDecoder(active)
    ? new DecodedRows(
        parameters,
        config,
        taps,
        graph.input('text', 'float32', ['rows', config.embeddingDim]),
        assignment,
      )
    : undefined;
  if (decoded !== undefined) {
    // The figures are not worth a picture that no loss asks for.
    const activation = active.every((name) => (BANK_LOSSES as readonly Loss[]).includes(name))
      ? sigmoid(decoded.patchLogits)
      : decoded.maps.foreground;
    Object.assign(figures, activationFigures(activation, weights.isStated));
  }
  const unconditioned = needsCaptions(lambda) ? projected(graph, spec, pictures) : undefined;
  if (decoded !== undefined && weighs(lambda, PAPER_LOSSES)) {
    const source = unconditioned === undefined ? decoded.features : perRow(unconditioned, assignment);
    const [weight, bias] = projectorParameters(parameters, config.embeddingDim, source.shape[2] as number);
    const { clampedRows, ...losses } = contrastiveLosses(
      synergyFeatures(decoded.maps, source, weight, bias),
      decoded.text,
      weights,
      spec.contrastive,
    );
    figures.clampedRows = clampedRows;
    for (const name of PAPER_LOSSES) weigh(name, losses[name]);
  }
  if (unconditioned !== undefined && BANK_LOSSES.some((name) => active.includes(name))) {
    const bank = labelBank(graph, config, images);
    const [weight, bias] = projectorParameters(parameters, config.embeddingDim, unconditioned.shape[2] as number);
    const scores = patchScores(unconditioned, bank, weight, bias);
    if (active.includes('grounding')) weigh('grounding', groundingLoss(scores, bank, batchImages));
    if (decoded !== undefined && active.includes('distillation')) {
      const stated = multiply(assignment, reshape(rows.stated, ['rows', 1]));
      weigh('distillation', distillationLoss(decoded.patchLogits, scores, bank, stated, batchImages));
    }
    if (active.includes('partial')) weigh('partial', partialLabelLoss(scores, bank, batchImages));
    if (decoded !== undefined && active.includes('sharing')) {
      const known =
        start === undefined ? undefined : new DecodedRows(start, config, taps, decoded.text, assignment).patchLogits;
      weigh(
        'sharing',
        sharingLoss(
          decoded.patchLogits,
          scores,
          bank,
          assignment,
          batchImages,
          known === undefined ? undefined : { logits: known, weight: prior },
        ),
      );
    }
  }
  if (decoded !== undefined && (active.includes('masks') || active.includes('maskShare'))) {
    const targets = maskTargets(assignment, {
      masks: graph.input('masks', 'uint8', [images, ...config.inputSize]),
      classOfRow: graph.input('classOfRow', 'float32', ['rows']),
    });
    if (active.includes('masks')) weigh('masks', maskLoss(decoded.logits, targets, batchImages));
    if (active.includes('maskShare')) weigh('maskShare', maskShareLoss(decoded.logits, targets, batchImages));
  }
  const loss = sum(terms);
  return { loss, figures: { ...figures, total: loss } };
}

/**
 * What the projector reads before any label bears on it, `[images, patches, channels]`; nothing when it reads the
 * decoder.
 */
function projected(graph: Graph, spec: StepSpec, pictures: readonly Value[]): Value | undefined {
  switch (spec.features) {
    case 'conditional':
      return undefined;
    case 'taps':
      return standardised(
        graph,
        spec,
        pictures,
        pictures.map((_, index) => index),
      );
    case 'windows':
      // Between the two, what transformers know of the whole picture at every patch: a stated label could be found
      // anywhere.
      return standardised(graph, spec, pictures, [0, pictures.length - 1]);
  }
}

/** The chosen ones side by side, each channel by its statistics over the set. */
function standardised(graph: Graph, spec: StepSpec, pictures: readonly Value[], chosen: readonly number[]): Value {
  const ends: number[] = [];
  for (const channels of pictureDims(spec)) ends.push((ends.at(-1) ?? 0) + channels);
  const statistic = (name: string): Value => {
    const all = graph.input(name, 'float32', [ends.at(-1) as number]);
    return concat(
      chosen.map((index) => slice(all, 0, ends[index - 1] ?? 0, ends[index] as number)),
      0,
    );
  };
  return tapFeatures(
    chosen.map((index) => pictures[index] as Value),
    statistic('tapMean'),
    statistic('tapDeviation'),
  );
}

function labelBank(graph: Graph, { embeddingDim }: ModelConfig, images: number): LabelBank {
  return {
    text: graph.input('bank', 'float32', ['labels', embeddingDim]),
    stated: graph.input('bankStated', 'float32', [images, 'labels']),
    valid: graph.input('bankValid', 'float32', ['labels']),
    labelOfRow: graph.input('labelOfRow', 'int32', ['rows']),
  };
}

/** What a picture gives, to each of its rows: `[images, patches, channels]` → `[rows, patches, channels]`. */
function perRow(x: Value, assignment: Value): Value {
  const [images, patches, channels] = x.shape as readonly [number, number, number];
  return reshape(matmul(assignment, reshape(x, [images, patches * channels])), ['rows', patches, channels]);
}

/** Mean and spatial standard deviation of the patch-averaged activation maps, each summed over stated rows. */
function activationFigures(activation: Value, isStated: Value): { activationMean: Value; activationDeviation: Value } {
  const average = rowMean(activation);
  const centred = subtract(activation, average);
  return {
    activationMean: total(multiply(average, isStated)),
    activationDeviation: total(multiply(sqrt(rowMean(multiply(centred, centred))), isStated)),
  };
}

/** The step's forward pass: taps and labels → decoder → losses, and the figures of the report. */
import { ops, shapeOps, type Graph, type ModelConfig, type Parameters, type Value } from '@synseg/core/internals';
import { contrastiveLosses } from '../objective/contrastive.ts';
import { distillationLoss, groundingLoss } from '../objective/grounding.ts';
import { BANK_LOSSES, LOSSES, activeLosses, needsContrastive, needsDecoder, needsProjector, type LossWeights } from '../objective/losses.ts';
import { maskLoss, maskShareLoss, maskTargets } from '../objective/mask-loss.ts';
import { partialLabelLoss, sharingLoss } from '../objective/partial-labels.ts';
import { localFeatures, patchScores, patchesOf, tapFeatures, type LabelBank } from '../objective/patch-scores.ts';
import { assignmentOf, rowInputs, rowMean, rowWeights, sum, total } from '../objective/rows.ts';
import { synergyFeatures } from '../objective/synergy.ts';
import { DecodedRows } from './decoded-rows.ts';
import { convolutionParameters, projectorParameters } from './layout.ts';
import type { StepSpec } from './step-spec.ts';

const { matmul, multiply, scalar, sigmoid, sqrt, subtract } = ops;
const { reshape, slice } = shapeOps;

/** Order of the figures in the graph's output `figures` float32 `[16]`; all but the norm are sums over micro-batches. */
export const FIGURES = [...LOSSES, 'total', 'clampedRows', 'statedRows', 'activationMean', 'activationDeviation', 'gradientNorm'] as const;

/** One of {@link FIGURES}. */
export type Figure = (typeof FIGURES)[number];

/** Losses that see the picture in patches. */
const PATCH_LOSSES: ReadonlySet<keyof LossWeights> = new Set<keyof LossWeights>(BANK_LOSSES);

/** Forward pass and losses. */
export function stepObjective(graph: Graph, spec: StepSpec, parameters: Parameters, taps: readonly Value[]): { loss: Value; figures: Partial<Record<Figure, Value>> } {
  const { config, lambda, images, batchImages } = spec;
  const rows = rowInputs(graph, 'rows');
  const assignment = assignmentOf(rows.imageOfRow, images);
  const weights = rowWeights(assignment, rows, batchImages);
  const figures: Partial<Record<Figure, Value>> = { statedRows: total(weights.isStated) };
  const terms: Value[] = [];
  const weigh = (name: keyof LossWeights, value: Value): void => {
    figures[name] = value;
    if (lambda[name] !== 0) terms.push(multiply(value, scalar(value, lambda[name])));
  };
  const active = activeLosses(spec);
  const decoded = needsDecoder(active) ? new DecodedRows(parameters, config, taps, graph.input('text', 'float32', ['rows', config.embeddingDim]), assignment) : undefined;
  if (decoded !== undefined) {
    // The figures are not worth a picture that no loss asks for.
    const activation = active.every((name) => PATCH_LOSSES.has(name)) ? sigmoid(decoded.patchLogits) : decoded.maps.foreground;
    Object.assign(figures, activationFigures(activation, weights.isStated));
  }
  const unconditioned = needsProjector(lambda) ? pictureFeatures(graph, spec, parameters, taps) : undefined;
  if (decoded !== undefined && needsContrastive(lambda)) {
    const source = unconditioned === undefined ? decoded.features : perRow(unconditioned, assignment);
    const [weight, bias] = projectorParameters(parameters, config.embeddingDim, source.shape[2] as number);
    const { clampedRows, ...losses } = contrastiveLosses(synergyFeatures(decoded.maps, source, weight, bias), decoded.text, weights, spec.contrastive);
    figures.clampedRows = clampedRows;
    for (const name of ['align', 'contrast', 'background', 'separation'] as const) weigh(name, losses[name]);
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
    if (decoded !== undefined && active.includes('sharing')) weigh('sharing', sharingLoss(decoded.patchLogits, scores, bank, assignment, batchImages));
  }
  if (decoded !== undefined && (active.includes('masks') || active.includes('maskShare'))) {
    const targets = maskTargets(assignment, { masks: graph.input('masks', 'uint8', [images, ...config.inputSize]), classOfRow: graph.input('classOfRow', 'float32', ['rows']) });
    if (active.includes('masks')) weigh('masks', maskLoss(decoded.logits, targets, batchImages));
    if (active.includes('maskShare')) weigh('maskShare', maskShareLoss(decoded.logits, targets, batchImages));
  }
  const loss = sum(terms);
  return { loss, figures: { ...figures, total: loss } };
}

/** What the projector reads before any label bears on it, `[images, patches, channels]`; nothing when it reads the decoder. */
function pictureFeatures(graph: Graph, { features, config }: StepSpec, parameters: Parameters, taps: readonly Value[]): Value | undefined {
  const [shallow, deep] = [taps[0] as Value, taps.at(-1) as Value];
  const statistic = (name: 'tapMean' | 'tapDeviation'): Value => tapChannels(graph, config, name);
  switch (features) {
    case 'conditional':
      return undefined;
    case 'visual':
      return patchesOf(deep);
    case 'taps':
      return tapFeatures(taps, statistic('tapMean'), statistic('tapDeviation'));
    case 'local': {
      const channels = shallow.shape[2] as number;
      const ofShallow = (name: 'tapMean' | 'tapDeviation'): Value => slice(statistic(name), 0, 0, channels);
      return localFeatures(tapFeatures([shallow], ofShallow('tapMean'), ofShallow('tapDeviation')), config.patchGrid, ...convolutionParameters(parameters, config.embeddingDim, channels));
    }
  }
}

function tapChannels(graph: Graph, { tapDims }: ModelConfig, name: string): Value {
  return graph.input(name, 'float32', [tapDims.reduce((sum, channels) => sum + channels, 0)]);
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
  return { activationMean: total(multiply(average, isStated)), activationDeviation: total(multiply(sqrt(rowMean(multiply(centred, centred))), isStated)) };
}

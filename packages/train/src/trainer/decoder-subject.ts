/** A decoder as the subject of a run: rows of (picture, label) on frozen encoders, scored against masks. */
import { join } from 'node:path';
import { encodeSafetensors, templatesOf } from '@synseg/core/checkpoint';
import type { Batch, BatchLoaderOptions } from '../data/batch-loader.ts';
import type { Dataset } from '../data/dataset.ts';
import { openDataset } from '../sources/open-dataset.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { needsBank, needsCaptions, needsMasks, needsStatistics, readsWindows } from '../objective/losses.ts';
import { exclusionsOf } from '../phrases/exclusions.ts';
import { PhraseExtractor } from '../phrases/phrase-extractor.ts';
import type { TrainerState } from '../run/trainer-state.ts';
import { flatten } from '../step-graph/initial-values.ts';
import { groupOf } from '../step-graph/layout.ts';
import { pictureDims } from '../step-graph/step-spec.ts';
import type { BaseModel } from './base-model.ts';
import { composeRows, pictureBatches } from './batch-source.ts';
import { knownClasses, learnCategories } from './categories.ts';
import { openCategoryTexts, type CategoryTexts } from './category-texts.ts';
import { FeatureCache } from './feature-cache.ts';
import { wordsOf } from './row-batch.ts';
import { STATISTICS, measureSet, type SetStatistics } from './set-statistics.ts';
import type { TrainPlan } from './train-plan.ts';
import type { Opening, Started, Subject } from './subject.ts';

/** Opens data and texts, and looks up the categories of the set. */
export async function openDecoderSubject(plan: TrainPlan, opening: Opening): Promise<Subject> {
  const { base, cacheFolder, reading, warn, onClose } = opening;
  const { config } = base;
  const { keep, exclude, person } = plan.nounPhrases;
  const extractor = new PhraseExtractor({ keep, exclude: await exclusionsOf(exclude), person });
  const captions = needsCaptions(plan.lambda);
  const masks = needsMasks(plan.lambda);
  const found = await openDataset(plan.data, {
    phrases: (caption) => extractor.extract(caption),
    photosSay: captions ? (masks ? 'captions' : 'captions or labels') : 'labels',
    ...reading,
  });
  const texts = await openCategoryTexts({
    folder: base.folder,
    config,
    templates: plan.templates ?? templatesOf(config),
    unknown: plan.unknownCategories,
    cacheFolder,
    device: plan.device,
    threads: plan.threads,
  });
  onClose(texts.dispose);
  await learnCategories(found, texts, warn);
  warnOfStart(plan, found, base, warn);
  const classes = masks ? knownClasses(found, texts, warn) : undefined;
  return {
    spec: rowsSpec(plan),
    files: () => vocabularyFiles(base, texts),
    start: async (started) => {
      const { engine, resumed, run, layout } = started;
      const loading: BatchLoaderOptions = {
        ...started.loading,
        pixels: !plan.cacheFeatures,
        masks: classes === undefined ? false : captions ? true : 'required',
        maxCategories: plan.maxCategories,
        known: texts.knows,
      };
      const dims = pictureDims({ ...plan, config });
      const features = plan.cacheFeatures
        ? await openFeatures(plan, found.each ?? found, dims, opening, started)
        : undefined;
      const dataset =
        features === undefined
          ? found
          : {
              ...found,
              async *draw(...place: Parameters<typeof found.draw>) {
                for await (const drawn of found.draw(...place)) if (features.has(drawn.index)) yield drawn;
              },
            };
      const known = (batch: Batch): Promise<readonly Float32Array[]> =>
        features?.read(batch.indices) ?? engine.taps(batch.pixels as Uint8Array);
      const statistics = needsStatistics(plan)
        ? (statisticsOf(resumed) ?? (await measureSet(dataset, loading, texts, known, dims, classes?.flatMap(wordsOf))))
        : undefined;
      if (statistics !== undefined)
        await engine.constants({ ...statistics, ...(plan.prior > 0 ? { start: flatten(layout, base.tensors) } : {}) });
      const compose = composeRows(texts, features, {
        microBatchSize: plan.microBatchSize,
        inputSize: config.inputSize,
        embeddingDim: config.embeddingDim,
        maxCategories: plan.maxCategories,
        seed: plan.seed,
        captions,
        unstated: plan.lambda.sharing !== 0,
        textCentre: needsBank(plan.lambda) ? statistics?.textCentre : undefined,
        classes,
      });
      return {
        batches: pictureBatches(dataset, loading, compose, onClose),
        statistics,
        ...(plan.evaluation === undefined
          ? {}
          : { evaluate: () => segmentationScore(plan, run.checkpoint('last'), opening) }),
      };
    },
  };
}

/** More draws of a picture than this teach little and forget much. */
const MOST_EPOCHS = 100;

function warnOfStart(plan: TrainPlan, { size }: Dataset, { random }: BaseModel, warn: Opening['warn']): void {
  const { recipe, steps, batchSize, projectorSteps } = plan;
  const epochs = size === undefined ? 0 : (steps * batchSize) / size;
  if (size !== undefined && (epochs > MOST_EPOCHS || (steps > 0 && size < batchSize))) {
    const times = `each of the ${size} ${Math.round(epochs)} times`;
    const seen = `recipe '${recipe}' draws ${steps * batchSize} pictures, ${times}`;
    warn('recipe', `Too few pictures: ${seen}. What helps: more pictures, fewer steps, a smaller batchSize.`);
  }
  if (recipe === 'paper' && projectorSteps > 0 && random.some((name) => groupOf(name) === 'projector')) {
    const first = `the first ${projectorSteps} of ${steps} steps train it alone`;
    warn('recipe', `The projector starts at random: ${first} (advanced.projectorSteps).`);
  }
}

/** The decoder's part of a step's specification. */
export function rowsSpec(plan: TrainPlan): Subject['spec'] {
  return {
    kind: 'rows',
    lambda: plan.lambda,
    features: plan.features,
    prior: plan.prior,
    contrastive: { epsilon: plan.epsilon, contrastGate: plan.contrastGate },
    input: plan.cacheFeatures ? 'taps' : 'pixels',
    trunkPrecision: plan.precision === 'fp16' ? 'float16' : 'float32',
    patchesKept: undefined,
  };
}

async function openFeatures(
  plan: TrainPlan,
  dataset: Dataset,
  dims: readonly number[],
  { base, cacheFolder, callbacks: { onProgress, signal }, reading, onClose }: Opening,
  { engine, loading }: Started,
): Promise<FeatureCache> {
  const features = await FeatureCache.open({
    dataset,
    config: base.config,
    dims,
    trunkKey: `${base.trunkKey} ${plan.precision} ${engine.device}`,
    folder: join(cacheFolder, 'features'),
    workers: loading.workers,
    limits: reading.limits ?? {},
    encode: (pixels) => engine.taps(pixels),
    encodeWindows: readsWindows(plan) ? (pixels) => engine.windows(pixels) : undefined,
    onProgress: (done, total, bytes) => onProgress?.({ stage: 'features', done, total, bytes }),
    onWarning: reading.onWarning,
    signal,
  });
  onClose(() => features.dispose());
  return features;
}

/** The statistics that a state was saved with. */
function statisticsOf(state: TrainerState | undefined): SetStatistics | undefined {
  const entries = STATISTICS.map((name) => [name, state?.tensors.get(name)?.data] as const);
  return entries.every(([, data]) => data !== undefined)
    ? (Object.fromEntries(entries) as unknown as SetStatistics)
    : undefined;
}

async function segmentationScore(
  plan: TrainPlan,
  checkpoint: string,
  { cacheFolder, callbacks: { signal, onProgress } }: Opening,
): Promise<{ readonly mIoU: number }> {
  const { every: _, ...evaluation } = plan.evaluation as NonNullable<TrainPlan['evaluation']>;
  const { mIoU } = await evaluate(checkpoint, {
    ...evaluation,
    device: plan.device,
    threads: plan.threads,
    cacheFolder,
    signal,
    onProgress: ({ done, total }) => onProgress?.({ stage: 'evaluate', done, total }),
  });
  return { mIoU };
}

/** A vocabulary with the names that were added to it, where there are any. */
function vocabularyFiles({ config }: BaseModel, texts: CategoryTexts): ReadonlyMap<string, Uint8Array | string> {
  const { text, embeddingDim } = config;
  const extended = texts.extended?.();
  if (extended === undefined || text.kind !== 'vocabulary' || extended.standIns.length === 0) return new Map();
  const { names, embeddings, standIns } = extended;
  const tensor = { shape: [names.length, embeddingDim], data: embeddings };
  return new Map<string, Uint8Array | string>([
    [text.names, `${JSON.stringify({ names, standIns }, null, 1)}\n`],
    [text.embeddings, encodeSafetensors(new Map([['embeddings', tensor]]))],
  ]);
}

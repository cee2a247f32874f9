/** The start of training: a checkpoint, frozen encoders that get a random decoder, or a checkpoint's encoders alone. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SynsegError, downloadCheckpoint } from '@synseg/core';
import { rangeError, readOptions } from '@synseg/core/guards';
import { EMBEDDED, Weights, embeddedFolder, fingerprintFiles } from '@synseg/core/checkpoint';
import { readFloats, readJson, readModelConfig, type FloatTensor, type ModelConfig } from '@synseg/core/checkpoint';
import { shownSource } from '../data/source.ts';
import { initialValues } from '../step-graph/initial-values.ts';
import { encoderTensors, groupOf, textTensors, trainedTensors, type ParameterSpec } from '../step-graph/layout.ts';
import { pictureEncoderOf } from '../step-graph/window-embeddings.ts';
import { needsCaptions, needsMasks, readsWindows } from '../objective/losses.ts';
import { DECODER_OPTIONS, type DecoderShape } from './train-options.ts';
import type { Plan, TrainPlan } from './train-plan.ts';

/** Side of the paper's pictures, pixels. */
const PAPER_SIZE = 224;

/** An opened start. */
export interface BaseModel {
  readonly folder: string;
  /** `config.json` of the checkpoints to write. */
  readonly configJson: Readonly<Record<string, unknown>>;
  /** Files of the checkpoints to write that differ from the folder's. */
  readonly files: ReadonlyMap<string, string>;
  readonly config: ModelConfig;
  readonly specs: readonly ParameterSpec[];
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  /** Names of tensors that start at random. */
  readonly random: readonly string[];
  /** Identifies the frozen trunk's bytes. */
  readonly trunkKey: string;
}

/**
 * Opens the start of a plan.
 *
 * @throws SynsegError `MODEL_LOAD`, `CHECKPOINT_FORMAT` or `HUB_DOWNLOAD`; RangeError when the plan gives a decoder to
 *   a folder that has one
 */
export async function openBaseModel(plan: Plan, cacheFolder: string, signal?: AbortSignal): Promise<BaseModel> {
  const trains = plan.trains === 'decoder' ? plan : undefined;
  const fromRandom = plan.init === 'random';
  const folder = await checkpointFolder(fromRandom ? (trains?.trunk as string) : plan.init, signal);
  const raw = (await readJson(join(folder, 'config.json'))) as Record<string, unknown> | undefined;
  if (raw === undefined)
    throw new SynsegError('MODEL_LOAD', `Cannot train: folder must hold config.json, got "${folder}"`);
  const bare = raw['model_type'] === 'synseg' && raw['decoder'] === undefined;
  const got = `"${plan.init}" without one; pass it as trunk, with init "random"`;
  if (bare && !fromRandom && plan.trains !== 'text')
    throw new SynsegError('CHECKPOINT_FORMAT', `Cannot train: init must be a checkpoint with a decoder, got ${got}`);
  const rule = "be left out when the trunk's config.json gives one";
  if (trains?.decoder !== undefined && !bare) throw rangeError('train', 'advanced.decoder', rule, `both (${folder})`);
  // Thresholds are those of the decoder that is there: a random one has none.
  const { threshold: _, thresholds: __, ...stripped } = raw;
  const decoder = bare ? { decoder: decoderJson(trains?.decoder, raw['trunk']) } : {};
  const configJson = fromRandom ? { ...stripped, ...decoder } : raw;
  const preprocessor = (await readJson(join(folder, 'preprocessor_config.json'))) as
    Record<string, unknown> | undefined;
  const own = readModelConfig(configJson, preprocessor, folder, trains?.inputSize);
  const size = trains && inputSizeOf(trains, own);
  const config = size === undefined ? own : readModelConfig(configJson, preprocessor, folder, size);
  const weights = fromRandom && config.trunk.kind === 'onnx' ? undefined : await Weights.open(folder);
  const values =
    trains === undefined
      ? await storedValues(plan.trains === 'text' ? textTensors(config) : encoderTensors(config), weights as Weights)
      : await decoderValues(trains, config, folder, weights);
  const trunkFiles = config.trunk.kind === 'onnx' ? [join(folder, config.trunk.file)] : (weights as Weights).files;
  const files = new Map<string, string>();
  const sized = { ...preprocessor, size: { height: size, width: size } };
  if (size !== undefined && config.trunk.kind !== 'onnx')
    files.set('preprocessor_config.json', `${JSON.stringify(sized, null, 2)}\n`);
  return { folder, configJson, files, config, ...values, trunkKey: await fingerprintFiles(trunkFiles, cacheFolder) };
}

/** The paper trains CLIP on 224 pixels, where a CLIPSeg checkpoint's own size is 352. */
function inputSizeOf({ inputSize, recipe }: TrainPlan, { trunk, inputSize: [own] }: ModelConfig): number | undefined {
  if (inputSize !== undefined || recipe !== 'paper' || trunk.kind !== 'clip' || own <= PAPER_SIZE) return inputSize;
  return PAPER_SIZE % trunk.patchSize === 0 ? PAPER_SIZE : undefined;
}

type Values = Pick<BaseModel, 'specs' | 'tensors' | 'random'>;

async function decoderValues(
  plan: TrainPlan,
  config: ModelConfig,
  folder: string,
  weights: Weights | undefined,
): Promise<Values> {
  const { decoder, trunk } = config;
  const refuse = (name: string, rule: string, got: string | number): Error =>
    rangeError('train', name, rule, `${got} (${folder})`);
  const match = 'have patches of 16 pixels to learn from masks, whose pixels its logits then match';
  if (needsMasks(plan.lambda) && decoder.kind === 'transformer' && decoder.head === 'refined')
    if (decoder.patchSize !== 16) throw refuse('a refined head', match, decoder.patchSize);
  const trainsTrunk = plan.trainable.includes('vision');
  if (trainsTrunk && trunk.kind === 'onnx')
    throw refuse('advanced.trainable', 'not name "vision" for a ready-made ONNX trunk', 'it');
  if (readsWindows(plan)) pictureEncoderOf(config);
  if (plan.cacheFeatures && trunk.kind === 'convolution')
    throw refuse('cacheFeatures', 'be false for a convolution trunk, whose finer map is not kept', 'true');
  const channels = needsCaptions(plan.lambda) ? projectorChannels(plan, config) : undefined;
  const specs = trainedTensors(config, channels, trainsTrunk);
  // A random decoder starts on the trunk's own numbers.
  const known = plan.init === 'random' ? (name: string): boolean => groupOf(name) === 'vision' : undefined;
  return { specs, ...(await initialValues(specs, weights, plan.seed, known)) };
}

/** The checkpoint's own numbers, all of them. @throws SynsegError `CHECKPOINT_FORMAT` for one it lacks */
async function storedValues(specs: readonly ParameterSpec[], weights: Weights): Promise<Values> {
  const entries = specs.map(({ name, shape }) => weights.get(name, shape));
  const floats = await Promise.all(entries.map(readFloats));
  const tensors = entries.map(({ name, shape }, at) => [name, { shape, data: floats[at]! }] as const);
  return { specs, tensors: new Map(tensors), random: [] };
}

/** Channels that the projector reads. */
export function projectorChannels(
  { features }: Pick<TrainPlan, 'features'>,
  { decoder, tapDims, embeddingDim }: ModelConfig,
): number {
  switch (features) {
    case 'conditional':
      return decoder.reduceDim;
    case 'taps':
      return tapDims.reduce((sum, channels) => sum + channels, 0);
    case 'windows':
      return (tapDims[0] as number) + embeddingDim;
  }
}

/** `decoder` of `config.json`, of the kind that goes with the trunk. */
function decoderJson(given: DecoderShape = {}, trunk: unknown): Record<string, unknown> {
  const decoder = readOptions('train', DECODER_OPTIONS, given, [], 'advanced.decoder');
  if ((trunk as { readonly kind?: unknown } | undefined)?.kind === 'convolution')
    return { reduce_dim: decoder.reduceDim, refinements: 2 };
  return {
    reduce_dim: decoder.reduceDim,
    attention_heads: decoder.heads,
    intermediate_size: decoder.intermediateSize,
    hidden_act: 'relu',
    layer_norm_eps: 1e-5,
    conditional_layer: 0,
    complex_transposed_convolution: decoder.head === 'refined',
  };
}

/** The folder of a checkpoint: its own, that of the package, or that of a download. @throws as {@link openBaseModel} */
export async function checkpointFolder(source: string, signal: AbortSignal | undefined): Promise<string> {
  if (source === EMBEDDED) return embeddedFolder();
  if ((await stat(source).catch(() => undefined))?.isDirectory() === true) return resolve(source);
  const rule = 'be an existing folder, a hub id like owner/name or "embedded"';
  if (!/^[\w-][\w.-]*\/[\w.-]+$/.test(source))
    throw new SynsegError('MODEL_LOAD', `Cannot train: model must ${rule}, got "${shownSource(source)}"`);
  return downloadCheckpoint(source, { signal });
}

/** Messages between the caller's thread and the training thread: plain data, large arrays as transferred buffers. */
import type { Provider } from '@synseg/core';
import type { PromptBatch } from '@synseg/core/checkpoint';
import type { StepSpec, StepWeights } from '../step-graph/step-spec.ts';

/** Execution provider, or `'auto'`. */
type Device = Provider | 'auto';

/** Handed to the thread at start. */
export interface EngineStart {
  /** Sizes of whole batches; the engine derives the micro-batches' graphs. */
  readonly spec: Omit<StepSpec, 'phase' | 'stage'>;
  /** Of the first step. */
  readonly stage: StepSpec['stage'];
  /** Folder of the checkpoint or trunk; its weight files are referred to, not copied. */
  readonly folder: string;
  readonly frozen: StepWeights['frozen'];
  /** State vectors by name, each float32 `[P]`. */
  readonly state: Readonly<Record<string, Float32Array>>;
  readonly device: Device;
  readonly threads: number;
}

/** Part of a batch that one run of the graph takes. */
export interface MicroBatch {
  /** uint8 `[images, height, width, 3]`, or the taps float32 `[images, tokens, D_i]` each. */
  readonly pictures: { readonly pixels: Uint8Array } | { readonly taps: readonly Float32Array[] };
  readonly rows: number;
  /** float32 `[rows, embeddingDim]` */
  readonly text: Float32Array;
  readonly imageOfRow: Int32Array;
  readonly stated: Float32Array;
  /** The batch's labels, each once: when patches are scored against labels. */
  readonly bank?: LabelBankData;
  /** Both present when masks count. */
  readonly classOfRow?: Float32Array;
  readonly masks?: Uint8Array;
}

/** A batch of pictures with a caption each; it is never cut, for every caption is a negative of every other picture. */
export interface PairBatch {
  readonly pairs: number;
  /** uint8 `[pairs, height, width, 3]` */
  readonly pixels: Uint8Array;
  /** Token ids, int64 `[pairs, maxTokens]`. */
  readonly ids: BigInt64Array;
  /** int64 `[pairs]`: place of each caption's end token among all ids. */
  readonly ends: BigInt64Array;
  /** int64 `[pairs]`: equal numbers for captions of equal tokens. */
  readonly captions: BigInt64Array;
  /** float32 `[1 + kept, 1 + patches]`, one-hot: the tokens that are not dropped; absent when all are seen. */
  readonly keptTokens?: Float32Array;
}

/** A batch of texts, each with the vector that its embedding is to be. */
export interface TextBatch {
  readonly texts: number;
  readonly prompts: PromptBatch;
  /** float32 `[texts, embeddingDim]` */
  readonly targets: Float32Array;
}

/** Embeddings of pictures and captions, float32 `[pairs, embeddingDim]` each, rows of length one. */
export interface PairEmbeddings {
  readonly image: Float32Array;
  readonly text: Float32Array;
}

/** Numbers of the step graph's `LabelBank`. */
export interface LabelBankData {
  readonly labels: number;
  /** Text embeddings less their center, float32 `[labels, embeddingDim]`. */
  readonly text: Float32Array;
  /** float32 `[images, labels]` each */
  readonly stated: Float32Array;
  readonly valid: Float32Array;
  readonly labelOfRow: Int32Array;
}

/** One optimizer step over a whole batch. */
export interface StepRequest {
  /** Counted from 1. */
  readonly step: number;
  readonly stage: StepSpec['stage'];
  readonly learningRate: number;
  readonly micro: readonly (MicroBatch | PairBatch | TextBatch)[];
}

/** Figures of a step, summed over its micro-batches, in the order of `figuresOf`. */
export interface StepReply {
  readonly figures: Float32Array;
  /** Time inside the runtime, ms. */
  readonly milliseconds: number;
}

/** Methods of the step engine that its owner may call. */
export type EngineMethod = 'step' | 'state' | 'constants' | 'taps' | 'windows' | 'embed' | 'cosines' | 'speed';

/** A call of one of them. */
export interface EngineCall {
  readonly type: EngineMethod;
  readonly args: readonly unknown[];
}

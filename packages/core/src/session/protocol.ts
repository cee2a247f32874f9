/**
 * Messages between a caller's thread and an inference thread. Plain data only; pictures and results travel as
 * transferred ArrayBuffers. Any number of ports may be connected to one thread: each is a caller with an order of its
 * own.
 */
import type { ModelConfig } from '../checkpoint/model-config.ts';
import type { Windows } from '../image/windows.ts';
import type { Refinement } from '../model/pamr.ts';
import type { StatisticsName } from '../checkpoint/statistics.ts';
import type { Decision, PostprocessOutputs } from '../model/postprocess.ts';
import type { MergeRule, ViewCount } from '../model/views.ts';
import type { Pooling } from '../text/pooling.ts';
import type { Device } from './providers.ts';
import type { CancelMessage, Numbered } from './request-channel.ts';

/** Numeric precision inside the network. */
export type Precision = 'fp32' | 'fp16' | 'bf16' | 'int8';

/** Settings from which a thread makes its sessions; the same for both roles. */
export interface EngineSettings {
  readonly folder: string;
  readonly inputSize: number | undefined;
  /** Statistics that pixels are normalized with, in place of the checkpoint's. */
  readonly statistics?: StatisticsName | undefined;
  readonly cacheFolder: string;
  readonly device: Device | 'auto';
  readonly precision: Precision | 'auto';
  readonly threads: number;
  /** Pictures per run of the trunk. */
  readonly maxBatch: number;
}

/** A picture cut into tiles, each at the trunk's input (for five views, twice that). */
export interface TiledPixels {
  /** uint8 `[rows·columns, height, width, 3]`, RGB */
  readonly pixels: Uint8Array;
  readonly tiles: readonly [rows: number, columns: number];
  /** Places of overlapping tiles on their picture; absent where tiles lie side by side. */
  readonly windows?: Windows;
}

/** Scores from logits, and where windows are merged. */
export interface ScoreRule {
  readonly scores: 'sigmoid' | 'softmax';
  /** Factor of the logits in a softmax. */
  readonly softmaxScale: number;
  /** What is averaged where windows overlap. */
  readonly average: 'logits' | 'scores';
  /** Refinement of each window, at a size of its own. */
  readonly refine: (Refinement & { readonly size: readonly [height: number, width: number] }) | undefined;
  /** Score below which a pixel of a window counts as its background; undefined where thresholds decide at the end. */
  readonly vote: number | undefined;
}

/** Text embeddings of a label set; two requests with one key are served by one run. */
export interface LabelEmbeddings {
  readonly key: string;
  readonly count: number;
  /** float32 `[count, embeddingDim]` */
  readonly embeddings: Float32Array;
}

/** Encode a picture and keep its taps in the thread. */
export interface EncodeRequest extends TiledPixels {
  readonly type: 'encode';
  readonly views: ViewCount;
}

/** Segment a picture, or one encoded before. */
export interface SegmentRequest {
  readonly type: 'segment';
  readonly picture: TiledPixels | { readonly encoded: number };
  readonly views: ViewCount;
  readonly merge: MergeRule;
  readonly labels: LabelEmbeddings;
  readonly rule: ScoreRule;
  readonly decision: Decision;
  readonly outputs: PostprocessOutputs;
  /** Height and width of the results, pixels. */
  readonly size: readonly [height: number, width: number];
}

/** Embed labels, each by its prompts. */
interface EmbedRequest {
  readonly type: 'embed';
  readonly prompts: readonly (readonly string[])[];
  readonly pooling: Pooling;
}

/** Forget an encoded picture. */
export interface ReleaseMessage {
  readonly type: 'release';
  readonly encoded: number;
}

export type InferenceRequest = EncodeRequest | SegmentRequest | EmbedRequest;

/** Messages that arrive in the thread. */
export type InferenceMessage =
  Numbered<EncodeRequest> | Numbered<SegmentRequest> | Numbered<EmbedRequest> | ReleaseMessage | CancelMessage;

/** Results of {@link SegmentRequest}, as asked. */
export interface SegmentReply {
  readonly labels?: Uint8Array;
  readonly masks?: Uint8Array;
  readonly activations?: Float32Array;
}

/** Description of a loaded thread. */
export interface EngineInfo {
  readonly config: ModelConfig;
  readonly device: Device;
  readonly precision: Precision;
  /** Real paths of the weight files. */
  readonly weightFiles: readonly string[];
}

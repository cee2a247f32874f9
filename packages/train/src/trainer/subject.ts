/** The part of a run that differs between decoders, encoders and a text encoder. */
import type { BatchLoaderOptions } from '../data/batch-loader.ts';
import type { DataContext } from '../data/dataset.ts';
import type { RunFolder } from '../run/run-folder.ts';
import type { TrainerState } from '../run/trainer-state.ts';
import type { Layout } from '../step-graph/layout.ts';
import type { StepSpec } from '../step-graph/step-spec.ts';
import type { BaseModel } from './base-model.ts';
import type { BatchSource } from './batch-source.ts';
import type { EngineLink } from './engine-link.ts';
import type { RetrievalScore, SegmentationScore, TextScore, TrainWarning } from './reports.ts';
import type { SetStatistics } from './set-statistics.ts';
import type { TrainOptions } from './train-options.ts';

/** The options of a run that are not in its plan. */
export type Callbacks = Pick<TrainOptions, 'resume' | 'onWarning' | 'onProgress' | 'signal'>;

/** Context for opening the subject of a run. */
export interface Opening {
  readonly base: BaseModel;
  readonly cacheFolder: string;
  readonly callbacks: Callbacks;
  /** Options for reading the data of the run. */
  readonly reading: Omit<DataContext, 'phrases'>;
  readonly warn: (kind: TrainWarning['kind'], message: string) => void;
  /** Called when the run is closed, the last one first. */
  readonly onClose: (closer: () => Promise<void>) => void;
}

/** A run whose training thread has started. */
export interface Started {
  readonly engine: EngineLink;
  readonly run: RunFolder;
  readonly layout: Layout;
  readonly resumed: TrainerState | undefined;
  readonly loading: BatchLoaderOptions;
}

/** A score before it is compared with the best. */
export type Score = Omit<SegmentationScore, 'best'> | Omit<RetrievalScore, 'best'> | Omit<TextScore, 'best'>;

/** The part of a step's specification that any subject has. */
export type SharedSpec = Pick<StepSpec, 'config' | 'layout' | 'optimizer' | 'ema' | 'images' | 'batchImages'>;

/** The trained part of a model: a decoder, both encoders, or the text encoder. */
export interface Subject {
  readonly spec: Omit<StepSpec, keyof SharedSpec | 'stage' | 'phase'>;
  /** Files of the checkpoints to write that differ from the start's. */
  readonly files: () => ReadonlyMap<string, Uint8Array | string>;
  readonly start: (started: Started) => Promise<{
    readonly batches: BatchSource;
    /** Statistics of the set, where a loss needs them. */
    readonly statistics?: SetStatistics | undefined;
    readonly evaluate?: () => Promise<Score>;
  }>;
}

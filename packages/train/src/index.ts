export { type Augmentation } from './data/data-options.ts';
export { type DataWarning } from './data/data-warning.ts';
export { type DataOptions } from './data/data-options.ts';
export { type LeftOut } from './data/left-out.ts';
export { DATASETS, type DatasetName } from './benchmarks/datasets.ts';
export { type EvaluatedModel } from './evaluate/contest.ts';
export { calibrate, type CalibrateOptions, type Calibration } from './evaluate/calibrate.ts';
export { type CalibratedLabel } from './evaluate/threshold-curves.ts';
export { evaluate } from './evaluate/evaluate.ts';
export { type EvaluateOptions, type EvaluationProgress } from './evaluate/evaluate-options.ts';
export { describeProtocol, formatScore } from './evaluate/format-score.ts';
export { type Interval } from './evaluate/bootstrap.ts';
export { type CurvePoint } from './evaluate/threshold-curve.ts';
export { type EvaluationFailure, type EvaluationProtocol, type Score } from './evaluate/score.ts';
export { convertData, type ConvertOptions } from './inspect/convert-data.ts';
export {
  type ClassCount,
  type DataFault,
  type DataProgress,
  type DataReport,
  type SetReport,
} from './inspect/data-report.ts';
export { inspectData, type InspectOptions } from './inspect/inspect-data.ts';
export { type AnnotationForm } from './annotations/annotated-set.ts';
export { DEFAULT_EXCLUSIONS, DEFAULT_EXCLUSIONS_TEXT, parseExclusions, readExclusions } from './phrases/exclusions.ts';
export { fineTune } from './fine-tune/fine-tune.ts';
export { type FineTuneOptions } from './fine-tune/fine-tune-options.ts';
export {
  type FineTuned,
  type FineTunePlan,
  type FineTuneProgress,
  type SaidScore,
  type WordCounts,
} from './fine-tune/fine-tune-progress.ts';
export { type TaughtWord } from './fine-tune/new-words.ts';
export { extractPhrases, type ExtractPhrasesOptions, type PhraseProgress } from './phrases/extract-phrases.ts';
export { readCaptions, type ReadCaptionsOptions } from './phrases/read-captions.ts';
export { PhraseExtractor } from './phrases/phrase-extractor.ts';
export { formatSummary, type PhraseSummary } from './phrases/phrase-summary.ts';
export { type CheckpointShape, type TextShape, type VisionShape } from './fresh/checkpoint-shape.ts';
export { createCheckpoint, type CreateOptions, type CreatedCheckpoint } from './fresh/create-checkpoint.ts';
export { exportCheckpoint } from './run/export.ts';
export { openTrainingPage, type TrainingPage } from './live/training-page.ts';
export { type HeldOutPicture, type PlanEntry, type TrainingPageOptions } from './live/page-options.ts';
export { type ParameterGroup } from './step-graph/layout.ts';
export { type LossWeights } from './objective/losses.ts';
export { train, trainEncoders, trainTextEncoder } from './trainer/train.ts';
export {
  type EncodersPlan,
  type TextEncoderPlan,
  type TrainPlan,
  planEncoders,
  planTextEncoder,
  planTraining,
} from './trainer/train-plan.ts';
export { type RecipeName } from './trainer/recipes.ts';
export {
  type RetrievalScore,
  type SegmentationScore,
  type StepReport,
  type TextScore,
  type TrainEstimate,
  type TrainProgress,
  type TrainWarning,
} from './trainer/reports.ts';
export { type TextEvaluation, type TrainTextEncoderOptions } from './trainer/text-encoder-options.ts';
export {
  type DecoderShape,
  type PeriodicEvaluation,
  type RetrievalEvaluation,
  type TrainEncodersOptions,
  type TrainOptions,
} from './trainer/train-options.ts';

/** Descriptions of options: what a command line is built from. */
export { AUGMENTATION_OPTIONS, DATA_OPTIONS, FIELD_KEYS } from './data/data-options.ts';
export { CALIBRATE_OPTIONS } from './evaluate/calibrate.ts';
export { EVALUATE_OPTIONS } from './evaluate/evaluate-options.ts';
export { CONVERT_OPTIONS } from './inspect/convert-data.ts';
export { INSPECT_OPTIONS } from './inspect/inspect-data.ts';
export { FINE_TUNE_OPTIONS } from './fine-tune/fine-tune-options.ts';
export { CREATE_OPTIONS } from './fresh/create-checkpoint.ts';
export { EXTRACT_PHRASES_OPTIONS } from './phrases/extract-phrases.ts';
export { READ_CAPTIONS_OPTIONS } from './phrases/read-captions.ts';
export { TRAINING_PAGE_OPTIONS } from './live/page-options.ts';
export { RECIPE_NAMES } from './trainer/recipes.ts';
export { TRAIN_TEXT_ENCODER_ADVANCED_OPTIONS, TRAIN_TEXT_ENCODER_OPTIONS } from './trainer/text-encoder-options.ts';
export {
  DECODER_OPTIONS,
  TRAIN_ADVANCED_OPTIONS,
  TRAIN_ENCODERS_ADVANCED_OPTIONS,
  TRAIN_ENCODERS_OPTIONS,
  TRAIN_OPTIONS,
} from './trainer/train-options.ts';
export { EXPORT_OPTIONS } from './run/export.ts';

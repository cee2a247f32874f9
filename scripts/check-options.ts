/**
 * Checks that what is said of options is true: a `@default` that is a literal equals the default in the code, and
 * docs/options.md lists every option as its description has it. `--write` writes that page anew.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Option, Options } from '../packages/core/src/guard/options.ts';
import * as core from '../packages/core/src/options.ts';
import * as train from '../packages/train/src/options.ts';
import * as video from '../packages/video/src/options.ts';
import { readDescriptions, type DescriptionTexts, type OptionText } from './lib/option-docblocks.ts';
import { finish, report, root } from './lib/repository.ts';

const page = 'docs/options.md';

/** What the descriptions are of. */
const CALLS: Readonly<Record<string, string>> = {
  LOAD_OPTIONS: 'Segmenter.load(source, options)',
  LABELS_OPTIONS: 'segmenter.labels(names, options)',
  SEGMENT_OPTIONS: 'segmenter.segment(picture, labels, options)',
  OVERLAY_OPTIONS: 'segmentation.overlay(picture, options)',
  SEGMENT_VIDEO_OPTIONS: 'segmentVideo(source, segmenter, labels, options)',
  SAVE_FRAMES_OPTIONS: 'saveFrames(source, folder, options)',
  DECODE_OPTIONS: 'decodeFrames(source, options)',
  ENCODE_VIDEO_OPTIONS: 'encodeVideo(path, options)',
  PREVIEW_OPTIONS: 'PreviewServer.start(options)',
  PROBE_OPTIONS: 'probe(source, options)',
  TRAIN_OPTIONS: 'train(options)',
  TRAIN_ENCODERS_OPTIONS: 'trainEncoders(options)',
  TRAIN_TEXT_ENCODER_OPTIONS: 'trainTextEncoder(options)',
  TRAINING_PAGE_OPTIONS: 'openTrainingPage(options)',
  DATA_OPTIONS: 'data of train() and trainEncoders()',
  EVALUATE_OPTIONS: 'evaluate(model, options)',
  CALIBRATE_OPTIONS: 'calibrate(model, options)',
  EXTRACT_PHRASES_OPTIONS: 'extractPhrases(captions, options)',
  READ_CAPTIONS_OPTIONS: 'readCaptions(path, options)',
  CREATE_OPTIONS: 'createCheckpoint(folder, captions, options)',
  EXPORT_OPTIONS: 'exportCheckpoint(from, to, options)',
};

const HEAD = `# Options

Every option of every function, made from the descriptions in the code by \`npm run options\`. On the command line
an option is a flag of its name in small letters, \`maxPixels\` as \`--max-pixels\`; in a configuration file it has the
name that it has here.
`;

const texts = readDescriptions();

/** Options with those within them, as \`smooth.weight\`. */
function flattened(described: Options, prefix = ''): (readonly [name: string, option: Option<unknown>])[] {
  return Object.entries(described).flatMap(([name, option]) => [
    [prefix + name, option] as const,
    ...flattened(option.options ?? {}, `${prefix}${name}.`),
  ]);
}

function table(described: Options, known: DescriptionTexts): string {
  const rows = flattened(described).map(([name, option]) => {
    const { text = '', literal } = known[name] ?? {};
    const standard = literal ?? shown(option.fallback);
    return `| \`${name}\` | ${cell(option.rule.replace(/^be /, ''))} | ${cell(standard)} | ${cell(text)} |\n`;
  });
  return `| option | value | default | |\n|---|---|---|---|\n${rows.join('')}`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const shown = (value: unknown): string =>
  value === undefined || isDeepStrictEqual(value, {}) ? '' : (JSON.stringify(value) ?? '').replaceAll('"', "'");

/** The value that a `@default` stands for, or undefined where it is a sentence. */
function literalOf(text: string): unknown {
  const [, amount = '', unit = ''] = /^(-?[\d.,]+(?:e-?\d+)?)(?: (million|MiB|GiB))?$/.exec(text) ?? [];
  const units: Readonly<Record<string, number>> = { million: 1e6, MiB: 2 ** 20, GiB: 2 ** 30 };
  if (amount !== '') return Number(amount.replaceAll(',', '')) * (units[unit] ?? 1);
  try {
    return JSON.parse(text.replaceAll("'", '"')) as unknown;
  } catch {
    return undefined;
  }
}

function checkDefault(name: string, { fallback }: Option<unknown>, { literal, file, line }: OptionText): void {
  const stated = literal === undefined ? undefined : literalOf(literal);
  if (stated === undefined || fallback === undefined || isDeepStrictEqual(stated, fallback)) return;
  report(file, line, `@default of ${name} must be that of the code, ${shown(fallback)}, got ${literal ?? ''}`);
}

const sections: string[] = [];
for (const [name, described] of [core, video, train].flatMap((entry) => Object.entries(entry))) {
  const known = texts.get(name);
  if (known === undefined) continue;
  for (const [option, facts] of flattened(described as Options)) {
    const text = known[option];
    if (text !== undefined) checkDefault(option, facts, text);
  }
  const call = CALLS[name];
  if (call !== undefined) sections.push(`\n## \`${call}\`\n\n${table(described as Options, known)}`);
}
const wanted = HEAD + sections.join('');
if (process.argv.includes('--write')) writeFileSync(join(root, page), wanted);
else if (!existsSync(join(root, page)) || readFileSync(join(root, page), 'utf8') !== wanted)
  report(page, 1, 'must list the options as the code has them: npm run options');
finish('options');

/** `synseg labels`: embeds labels and saves them, or lists the vocabulary of a checkpoint. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOutputs, commaSeparated, text, type OptionsOf } from '@synseg/core/guards';
import { LABELS_OPTIONS } from '@synseg/core/options';
import { command, type Context, type Result } from '../context.ts';
import { among } from '../flags.ts';
import { LABEL_FLAGS, MODEL_FLAGS, loadModel, tellWords } from '../model.ts';
import { table } from '../text.ts';

const LABELS_FLAGS = {
  ...MODEL_FLAGS,
  /** File that the label set is written to; it is used without the text encoder. */
  save: { ...text(), placeholder: 'file.safetensors' },
  ...LABEL_FLAGS,
};

export const labels = command({
  name: 'LABELS_FLAGS',
  flags: LABELS_FLAGS,
  operand: '[names]',
  help: `
Names are separated by commas. Without names, the vocabulary of the checkpoint is
listed, if it has one. With --json, words has the class that each name answers as,
and why; unknown has the names that the checkpoint does not know, and like words.

Examples:
  $ synseg labels road,car --model ./checkpoint --save street.safetensors
  $ synseg segment street.jpg --model ./checkpoint --label-set street.safetensors
`,
  run,
});

type LabelsFlags = OptionsOf<typeof LABELS_FLAGS>;

async function run(context: Context, flags: LabelsFlags, names: string | undefined): Promise<Result> {
  const { save } = flags;
  const outputs = save === undefined ? [] : [{ name: '--save', path: save }];
  await checkOutputs('save labels', outputs, await checkpointFiles(flags.model));
  const { segmenter, model } = await loadModel(context, flags);
  await using _ = segmenter;
  if (names === undefined) {
    const { vocabulary } = segmenter;
    const text = vocabulary?.join('\n') ?? 'This checkpoint has a text encoder: it takes any words.';
    return { json: { model, vocabulary: vocabulary ?? null }, text };
  }
  const { signal } = context;
  const set = await segmenter.labels(commaSeparated(names), { ...among(LABELS_OPTIONS, flags), signal });
  tellWords(context, set);
  if (save !== undefined) await set.save(save);
  const rows = set.names.map((name, at) => [
    name,
    `threshold ${String(set.thresholds[at] ?? set.defaultThresholds[at])}`,
  ]);
  return {
    json: {
      ...{ model, names: set.names, words: set.words, unknown: set.unknown, embeddingDim: set.embeddingDim },
      thresholds: set.thresholds.map((value) => value ?? null),
      ...{ background: set.background, backgroundRule: set.backgroundRule },
      ...(save === undefined ? {} : { save }),
    },
    text: `${table(rows)}\nbackground: ${set.backgroundRule}${save === undefined ? '' : `\nsaved to ${save}`}`,
  };
}

/** Files of a checkpoint's folder that a label set must not replace; sets saved before may lie beside them. */
async function checkpointFiles(folder = ''): Promise<string[]> {
  const names = folder === '' ? [] : await readdir(folder).catch(() => []);
  return names
    .filter((name) => !name.endsWith('.safetensors') || name.startsWith('model'))
    .map((name) => join(folder, name));
}

/** `synseg labels`: embed labels and save them, or list what a vocabulary checkpoint knows. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOutputs } from '../guard/output-paths.ts';
import type { LabelsOptions } from '../labels/label-request.ts';
import type { Background } from '../model/postprocess.ts';
import { Segmenter } from '../segmenter/segmenter.ts';
import { loadOptionsOf, loadProgress, modelOf, type LoadFlags } from './load-progress.ts';
import { table, type CommandContext, type CommandResult } from './output.ts';

/** Flags of `synseg labels`. */
export interface LabelsFlags extends LoadFlags {
  readonly save?: string;
  readonly threshold?: number;
  readonly background?: Background;
  readonly templates?: NonNullable<LabelsOptions['templates']>;
}

/** Runs `synseg labels`. */
export async function labelsCommand(
  { signal, stderr }: CommandContext,
  names: readonly string[] | undefined,
  flags: LabelsFlags,
): Promise<CommandResult> {
  const { save, threshold, background, templates } = flags;
  if (save !== undefined)
    await checkOutputs('save labels', [{ name: '--save', path: save }], await checkpointFiles(flags.model));
  const model = modelOf(flags, stderr);
  const progress = loadProgress(stderr);
  await using segmenter = await Segmenter.load(model, {
    ...loadOptionsOf(flags),
    signal,
    onProgress: progress.onProgress,
  }).finally(progress.close);
  if (names === undefined) {
    const { vocabulary } = segmenter;
    const text =
      vocabulary === undefined
        ? 'This checkpoint has a text encoder: any words will do.\n'
        : `${vocabulary.join('\n')}\n`;
    return { json: { model, vocabulary: vocabulary ?? null }, text };
  }
  const labels = await segmenter.labels(names, {
    signal,
    ...(threshold === undefined ? {} : { threshold }),
    ...(background === undefined ? {} : { background }),
    ...(templates === undefined ? {} : { templates }),
  });
  if (save !== undefined) await labels.save(save);
  const rows = labels.names.map((name, index) => [
    name,
    `threshold ${String(labels.thresholds[index] ?? labels.defaultThreshold)}`,
  ]);
  return {
    json: {
      model,
      names: labels.names,
      embeddingDim: labels.embeddingDim,
      thresholds: labels.thresholds.map((value) => value ?? null),
      background: labels.background,
      backgroundRule: labels.backgroundRule,
      ...(save === undefined ? {} : { save }),
    },
    text: `${table(rows)}background: ${labels.backgroundRule}\n${save === undefined ? '' : `saved to ${save}\n`}`,
  };
}

/** Files of a checkpoint's folder that a label set must not replace; sets saved before may lie beside them. */
async function checkpointFiles(folder: string | undefined): Promise<string[]> {
  const names = folder === undefined ? [] : await readdir(folder).catch(() => []);
  return names
    .filter((name) => !name.endsWith('.safetensors') || name.startsWith('model'))
    .map((name) => join(folder as string, name));
}

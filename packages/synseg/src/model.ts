/** The checkpoint of a command: its flags, how it is loaded, and how its labels are decided. */
import { Segmenter, type LoadProgress } from '@synseg/core';
import { text, value, type OptionsOf } from '@synseg/core/guards';
import { LABELS_OPTIONS, LOAD_OPTIONS } from '@synseg/core/options';
import type { Context, Loaded } from './context.ts';
import { among, only } from './flags.ts';
import { commaSeparated, megabytes } from './text.ts';

/** The checkpoint of every command that is told of none. */
export const EMBEDDED = 'embedded';

/** Which checkpoint. */
export const CHECKPOINT_FLAGS = {
  /**
   * Hub id or folder of the checkpoint, or "embedded": the one that comes with the package, for drawn streets.
   * @default embedded
   */
  model: { ...text(), placeholder: 'source' },
};

/** Which checkpoint, and how it is loaded. */
export const MODEL_FLAGS = {
  ...CHECKPOINT_FLAGS,
  ...only(LOAD_OPTIONS, 'device', 'precision', 'inputSize', 'threads', 'cacheFolder', 'revision', 'offline'),
};

/** What is taken for a picture. */
export const IMAGE_FLAGS = only(LOAD_OPTIONS, 'maxPixels', 'maxImageBytes', 'maxFetchSeconds', 'allowSVG');

/** How labels become embeddings, and where a pixel is background. */
export const LABEL_FLAGS = only(LABELS_OPTIONS, 'threshold', 'background', 'templates');

const unique = (names: readonly string[]): boolean => names.length > 0 && new Set(names).size === names.length;

/** Names of classes. */
export const NAMES = value<readonly string[]>('name at least one class, and each once', Array.isArray, unique, {
  fromText: commaSeparated,
  placeholder: 'a,b,c',
});

/** Loads the checkpoint that is named, else the embedded one, with a word about what that is for. */
export async function loadModel(
  { work, signal, note, progress }: Context,
  flags: OptionsOf<typeof MODEL_FLAGS>,
): Promise<{ readonly segmenter: Loaded; readonly model: string }> {
  const model = modelOf(flags, note);
  const load = work.load ?? ((...values) => Segmenter.load(...values));
  const onProgress = downloads(note, progress);
  const segmenter = await load(model, { ...among(LOAD_OPTIONS, flags), signal, onProgress });
  progress.close();
  return { segmenter, model };
}

/** The checkpoint that is named, else the embedded one. */
export function modelOf({ model }: OptionsOf<typeof CHECKPOINT_FLAGS>, note: Context['note']): string {
  if (model === undefined)
    note('model: embedded, trained on drawn streets; for photographs add --model CIDAS/clipseg-rd64-refined');
  return model ?? EMBEDDED;
}

function downloads(note: Context['note'], { show }: Context['progress']): (progress: LoadProgress) => void {
  const files = new Map<string, { readonly loadedBytes: number; readonly totalBytes: number }>();
  return (progress) => {
    if (progress.stage !== 'download') return;
    const { file, loadedBytes, totalBytes } = progress;
    const isNew = loadedBytes === totalBytes && files.get(file)?.loadedBytes !== totalBytes;
    files.set(file, progress);
    const sum = (key: 'loadedBytes' | 'totalBytes'): number =>
      [...files.values()].reduce((all, of) => all + of[key], 0);
    const [loaded, total] = [sum('loadedBytes'), sum('totalBytes')];
    show(total === 0 ? 0 : loaded / total, `downloading, ${megabytes(loaded)} of ${megabytes(total)}`);
    if (isNew) note(`downloaded ${file} (${megabytes(totalBytes)})`);
  };
}

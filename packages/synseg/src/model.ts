/** The checkpoint of a command: its flags and how it is loaded; flags of pictures and labels. */
import { Segmenter, type LabelSet, type LoadProgress } from '@synseg/core';
import { commaSeparated, text, value, type OptionsOf } from '@synseg/core/guards';
import { LABELS_OPTIONS, LOAD_OPTIONS } from '@synseg/core/options';
import type { Context, Loaded } from './context.ts';
import { among, only } from './flags.ts';
import { megabytes } from './text.ts';

const EMBEDDED = 'embedded';

/** The flag that names a checkpoint. */
export const CHECKPOINT_FLAGS = {
  /**
   * Checkpoint: a hub id, a folder, or "embedded" for the small one inside the package, for everyday classes.
   * @default embedded
   */
  model: { ...text(), placeholder: 'source' },
};

/** The checkpoint and how it is loaded. */
export const MODEL_FLAGS = {
  ...CHECKPOINT_FLAGS,
  ...only(LOAD_OPTIONS, 'device', 'precision', 'inputSize', 'threads', 'cacheFolder', 'revision', 'offline'),
};

/** Limits of pictures. */
export const IMAGE_FLAGS = only(LOAD_OPTIONS, 'maxPixels', 'maxImageBytes', 'maxFetchSeconds', 'allowSVG');

/** Embedding of labels, and the rule of the background. */
export const LABEL_FLAGS = only(LABELS_OPTIONS, 'threshold', 'background', 'templates');

const unique = (names: readonly string[]): boolean => names.length > 0 && new Set(names).size === names.length;

/** The option that names classes. */
export const NAMES = value<readonly string[]>('name at least one class, and each once', Array.isArray, unique, {
  fromText: commaSeparated,
  placeholder: 'a,b,c',
});

/** Loads the checkpoint of `--model`, else the embedded one, with a note about its use. */
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

/** The checkpoint of `--model`, else the embedded one. */
export function modelOf({ model }: OptionsOf<typeof CHECKPOINT_FLAGS>, note: Context['note']): string {
  if (model === undefined)
    note('model: embedded, for 152 everyday classes; for any other words add --model CIDAS/clipseg-rd64-refined');
  return model ?? EMBEDDED;
}

/**
 * Says which labels the checkpoint does not know, which answer as the same class, and which as a wider word.
 *
 * @param told - names of which it has been said before
 */
export function tellWords(
  { warn, note }: Pick<Context, 'warn' | 'note'>,
  { words, unknown }: LabelSet,
  told: readonly string[] = [],
): void {
  for (const { asked, nearest } of unknown.filter(({ asked }) => !told.includes(asked))) {
    const near =
      nearest.length === 0
        ? ', which has no word like it'
        : `, nearest ${nearest.length === 1 ? 'is' : 'are'} ${nearest.join(', ')}`;
    warn(`${asked}: unknown to this checkpoint${near}`);
  }
  const known = words.filter(({ why }) => why !== 'text' && why !== 'unknown');
  for (const word of known.filter(({ asked }) => !told.includes(asked))) {
    const { asked, answered, why } = word;
    const first = known.find((other) => other.answered === answered) ?? word;
    if (first !== word) warn(`${first.asked} and ${asked} both answer as ${answered}: the first gets the pixels`);
    else if (why === 'kind' || why === 'adjective') note(`${asked}: answers as ${answered} (${why})`);
  }
}

function downloads(note: Context['note'], { show }: Context['progress']): (progress: LoadProgress) => void {
  const files = new Map<string, { readonly loadedBytes: number; readonly totalBytes: number }>();
  return (progress) => {
    if (progress.stage !== 'download') return;
    const { file, loadedBytes, totalBytes } = progress;
    const isNew = loadedBytes === totalBytes && files.get(file)?.loadedBytes !== totalBytes;
    files.set(file, progress);
    const all = [...files.values()];
    const loaded = all.reduce((sum, of) => sum + of.loadedBytes, 0);
    const total = all.reduce((sum, of) => sum + of.totalBytes, 0);
    show(total === 0 ? 0 : loaded / total, `downloading, ${megabytes(loaded)} of ${megabytes(total)}`);
    if (isNew) note(`downloaded ${file} (${megabytes(totalBytes)})`);
  };
}

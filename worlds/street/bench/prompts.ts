/** What a checkpoint is asked for: the classes of the drawn world as labels with prompts. */
import type { Templates } from '@synseg/core';
import { CLASSES, type ClassName } from '../classes.ts';
import { nounsOf } from '../words.ts';
import { fillTemplate, resolveTemplates } from '../../../packages/core/src/text/templates.ts';

/** How classes become prompts. */
export interface Asking {
  /**
   * `nouns`: all that training captions call the class, mean of the embeddings; `names`: its name alone. @default
   * 'nouns'
   */
  readonly words?: 'nouns' | 'names';
  /**
   * Sentences they are put into. @default 'plain': none, as the text encoder read captions and no sentences about
   * photos
   */
  readonly templates?: Templates;
}

/** A label with its prompts written out. */
export interface AskedLabel {
  readonly name: string;
  readonly prompts: readonly string[];
}

/** Every class, or some, as labels; names are the classes'. */
export function classLabels(asking: Asking = {}, classes: readonly ClassName[] = CLASSES): AskedLabel[] {
  return classes.map((name) => ({
    name,
    prompts: filled((asking.words ?? 'nouns') === 'nouns' ? nounsOf(name) : [name], asking),
  }));
}

/** How it was asked, for the protocol beside the numbers. */
export function describeAsking({ words = 'nouns', templates = 'plain' }: Asking = {}): string {
  const sentences =
    templates === 'plain'
      ? 'as they are'
      : `in ${resolveTemplates(templates)
          .map((template) => `"${template}"`)
          .join(', ')}`;
  return (
    (words === 'nouns'
      ? 'the nouns of training captions for each class, mean of their embeddings, '
      : "each class's name alone, ") + sentences
  );
}

function filled(words: readonly string[], { templates = 'plain' }: Asking): string[] {
  return resolveTemplates(templates).flatMap((template) => words.map((word) => fillTemplate(template, word)));
}

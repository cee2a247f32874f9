/** The labels of a preview, and their changes, made one at a time. */
import { choice, group, integer, list, messageOf, readOptions, withoutSecrets } from '@synseg/core/guards';
import { PREVIEW_LABEL, readLabels } from './preview-options.ts';
import type { PreviewLabel, PreviewLabels, PreviewOptions } from './preview-options.ts';
import type { AnswerMessage } from './protocol.ts';

const MAX_LABELS = 255;
const MAX_ERROR = 500;
/** Changes that wait for the one in progress. */
const MAX_WAITING = 16;

const CHANGE = {
  type: choice(['labels']),
  revision: integer({ least: 0 }),
  labels: list(group(PREVIEW_LABEL, ['name'])),
};

/** Holds the current labels and changes them. */
export class LabelDesk {
  labels: PreviewLabels;
  /** Grows with every change, so that nobody undoes a change that they have not seen. */
  revision = 1;
  readonly #onLabels: PreviewOptions['onLabels'];
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(labels: PreviewLabels, onLabels: PreviewOptions['onLabels']) {
    [this.labels, this.#onLabels] = [labels, onLabels];
  }

  replace(labels: PreviewLabels): void {
    this.labels = labels;
    this.revision += 1;
  }

  /** Makes the change that a page asks for, after those before it. */
  change(asked: unknown): Promise<AnswerMessage> {
    if (this.#waiting >= MAX_WAITING)
      return Promise.resolve({ type: 'answer', error: 'Cannot change labels: too many changes wait already' });
    this.#waiting += 1;
    const answer = this.#turn.then(() => this.#change(asked)).finally(() => (this.#waiting -= 1));
    this.#turn = answer;
    return answer;
  }

  async #change(asked: unknown): Promise<AnswerMessage> {
    try {
      const { revision, labels } = readOptions('change labels', CHANGE, asked, ['revision', 'labels']);
      const wanted = trimmed(labels);
      if (revision !== this.revision) {
        const error = 'Cannot change labels: somebody else changed them meanwhile';
        return { type: 'answer', error, conflict: true };
      }
      this.replace(readLabels('change labels', await this.#onLabels(wanted)));
      return { type: 'answer' };
    } catch (error) {
      return { type: 'answer', error: withoutSecrets(messageOf(error)).slice(0, MAX_ERROR) };
    }
  }
}

function trimmed(labels: readonly PreviewLabel[]): PreviewLabel[] {
  if (labels.length > MAX_LABELS)
    throw new RangeError(`Cannot change labels: labels must be at most ${MAX_LABELS}, got ${labels.length}`);
  const names = labels.map(({ name }) => name.trim());
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new RangeError(`Cannot change labels: names must be unique, got "${twice}" twice`);
  return labels.map((label, index) => ({ ...label, name: names[index] ?? '' }));
}

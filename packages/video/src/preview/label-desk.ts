/** Where changes of the labels come in from the pages, one at a time. */
import { messageOf } from '@synseg/core/guards';
import { checkKind, withoutSecrets } from '@synseg/core/guards';
import type { PreviewLabel, PreviewLabels, PreviewOptions } from './preview-types.ts';

const MAX_LABELS = 255;
const MAX_NAME = 200;
const MAX_TEXT = 500;
/** Changes that wait for the one under way. */
const MAX_WAITING = 16;

/** @throws {TypeError} when these are no labels to show. */
export function checkLabels(action: string, labels: PreviewLabels): void {
  const lists =
    typeof labels === 'object' && labels !== null ? [labels.names, labels.colors, labels.thresholds] : [undefined];
  const fits =
    lists.every((list) => Array.isArray(list) && list.length === labels.names.length) &&
    labels.names.every((name) => typeof name === 'string');
  checkKind(action, 'labels', labels, fits, 'hold names, colors and thresholds, lists of one length');
  const isNumber = (value: unknown): boolean => typeof value === 'number' || value === null;
  const { colors, thresholds, defaultThreshold = null, backgroundRule } = labels;
  checkKind(
    action,
    'colors',
    colors,
    colors.every(
      (color) => Array.isArray(color) && color.length === 3 && color.every((part) => typeof part === 'number'),
    ),
    'each be three numbers',
  );
  checkKind(action, 'thresholds', thresholds, thresholds.every(isNumber), 'each be a number or null');
  checkKind(action, 'defaultThreshold', defaultThreshold, isNumber(defaultThreshold), 'be a number or null');
  checkKind(
    action,
    'backgroundRule',
    backgroundRule,
    backgroundRule === undefined || typeof backgroundRule === 'string',
    'be a string',
  );
}

/** What is answered to a change: the labels now under way, and why they are not those asked for. */
export interface LabelAnswer {
  readonly status: 200 | 400 | 409 | 422;
  readonly error?: string;
}

/** Holds the labels under way and changes them. */
export class LabelDesk {
  readonly #onLabels: PreviewOptions['onLabels'];
  #labels: PreviewLabels;
  #revision = 1;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(labels: PreviewLabels, onLabels: PreviewOptions['onLabels']) {
    this.#labels = labels;
    this.#onLabels = onLabels;
  }

  get labels(): PreviewLabels {
    return this.#labels;
  }

  /** Grows with every change: a page that has not seen the last one is told instead of undoing it. */
  get revision(): number {
    return this.#revision;
  }

  /** Puts other labels in place. */
  replace(labels: PreviewLabels): void {
    this.#labels = labels;
    this.#revision += 1;
  }

  /**
   * Does what a request body `{ revision, labels: [{ name, threshold? }] }` asks for, when those before it are done.
   */
  change(body: unknown): Promise<LabelAnswer> {
    if (this.#waiting >= MAX_WAITING)
      return Promise.resolve({ status: 409, error: 'Cannot change labels: too many changes wait already' });
    this.#waiting += 1;
    const answer = this.#turn.then(() => this.#change(body)).finally(() => (this.#waiting -= 1));
    this.#turn = answer;
    return answer;
  }

  async #change(body: unknown): Promise<LabelAnswer> {
    const asked = requestOf(body);
    if (typeof asked === 'string') return { status: 400, error: asked };
    if (asked.revision !== this.#revision)
      return { status: 409, error: 'Cannot change labels: somebody else changed them meanwhile' };
    try {
      const labels = await this.#onLabels(asked.labels);
      checkLabels('change labels', labels);
      this.replace(labels);
      return { status: 200 };
    } catch (error) {
      return { status: 422, error: withoutSecrets(messageOf(error)).slice(0, MAX_TEXT) };
    }
  }
}

/** The request, or what is wrong with it. */
function requestOf(body: unknown): { readonly revision: number; readonly labels: readonly PreviewLabel[] } | string {
  const wrong = (text: string): string => `Cannot change labels: ${text}`;
  const { revision, labels } = (body ?? {}) as { revision?: unknown; labels?: unknown };
  if (typeof revision !== 'number') return wrong(`revision must be a number, got ${typeof revision}`);
  if (!Array.isArray(labels) || labels.length === 0 || labels.length > MAX_LABELS) {
    return wrong(
      `there must be 1 to ${MAX_LABELS} labels, got ${Array.isArray(labels) ? labels.length : typeof labels}`,
    );
  }
  const checked: PreviewLabel[] = [];
  for (const label of labels as ({ name?: unknown; threshold?: unknown } | null)[]) {
    const { name, threshold } = label ?? {};
    if (typeof name !== 'string' || name.trim() === '') return wrong('a name must not be empty');
    if (name.length > MAX_NAME) return wrong(`a name must have at most ${MAX_NAME} characters, got ${name.length}`);
    if (checked.some((other) => other.name === name.trim()))
      return wrong(`names must be unique, got "${name.trim()}" twice`);
    if (threshold !== undefined && !(typeof threshold === 'number' && threshold >= 0 && threshold <= 1)) {
      return wrong(`threshold of "${name}" must be in [0, 1], got ${JSON.stringify(threshold)}`);
    }
    checked.push({ name: name.trim(), ...(threshold === undefined ? {} : { threshold }) });
  }
  return { revision, labels: checked };
}

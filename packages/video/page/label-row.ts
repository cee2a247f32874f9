/** The row of one label. */
import { copyOf, css, find } from './elements.ts';

let rows = 0;

export class LabelRow {
  readonly item = copyOf('#label-template');
  readonly input = find(this.item, '.label-name', HTMLInputElement);
  readonly threshold = find(this.item, '.threshold', HTMLInputElement);
  readonly reset = find(this.item, '.reset', HTMLButtonElement);
  readonly remove = find(this.item, '.remove', HTMLButtonElement);
  readonly #output = find(this.item, '.threshold-value', HTMLOutputElement);
  readonly #error = find(this.item, '.error', HTMLElement);
  name = '';
  /** The name that was asked for, until the label has it. */
  renamedTo: string | undefined;
  #usual: number | null = null;

  constructor() {
    this.#error.id = `label-error-${++rows}`;
    this.input.setAttribute('aria-describedby', this.#error.id);
  }

  /**
   * @param usual - threshold of labels without one of their own
   * @param editing - an edit of this row is under way, so what was entered stays
   */
  show(name: string, color: readonly number[], threshold: number | null, usual: number | null, editing: boolean): void {
    this.#usual = usual;
    const changed = this.input.value !== this.name;
    const typing = document.activeElement === this.input && changed;
    const wrong = !this.#error.hidden && changed && this.name === name;
    this.name = name;
    if (this.renamedTo === name) this.renamedTo = undefined;
    if (!typing && !wrong && !editing) this.input.value = name;
    if (!editing) this.showThreshold(threshold);
    this.item.dataset['name'] = name;
    find(this.item, '.swatch', HTMLElement).style.backgroundColor = css(color);
    this.threshold.ariaLabel = `Threshold of ${name}`;
    this.remove.ariaLabel = `Remove ${name}`;
    this.reset.ariaLabel = `No threshold for ${name}`;
  }

  showThreshold(threshold: number | null): void {
    const shown = threshold ?? this.#usual;
    this.item.classList.toggle('unset', threshold === null);
    this.threshold.value = String(shown ?? 0.5);
    this.#output.textContent = this.threshold.ariaValueText = shown === null ? 'none' : shown.toFixed(2);
    this.reset.disabled = threshold === null;
  }

  /** Shows an error beside the name; none when the text is empty. */
  fail(text: string): void {
    if (text !== '') this.renamedTo = undefined;
    showError(this.input, this.#error, text);
  }
}

/** Shows an error beside a field; none when the text is empty. */
export function showError(input: HTMLInputElement, error: HTMLElement, text: string): void {
  input.ariaInvalid = String(text !== '');
  error.textContent = text;
  error.hidden = text === '';
}

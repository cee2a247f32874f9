/** Script of the page: editing labels and thresholds. */

/** `labels.js` */
export const LABELS_SCRIPT = String.raw`/**
 * The list of labels. An edit is a small change ("rename this one"), sent with the list as it then is: when somebody
 * else was faster, the change is made again to their list instead of undoing it.
 */
import { post } from './connection.js';

const RETRIES = 3;
const SUGGESTIONS = 30;

/** @typedef {{ name: string, threshold?: number }} EditedLabel */
/** @typedef {{ revision: number, names: string[], colors: [number, number, number][], thresholds: (number | null)[], defaultThreshold?: number | null }} Labels */
/** @typedef {{ key: string, apply: (labels: EditedLabel[]) => EditedLabel[], row?: Row, failed: (text: string) => void, done: () => void }} Edit */

export class LabelEditor {
  /** @type {Labels} */
  #labels = { revision: 0, names: [], colors: [], thresholds: [] };
  /** @type {Row[]} */
  #rows = [];
  /** @type {Edit[]} */
  #edits = [];
  #busy = false;
  /** @type {Promise<readonly string[]> | undefined} */
  #vocabulary;

  /** @param {Document} page */
  constructor(page) {
    this.list = element(page, '#labels', HTMLUListElement);
    this.status = element(page, '#labels-status', HTMLElement);
    this.template = element(page, '#label-template', HTMLTemplateElement);
    this.words = element(page, '#words', HTMLDataListElement);
    const form = element(page, '#add', HTMLFormElement);
    const input = element(page, '#add input', HTMLInputElement);
    const error = element(page, '#add-error', HTMLElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (name === '') return;
      showError(input, error, '');
      this.#edit({
        key: 'add ' + name,
        apply: (labels) => [...labels, { name }],
        failed: (text) => showError(input, error, text),
        done: () => { input.value = ''; },
      });
    });
    page.addEventListener('input', ({ target }) => {
      if (target instanceof HTMLInputElement && target.list === this.words) void this.#suggest(target);
    });
    page.addEventListener('focusin', ({ target }) => {
      if (target instanceof HTMLInputElement && target.list === this.words) void this.#suggest(target);
    });
  }

  /** Shows the labels now under way. @param {Labels} labels */
  show(labels) {
    if (labels.revision < this.#labels.revision) return; // the answer to an edit was faster
    this.#labels = labels;
    const free = new Set(this.#rows);
    this.#rows = labels.names.map((name, index) => {
      const known = [...free].find((row) => row.name === name) ?? [...free].find((row) => row.renamedTo === name);
      const row = known ?? this.#row();
      free.delete(row);
      row.show(name, labels.colors[index] ?? [128, 128, 128], labels.thresholds[index] ?? null, labels.defaultThreshold ?? null, this.#edits.some((edit) => edit.row === row));
      return row;
    });
    free.forEach((row) => row.item.remove());
    this.#rows.forEach((row, index) => {
      if (this.list.children[index] !== row.item) this.list.insertBefore(row.item, this.list.children[index] ?? null);
      row.remove.disabled = this.#rows.length === 1;
    });
  }

  /** A new connection, perhaps to a new server, whose revisions begin again. */
  restart() {
    this.#labels = { ...this.#labels, revision: 0 };
    this.#vocabulary = undefined;
  }

  #row() {
    const row = new Row(this.template);
    row.input.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') row.input.blur();
      if (key === 'Escape') {
        row.input.value = row.name;
        row.fail('');
      }
    });
    row.input.addEventListener('change', () => {
      const { name } = row;
      const to = row.input.value.trim();
      row.fail('');
      if (to === '' || to === name) {
        row.input.value = name;
        return;
      }
      row.renamedTo = to;
      this.#edit({
        key: 'rename ' + name,
        row,
        apply: (labels) => labels.map((label) => (label.name === name ? { ...label, name: to } : label)),
        failed: (text) => row.fail(text),
        done: () => undefined,
      });
    });
    /** @param {number | undefined} threshold */
    const setThreshold = (threshold) => {
      const { name } = row;
      row.showThreshold(threshold ?? null);
      this.#edit({
        key: 'threshold ' + name,
        row,
        apply: (labels) => labels.map((label) => (label.name === name ? { name, ...(threshold === undefined ? {} : { threshold }) } : label)),
        failed: (text) => row.fail(text),
        done: () => row.fail(''),
      });
    };
    row.threshold.addEventListener('input', () => setThreshold(Number(row.threshold.value)));
    row.reset.addEventListener('click', () => {
      setThreshold(undefined);
      row.threshold.focus();
    });
    row.remove.addEventListener('click', () => {
      const { name } = row;
      const next = this.#rows[this.#rows.indexOf(row) + 1] ?? this.#rows[this.#rows.indexOf(row) - 1];
      this.#edit({
        key: 'remove ' + name,
        row,
        apply: (labels) => labels.filter((label) => label.name !== name),
        failed: (text) => row.fail(text),
        done: () => next?.input.focus(),
      });
    });
    return row;
  }

  /** Queues an edit; of two of the same kind that wait, only the later is made. @param {Edit} edit */
  #edit(edit) {
    this.#edits = [...this.#edits.filter(({ key }, index) => key !== edit.key || (index === 0 && this.#busy)), edit];
    if (!this.#busy) void this.#work();
  }

  async #work() {
    this.#busy = true;
    const slow = setTimeout(() => { this.status.textContent = 'applying …'; }, 200);
    while (this.#edits.length > 0) {
      const edit = this.#edits[0];
      const error = await this.#send(edit);
      this.#edits.shift();
      if (error === undefined) edit.done();
      else edit.failed(error);
      this.show(this.#labels);
    }
    clearTimeout(slow);
    this.status.textContent = '';
    this.#busy = false;
  }

  /** @param {Edit} edit @returns {Promise<string | undefined>} what went wrong */
  async #send(edit) {
    let error = '';
    for (let attempt = 0; attempt < RETRIES; attempt++) {
      const { revision, names, thresholds } = this.#labels;
      const labels = edit.apply(names.map((name, index) => {
        const threshold = thresholds[index] ?? null;
        return threshold === null ? { name } : { name, threshold };
      }));
      try {
        const answer = await post('labels', JSON.stringify({ revision, labels }));
        const type = answer.headers.get('Content-Type') ?? '';
        if (!type.startsWith('application/json')) return (await answer.text()).trim();
        const result = await answer.json();
        if (result.labels.revision >= this.#labels.revision || answer.status === 409) this.#labels = result.labels;
        if (answer.ok) return undefined;
        error = String(result.error);
        if (answer.status !== 409) return error;
      } catch {
        return 'Not changed: the preview cannot be reached.';
      }
    }
    return error;
  }

  /** Offers words that begin with or contain what stands in the field. @param {HTMLInputElement} input */
  async #suggest(input) {
    this.#vocabulary ??= fetch('vocabulary').then((answer) => answer.json());
    const known = await this.#vocabulary.catch(() => {
      this.#vocabulary = undefined; // asked again at the next letter
      return [];
    });
    if (document.activeElement !== input) return;
    const text = input.value.trim().toLowerCase(); // as it is now: more may have been typed meanwhile
    const starting = known.filter((word) => word.toLowerCase().startsWith(text));
    const containing = known.filter((word) => word.toLowerCase().indexOf(text) > 0);
    this.words.replaceChildren(...[...starting, ...containing].slice(0, SUGGESTIONS).map((word) => new Option(word, word)));
  }
}

/** The row of one label. */
class Row {
  name = '';
  /** @type {string | undefined} */
  renamedTo;
  /** @type {number | null} */
  usual = null;

  /** @param {HTMLTemplateElement} template */
  constructor(template) {
    this.item = /** @type {HTMLLIElement} */ (template.content.firstElementChild?.cloneNode(true));
    this.swatch = element(this.item, '.swatch', HTMLElement);
    this.input = element(this.item, '.label-name', HTMLInputElement);
    this.threshold = element(this.item, '.threshold', HTMLInputElement);
    this.output = element(this.item, '.threshold-value', HTMLOutputElement);
    this.reset = element(this.item, '.reset', HTMLButtonElement);
    this.remove = element(this.item, '.remove', HTMLButtonElement);
    this.error = element(this.item, '.error', HTMLElement);
    this.error.id = 'label-error-' + ++Row.count;
    this.input.setAttribute('aria-describedby', this.error.id);
  }

  static count = 0;

  /**
   * @param {string} name @param {readonly number[]} color @param {number | null} threshold
   * @param {number | null} usual what holds without a threshold of its own
   * @param {boolean} editing an edit of this row is under way: what was typed stays
   */
  show(name, color, threshold, usual, editing) {
    this.usual = usual;
    const typing = document.activeElement === this.input && this.input.value !== this.name;
    const wrong = !this.error.hidden && this.input.value !== this.name && this.name === name;
    this.name = name;
    if (this.renamedTo === name) this.renamedTo = undefined;
    if (!typing && !wrong && !editing) this.input.value = name;
    if (!editing) this.showThreshold(threshold);
    this.item.dataset.name = name;
    this.swatch.style.backgroundColor = 'rgb(' + color.join(' ') + ')';
    this.threshold.setAttribute('aria-label', 'Threshold of ' + name);
    this.remove.setAttribute('aria-label', 'Remove ' + name);
    this.reset.setAttribute('aria-label', 'No threshold for ' + name);
  }

  /** @param {number | null} threshold */
  showThreshold(threshold) {
    this.item.classList.toggle('unset', threshold === null);
    const shown = threshold ?? this.usual;
    this.threshold.value = String(shown ?? 0.5);
    this.threshold.setAttribute('aria-valuetext', shown === null ? 'none' : shown.toFixed(2));
    this.output.textContent = shown === null ? 'none' : shown.toFixed(2);
    this.reset.disabled = threshold === null;
  }

  /** @param {string} text */
  fail(text) {
    if (text !== '') this.renamedTo = undefined;
    showError(this.input, this.error, text);
  }
}

/** @param {HTMLInputElement} input @param {HTMLElement} error @param {string} text none when empty */
function showError(input, error, text) {
  input.setAttribute('aria-invalid', String(text !== ''));
  error.textContent = text;
  error.hidden = text === '';
}

/**
 * @template {Element} Kind
 * @param {ParentNode} parent @param {string} selector @param {{ new (): Kind }} kind
 * @returns {Kind}
 */
function element(parent, selector, kind) {
  const found = parent.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error('internal: the page has no ' + selector);
}
`;

/**
 * The list of labels. An edit is a small change ("rename this one"), sent with the list as it then is: when somebody
 * else was faster, the change is made again to their list instead of undoing it.
 */
import type { AnswerMessage, LabelsMessage } from '../src/preview/protocol.ts';
import { find } from './elements.ts';
import { LabelRow, showError } from './label-row.ts';

const ATTEMPTS = 3;
const SUGGESTIONS = 30;

interface EditedLabel {
  readonly name: string;
  readonly threshold?: number;
}

interface Edit {
  /** Of two waiting edits with the same key only the later is made. */
  readonly key: string;
  readonly row?: LabelRow;
  readonly apply: (labels: readonly EditedLabel[]) => readonly EditedLabel[];
  readonly failed: (text: string) => void;
  readonly done: () => void;
}

/** Asks the server for a change of the labels. */
type Change = (revision: number, labels: readonly EditedLabel[]) => Promise<AnswerMessage>;

export class LabelEditor {
  /** Known words, offered while a name is typed. */
  vocabulary: readonly string[] = [];
  readonly #change: Change;
  readonly #list = find(document, '#labels', HTMLUListElement);
  readonly #status = find(document, '#labels-status', HTMLElement);
  readonly #words = find(document, '#words', HTMLDataListElement);
  #labels: LabelsMessage = { type: 'labels', revision: 0, names: [], colors: [], thresholds: [] };
  #rows: LabelRow[] = [];
  #edits: Edit[] = [];
  #busy = false;

  constructor(change: Change) {
    this.#change = change;
    const input = find(document, '#add input', HTMLInputElement);
    const error = find(document, '#add-error', HTMLElement);
    find(document, '#add', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (name === '') return;
      showError(input, error, '');
      this.#edit({
        key: `add ${name}`,
        apply: (labels) => [...labels, { name }],
        failed: (text) => showError(input, error, text),
        done: () => (input.value = ''),
      });
    });
    for (const type of ['input', 'focusin']) document.addEventListener(type, ({ target }) => this.#suggest(target));
  }

  /** Shows the current labels. */
  show(labels: LabelsMessage): void {
    this.#labels = labels;
    const free = new Set(this.#rows);
    this.#rows = labels.names.map((name, index) => {
      const rows = [...free];
      const known = rows.find((row) => row.name === name) ?? rows.find(({ renamedTo }) => renamedTo === name);
      const row = known ?? this.#row();
      free.delete(row);
      const editing = this.#edits.some((edit) => edit.row === row);
      const { colors, thresholds, defaultThresholds = [] } = labels;
      row.show(name, colors[index] ?? [], thresholds[index] ?? null, defaultThresholds[index] ?? null, editing);
      return row;
    });
    free.forEach(({ item }) => item.remove());
    this.#rows.forEach(({ item, remove }, index) => {
      // A row that is moved loses the focus.
      if (this.#list.children[index] !== item) this.#list.insertBefore(item, this.#list.children[index] ?? null);
      remove.disabled = this.#rows.length === 1;
    });
  }

  #row(): LabelRow {
    const row = new LabelRow();
    const edit = (kind: string, apply: Edit['apply'], done: Edit['done']): void =>
      this.#edit({ key: `${kind} ${row.name}`, row, apply, failed: (text) => row.fail(text), done });
    const replace = (label: (name: string, old: EditedLabel) => EditedLabel): Edit['apply'] => {
      const { name } = row;
      return (labels) => labels.map((old) => (old.name === name ? label(name, old) : old));
    };
    const setThreshold = (threshold?: number): void => {
      row.showThreshold(threshold ?? null);
      const label = threshold === undefined ? {} : { threshold };
      const apply = replace((name) => ({ name, ...label }));
      edit('threshold', apply, () => row.fail(''));
    };
    row.input.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') row.input.blur();
      if (key !== 'Escape') return;
      row.input.value = row.name;
      row.fail('');
    });
    row.input.addEventListener('change', () => {
      const to = row.input.value.trim();
      row.fail('');
      if (to === '' || to === row.name) {
        row.input.value = row.name;
        return;
      }
      row.renamedTo = to;
      const apply = replace((_name, old) => ({ ...old, name: to }));
      edit('rename', apply, () => undefined);
    });
    row.threshold.addEventListener('input', () => setThreshold(Number(row.threshold.value)));
    row.reset.addEventListener('click', () => {
      setThreshold();
      row.threshold.focus();
    });
    row.remove.addEventListener('click', () => {
      const { name } = row;
      const place = this.#rows.indexOf(row);
      const next = this.#rows[place + 1] ?? this.#rows[place - 1];
      edit(
        'remove',
        (labels) => labels.filter((label) => label.name !== name),
        () => next?.input.focus(),
      );
    });
    return row;
  }

  /** Makes an edit, after those that wait. */
  #edit(edit: Edit): void {
    this.#edits = [...this.#edits.filter(({ key }, index) => key !== edit.key || (index === 0 && this.#busy)), edit];
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    const slow = setTimeout(() => (this.#status.textContent = 'applying …'), 200);
    for (let edit = this.#edits[0]; edit !== undefined; edit = this.#edits[0]) {
      const { error } = await this.#send(edit);
      this.#edits.shift();
      if (error === undefined) edit.done();
      else edit.failed(error);
      this.show(this.#labels);
    }
    clearTimeout(slow);
    this.#status.textContent = '';
    this.#busy = false;
  }

  async #send(edit: Edit, attempts = ATTEMPTS): Promise<AnswerMessage> {
    const { revision, names, thresholds } = this.#labels;
    const labels = names.map((name, index) => {
      const threshold = thresholds[index] ?? null;
      return threshold === null ? { name } : { name, threshold };
    });
    const answer = await this.#change(revision, edit.apply(labels));
    return answer.conflict === true && attempts > 1 ? this.#send(edit, attempts - 1) : answer;
  }

  /** Offers words that begin with or contain the text of a field. */
  #suggest(target: EventTarget | null): void {
    if (!(target instanceof HTMLInputElement) || target.list !== this.#words) return;
    const text = target.value.trim().toLowerCase();
    const places = this.vocabulary.map((word) => ({ word, at: word.toLowerCase().indexOf(text) }));
    const found = [...places.filter(({ at }) => at === 0), ...places.filter(({ at }) => at > 0)];
    this.#words.replaceChildren(...found.slice(0, SUGGESTIONS).map(({ word }) => new Option(word, word)));
  }
}

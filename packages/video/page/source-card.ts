/** The card of one source: picture, numbers, chart, snapshot. */
import type { PictureMessage, ShareSample } from '../src/preview/protocol.ts';
import { copyOf, css, find } from './elements.ts';
import { ShareChart, shareOf, type Areas, type Label } from './share-chart.ts';

/** Numbers that change faster than this cannot be read. */
const NUMBERS_MS = 250;
const MOST_STRETCHED = 16;

export class SourceCard {
  readonly name: string;
  readonly element = copyOf('#source-template');
  readonly chart = new ShareChart(this.#find('.chart'), () => this.#showShares());
  readonly #view = find(this.element, '.view', HTMLCanvasElement);
  readonly #snapshot = find(this.element, '.snapshot', HTMLButtonElement);
  #shown: { readonly index: number; readonly blob: Blob } | undefined;
  #received = 0;
  #drawn = 0;
  #numbersAt = -Infinity;
  /** By name; the background's is null's. */
  readonly #shares = new Map<string | null, HTMLElement>();

  constructor(name: string) {
    this.name = name;
    this.#text('.name', name);
    this.#find('.name').title = name;
    this.#view.ariaLabel = `Picture of ${name}`;
    this.#snapshot.ariaLabel = `Snapshot of ${name}`;
    this.#snapshot.addEventListener('click', () => this.#download());
    const enlarge = this.#find('.enlarge');
    enlarge.ariaLabel = `Enlarge ${name}`;
    enlarge.addEventListener('click', () => {
      enlarge.ariaPressed = String(this.element.classList.toggle('large'));
    });
  }

  setState(state: string, reason = ''): void {
    this.element.dataset['state'] = this.#find('.state').dataset['state'] = state;
    this.#text('.state', state);
    this.#text('.reason', reason);
    this.#find('.reason').hidden = reason === '';
  }

  setLabels(labels: readonly Label[]): void {
    this.chart.setLabels(labels);
    this.#shares.clear();
    const rows = [...labels, { name: null, color: [0, 0, 0] }].map(({ name, color }) => {
      const row = copyOf('#share-template');
      find(row, '.swatch', HTMLElement).style.backgroundColor = css(color);
      find(row, '.share-name', HTMLElement).textContent = name ?? '(background)';
      this.#shares.set(name, find(row, 'b', HTMLElement));
      return row;
    });
    this.#find('.shares').replaceChildren(...rows);
    this.#showShares();
  }

  setHistory(samples: readonly ShareSample[]): void {
    this.chart.setHistory(samples);
    this.#showShares();
  }

  addSample(areas: Areas): void {
    this.chart.add(areas);
    this.#showShares();
  }

  /** Draws a picture; older ones that are decoded later are left out. */
  async show(picture: PictureMessage, jpeg: ArrayBuffer): Promise<void> {
    const turn = ++this.#received;
    const blob = new Blob([jpeg], { type: 'image/jpeg' });
    const bitmap = await createImageBitmap(blob).catch(() => undefined);
    if (bitmap === undefined) return;
    if (turn > this.#drawn) {
      this.#drawn = turn;
      this.#draw(bitmap, picture.pixelAspect ?? 1);
      this.#shown = { index: picture.index, blob };
      this.#view.dataset['index'] = String(picture.index);
      this.#find('figcaption').hidden = true;
      this.#snapshot.disabled = false;
      this.#showNumbers(picture);
    }
    bitmap.close();
  }

  /** Shares at the time pointed at in the chart, else the newest. */
  #showShares(): void {
    const { current } = this.chart;
    this.#find('.shares').classList.toggle('pointed', current?.pointed === true);
    for (const [name, element] of this.#shares) {
      const share = current && (name === null ? background(current.areas) : shareOf(current.areas, name));
      element.textContent = share === undefined ? '–' : `${(share * 100).toFixed(1)} %`;
    }
  }

  /** Pixels that are not square are stretched, never shrunk, and not beyond what a canvas can hold. */
  #draw(bitmap: ImageBitmap, given: number): void {
    const pixelAspect = Math.min(MOST_STRETCHED, Math.max(1 / MOST_STRETCHED, given));
    const width = Math.round(bitmap.width * Math.max(1, pixelAspect));
    const height = Math.round(bitmap.height * Math.max(1, 1 / pixelAspect));
    if (this.#view.width !== width || this.#view.height !== height) Object.assign(this.#view, { width, height });
    this.#view.getContext('2d')?.drawImage(bitmap, 0, 0, width, height);
  }

  #showNumbers({ index, timeSeconds, latencySeconds, dropped, framesPerSecond }: PictureMessage): void {
    const now = performance.now();
    if (now - this.#numbersAt < NUMBERS_MS) return;
    this.#numbersAt = now;
    const short = latencySeconds < 9.9995;
    this.#text('.rate', framesPerSecond.toFixed(1));
    this.#text('.latency', short ? `${Math.round(latencySeconds * 1000)} ms` : `${latencySeconds.toFixed(1)} s`);
    this.#text('.dropped', String(dropped));
    this.#text('.index', String(index));
    this.#text('.time', clock(timeSeconds));
  }

  #download(): void {
    if (this.#shown === undefined) return;
    const { index, blob } = this.#shown;
    const safe = this.name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|-+$/g, '');
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${safe.slice(-80) || 'snapshot'}-${String(index).padStart(6, '0')}.jpg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  #find(selector: string): HTMLElement {
    return find(this.element, selector, HTMLElement);
  }

  #text(selector: string, text: string): void {
    const element = this.#find(selector);
    if (element.textContent !== text) element.textContent = text;
  }
}

/** The share that no label has. */
function background(areas: Areas): number {
  return Math.max(0, 1 - Object.values(areas).reduce((sum, share) => sum + share, 0));
}

function clock(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const tenths = Math.floor((seconds % 1) * 10);
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}.${tenths}`;
}

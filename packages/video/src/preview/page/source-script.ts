/** Script of the page: the card of one source. */

/** `source.js` */
export const SOURCE_SCRIPT = String.raw`/** The card of one source: picture, numbers, chart, snapshot. */
import { ShareChart, shareOf } from './chart.js';

/** Numbers that change faster than this cannot be read. */
const NUMBERS_MS = 250;

/** @typedef {import('./chart.js').Label} Label */
/** @typedef {import('./chart.js').Areas} Areas */
/** @typedef {{ source: number, index: number, timeSeconds: number, areas: Areas, latencySeconds: number, dropped: number, framesPerSecond: number }} Picture */

export class SourceCard {
  /** @type {{ picture: Picture, blob: Blob } | undefined} */
  #shown;
  #received = 0;
  #drawn = 0;
  #numbersAt = -Infinity;
  /** By name; the background's is null's. @type {Map<string | null, HTMLElement>} */
  #shares = new Map();

  /** @param {HTMLTemplateElement} template @param {string} name */
  constructor(template, name) {
    this.name = name;
    this.element = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    this.view = /** @type {HTMLCanvasElement} */ (this.#find('.view'));
    this.enlarge = /** @type {HTMLButtonElement} */ (this.#find('.enlarge'));
    this.snapshot = /** @type {HTMLButtonElement} */ (this.#find('.snapshot'));
    this.chart = new ShareChart(/** @type {HTMLCanvasElement} */ (this.#find('.chart')), () => this.#showShares());
    this.#text('.name', name);
    this.#find('.name').title = name;
    this.view.setAttribute('aria-label', 'Picture of ' + name);
    this.snapshot.setAttribute('aria-label', 'Snapshot of ' + name);
    this.snapshot.addEventListener('click', () => this.#download());
    this.enlarge.setAttribute('aria-label', 'Enlarge ' + name);
    this.enlarge.addEventListener('click', () => {
      const large = this.element.classList.toggle('large');
      this.enlarge.setAttribute('aria-pressed', String(large));
    });
  }

  /** @param {string} state @param {string | undefined} reason */
  setState(state, reason) {
    this.element.dataset.state = state;
    this.#find('.state').dataset.state = state;
    this.#text('.state', state);
    this.#text('.reason', reason ?? '');
    this.#find('.reason').hidden = reason === undefined;
  }

  /** @param {readonly Label[]} labels */
  setLabels(labels) {
    this.chart.setLabels(labels);
    this.#shares.clear();
    this.#find('.shares').replaceChildren(...[...labels.map((label) => ({ ...label, title: label.name })), { name: null, color: [0, 0, 0], title: '(background)' }].map(({ name, color, title }) => {
      const row = document.createElement('li');
      const swatch = document.createElement('span');
      const text = document.createElement('span');
      const share = document.createElement('b');
      swatch.className = 'swatch';
      swatch.style.backgroundColor = 'rgb(' + color.join(' ') + ')';
      text.className = 'share-name';
      text.textContent = title;
      row.append(swatch, text, share);
      this.#shares.set(name, share);
      return row;
    }));
    this.#showShares();
  }

  /** @param {Areas} areas */
  addSample(areas) {
    this.chart.add(areas);
    this.#showShares();
  }

  /** @param {readonly { ageSeconds: number, areas: Areas }[]} samples */
  setHistory(samples) {
    this.chart.setHistory(samples);
    this.#showShares();
  }

  /** Draws a picture; older ones that are decoded later are left out. @param {Picture} picture @param {Uint8Array<ArrayBuffer>} jpeg */
  async show(picture, jpeg) {
    const turn = ++this.#received;
    const blob = new Blob([jpeg], { type: 'image/jpeg' });
    const bitmap = await createImageBitmap(blob).catch(() => undefined);
    if (bitmap === undefined) return;
    if (turn > this.#drawn) {
      this.#drawn = turn;
      if (this.view.width !== bitmap.width || this.view.height !== bitmap.height) {
        this.view.width = bitmap.width;
        this.view.height = bitmap.height;
      }
      this.view.getContext('2d')?.drawImage(bitmap, 0, 0);
      this.#shown = { picture, blob };
      this.view.dataset.index = String(picture.index);
      this.#find('figcaption').hidden = true;
      this.snapshot.disabled = false;
      this.#showNumbers(picture);
    }
    bitmap.close();
  }

  /** @param {Picture} picture */
  #showNumbers({ index, timeSeconds, latencySeconds, dropped, framesPerSecond }) {
    const now = performance.now();
    if (now - this.#numbersAt < NUMBERS_MS) return;
    this.#numbersAt = now;
    this.#text('.rate', framesPerSecond.toFixed(1));
    this.#text('.latency', latencySeconds < 9.9995 ? Math.round(latencySeconds * 1000) + ' ms' : latencySeconds.toFixed(1) + ' s');
    this.#text('.dropped', String(dropped));
    this.#text('.index', String(index));
    this.#text('.time', clock(timeSeconds));
  }

  /** Shares at the time pointed at in the chart, else the newest. */
  #showShares() {
    const current = this.chart.current;
    this.#find('.shares').classList.toggle('pointed', current?.pointed === true);
    for (const [name, element] of this.#shares) {
      const share = current && (name === null ? background(current.areas) : shareOf(current.areas, name));
      element.textContent = share === undefined ? '–' : (share * 100).toFixed(1) + ' %';
    }
  }

  #download() {
    if (this.#shown === undefined) return;
    const { picture, blob } = this.#shown;
    const link = document.createElement('a');
    const name = this.name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|-+$/g, '').slice(-80) || 'snapshot';
    link.href = URL.createObjectURL(blob);
    link.download = name + '-' + String(picture.index).padStart(6, '0') + '.jpg';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  /** @param {string} selector */
  #find(selector) {
    return /** @type {HTMLElement} */ (this.element.querySelector(selector));
  }

  /** @param {string} selector @param {string} text */
  #text(selector, text) {
    const element = this.#find(selector);
    if (element.textContent !== text) element.textContent = text;
  }
}

/** What no label won. @param {Areas} areas */
function background(areas) {
  return Math.max(0, 1 - Object.values(areas).reduce((sum, share) => sum + share, 0));
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.floor(seconds);
  /** @param {number} value */
  const two = (value) => String(value).padStart(2, '0');
  const tenths = Math.floor((seconds - whole) * 10);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return (hours > 0 ? hours + ':' + two(minutes) : minutes) + ':' + two(whole % 60) + '.' + tenths;
}
`;

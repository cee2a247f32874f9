/** Script of the page: the chart of shares. */

/** `chart.js` */
export const CHART_SCRIPT = String.raw`/** Draws the share of each label over the last minute. */

const SPAN_SECONDS = 60;
const LEFT = 34;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 18;
const TOPS = [0.01, 0.02, 0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1];

/** @typedef {{ name: string, color: readonly [number, number, number] }} Label */
/** @typedef {Record<string, number>} Areas */

export class ShareChart {
  /** @type {{ at: number, areas: Areas }[]} */
  #samples = [];
  /** @type {readonly Label[]} */
  #labels = [];
  /** @type {number | undefined} */
  #pointer;
  #dark = matchMedia('(prefers-color-scheme: dark)');

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} onPointer called when the time pointed at changes
   */
  constructor(canvas, onPointer) {
    this.canvas = canvas;
    /** @param {number | undefined} at */
    const point = (at) => {
      this.#pointer = at;
      this.draw();
      onPointer();
    };
    canvas.addEventListener('pointermove', (event) => point(event.offsetX));
    canvas.addEventListener('pointerleave', () => point(undefined));
    new ResizeObserver(() => this.draw()).observe(canvas);
    this.#dark.addEventListener('change', () => this.draw());
  }

  /** @param {readonly Label[]} labels */
  setLabels(labels) {
    this.#labels = labels;
    this.draw();
  }

  /** @param {readonly { ageSeconds: number, areas: Areas }[]} samples oldest first */
  setHistory(samples) {
    const now = performance.now() / 1000;
    this.#samples = samples.map(({ ageSeconds, areas }) => ({ at: now - ageSeconds, areas }));
    this.draw();
  }

  /** @param {Areas} areas */
  add(areas) {
    const now = performance.now() / 1000;
    this.#samples.push({ at: now, areas });
    while (now - this.#samples[0].at > SPAN_SECONDS + 2) this.#samples.shift();
    this.draw();
  }

  /** The sample pointed at, or the newest. @returns {{ areas: Areas, ageSeconds: number, pointed: boolean } | undefined} */
  get current() {
    const now = performance.now() / 1000;
    const pointed = this.#pointer !== undefined;
    const at = this.#pointer === undefined ? now : now - SPAN_SECONDS * (1 - (this.#pointer - LEFT) / this.#plotWidth);
    let best = this.#samples.at(-1);
    for (const sample of this.#samples) if (best !== undefined && Math.abs(sample.at - at) < Math.abs(best.at - at)) best = sample;
    return best && { areas: best.areas, ageSeconds: now - best.at, pointed };
  }

  get #plotWidth() {
    return Math.max(1, this.canvas.clientWidth - LEFT - RIGHT);
  }

  draw() {
    const { canvas } = this;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    const context = canvas.getContext('2d');
    if (width === 0 || context === null) return;
    canvas.dataset.samples = String(this.#samples.length);
    const scale = devicePixelRatio;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);

    const now = performance.now() / 1000;
    const shown = this.#samples.filter(({ at }) => now - at <= SPAN_SECONDS);
    let highest = 0;
    for (const { areas } of shown) for (const { name } of this.#labels) highest = Math.max(highest, shareOf(areas, name) ?? 0);
    const top = (shown.length > 0 && TOPS.find((value) => value >= highest)) || 1;
    const bottom = height - BOTTOM;
    /** @param {number} at */
    const x = (at) => LEFT + this.#plotWidth * (1 - (now - at) / SPAN_SECONDS);
    /** @param {number} share */
    const y = (share) => bottom - (bottom - TOP) * (share / top);

    const style = getComputedStyle(canvas);
    context.font = style.font;
    context.lineWidth = 1;
    context.textBaseline = 'middle';
    for (const share of [0, top / 2, top]) {
      context.strokeStyle = style.getPropertyValue('--line');
      context.beginPath();
      context.moveTo(LEFT, Math.round(y(share)) + 0.5);
      context.lineTo(width - RIGHT, Math.round(y(share)) + 0.5);
      context.stroke();
      context.fillStyle = style.getPropertyValue('--quiet');
      context.textAlign = 'right';
      context.fillText(percent(share), LEFT - 6, y(share));
    }
    for (const [seconds, align] of /** @type {[number, CanvasTextAlign][]} */ ([[60, 'left'], [40, 'center'], [20, 'center'], [0, 'right']])) {
      context.textAlign = align;
      context.fillText(seconds === 0 ? 'now' : '−' + seconds + ' s', x(now - seconds), height - 6);
    }

    context.lineWidth = 1.75;
    context.lineJoin = 'round';
    for (const { name, color } of this.#labels) {
      context.strokeStyle = 'rgb(' + this.#ink(color).join(' ') + ')';
      context.beginPath();
      let last = -Infinity;
      for (const { at, areas } of shown) {
        const share = shareOf(areas, name);
        if (share === undefined) continue;
        if (at - last > 3) context.moveTo(x(at), y(share)); // nothing is known of longer gaps
        else context.lineTo(x(at), y(share));
        last = at;
      }
      context.stroke();
    }

    if (this.#pointer !== undefined && this.current !== undefined) {
      const at = Math.round(x(now - this.current.ageSeconds)) + 0.5;
      context.strokeStyle = style.getPropertyValue('--quiet');
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(at, TOP);
      context.lineTo(at, bottom);
      context.stroke();
      const onTheLeft = at > width / 2;
      context.textAlign = onTheLeft ? 'right' : 'left';
      context.fillStyle = style.getPropertyValue('--ink');
      context.fillText('−' + Math.round(this.current.ageSeconds) + ' s', at + (onTheLeft ? -5 : 5), TOP + 5);
    }
  }

  /** The label's color, made darker where it would vanish on a light page, and lighter on a dark one. @param {readonly number[]} color */
  #ink(color) {
    const [red, green, blue] = color;
    const light = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
    if (!this.#dark.matches && light > 0.6) return color.map((part) => Math.round(part * 0.78));
    if (this.#dark.matches && light < 0.4) return color.map((part) => Math.round(part + (255 - part) * 0.25));
    return color;
  }
}

/** The share of a label, which may have the name of anything that objects have. @param {Areas} areas @param {string} name */
export function shareOf(areas, name) {
  return Object.hasOwn(areas, name) ? areas[name] : undefined;
}

/** @param {number} share */
function percent(share) {
  const value = share * 100;
  return (value >= 1 || value === 0 ? String(Math.round(value * 10) / 10) : value.toFixed(1)) + ' %';
}
`;

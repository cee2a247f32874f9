/** The share of each label over the last minute. */
import uPlot from 'uplot';
import type { ShareSample } from '../src/preview/protocol.ts';
import { css } from './elements.ts';

const SPAN_SECONDS = 60;
/** Nothing is known of longer gaps between samples. */
const GAP_SECONDS = 3;
const TOPS = [0.01, 0.02, 0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1];

export interface Label {
  readonly name: string;
  readonly color: readonly number[];
}
export type Areas = ShareSample['areas'];

const dark = matchMedia('(prefers-color-scheme: dark)');

export class ShareChart {
  readonly #element: HTMLElement;
  readonly #onPointer: () => void;
  #samples: { readonly at: number; readonly areas: Areas }[] = [];
  #labels: readonly Label[] = [];
  #plot: uPlot | undefined;

  /** @param onPointer - called when the time pointed at changes */
  constructor(element: HTMLElement, onPointer: () => void) {
    this.#element = element;
    this.#onPointer = onPointer;
    new ResizeObserver(() => this.#plot?.setSize(this.#size)).observe(element);
    dark.addEventListener('change', () => this.setLabels(this.#labels));
  }

  setLabels(labels: readonly Label[]): void {
    this.#labels = labels;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), this.#data(), this.#element);
  }

  /** Shows other samples, oldest first. */
  setHistory(samples: readonly ShareSample[]): void {
    this.#samples = [];
    for (const { ageSeconds, areas } of samples) this.#keep(now() - ageSeconds, areas);
    this.draw();
  }

  add(areas: Areas): void {
    this.#keep(now(), areas);
    while (this.#samples[0] !== undefined && now() - this.#samples[0].at > SPAN_SECONDS + 2) this.#samples.shift();
    this.draw();
  }

  #keep(at: number, areas: Areas): void {
    const last = this.#samples.at(-1)?.at ?? at;
    if (at - last > GAP_SECONDS) this.#samples.push({ at: (last + at) / 2, areas: {} });
    this.#samples.push({ at, areas });
  }

  /** Draws the chart as of now: it moves on even while no samples arrive. */
  draw(): void {
    this.#element.dataset['samples'] = String(this.#samples.length);
    this.#plot?.setData(this.#data());
  }

  /** Shares at the time pointed at, else the newest. */
  get current(): { readonly areas: Areas; readonly pointed: boolean } | undefined {
    const index = this.#plot?.cursor.idx;
    const pointed = typeof index === 'number';
    const sample = this.#samples.at(pointed ? index : -1);
    return sample && { areas: sample.areas, pointed };
  }

  get #size(): { width: number; height: number } {
    return { width: this.#element.clientWidth, height: this.#element.clientHeight };
  }

  #data(): uPlot.AlignedData {
    const shares = this.#labels.map(({ name }) => this.#samples.map(({ areas }) => shareOf(areas, name) ?? null));
    return [this.#samples.map(({ at }) => at - now()), ...shares];
  }

  #options(): uPlot.Options {
    const { color, borderTopColor, fontSize, fontFamily } = getComputedStyle(this.#element);
    const axis = { stroke: color, font: `${fontSize} ${fontFamily}`, ticks: { show: false } };
    const times: uPlot.Axis = { ...axis, size: 22, gap: 6, grid: { show: false }, splits: () => [-60, -40, -20, 0] };
    const shares: uPlot.Axis = { ...axis, size: 40, gap: 4, grid: { stroke: borderTopColor, width: 1 } };
    const lines = this.#labels.map((label) => ({
      stroke: css(ink(label.color)),
      width: 1.75,
      points: { show: false },
    }));
    return {
      ...this.#size,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: () => [-SPAN_SECONDS, 0] },
        y: { range: (_plot, _least, most) => [0, TOPS.find((top) => top >= most) ?? 1] },
      },
      axes: [
        { ...times, values: (_plot, ages) => ages.map((age) => (age === 0 ? 'now' : `−${-age} s`)) },
        {
          ...shares,
          splits: (_plot, _axis, least, most) => [least, most / 2, most],
          values: (_plot, values) => values.map((share) => `${Number((share * 100).toFixed(1))} %`),
        },
      ],
      series: [{}, ...lines],
      hooks: { setCursor: [() => this.#point()] },
    };
  }

  #point(): void {
    const index = this.#plot?.cursor.idx;
    const sample = typeof index === 'number' ? this.#samples[index] : undefined;
    if (sample === undefined) delete this.#element.dataset['pointed'];
    else this.#element.dataset['pointed'] = `−${Math.round(now() - sample.at)} s`;
    this.#onPointer();
  }
}

/** The share of a label, which may have the name of anything that objects have. */
export function shareOf(areas: Areas, name: string): number | undefined {
  return Object.hasOwn(areas, name) ? areas[name] : undefined;
}

const now = (): number => performance.now() / 1000;

/** A label's color, made darker where it would vanish on a light page, and lighter on a dark one. */
function ink(color: readonly number[]): readonly number[] {
  const [red = 0, green = 0, blue = 0] = color;
  const light = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  if (!dark.matches && light > 0.6) return color.map((part) => Math.round(part * 0.78));
  if (dark.matches && light < 0.4) return color.map((part) => Math.round(part + (255 - part) * 0.25));
  return color;
}

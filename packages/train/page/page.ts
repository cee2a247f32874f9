/** The live page of a training: asks for the state once a second and shows it. Names are data: they are set as text. */
import type { PageState, ShownPicture } from '../src/live/page-protocol.ts';
import { pathOf, placed, rangeOf, ticksOf, type Frame, type Point, type Scale } from './chart.ts';
import { decimal, lineOf, percent } from './words.ts';

const EVERY_MS = 1000;
const FRAME: Frame = { left: 52, right: 592, top: 8, bottom: 196 };

let version = '';
let shownPictures = '';

async function run(): Promise<never> {
  while (true) {
    if (!document.hidden) await refresh();
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

async function refresh(): Promise<void> {
  const connection = find('#connection', HTMLElement);
  try {
    const response = await fetch(`state?version=${encodeURIComponent(version)}`);
    if (response.status === 200) show((await response.json()) as PageState);
    else if (response.status !== 204) throw new Error(response.statusText);
  } catch {
    // The training has gone, with or without having said so; what was known stays.
    if (connection.dataset['ended'] !== 'true') connection.textContent = 'no connection';
  }
}

function show(state: PageState): void {
  version = state.version;
  const { title, step, steps, note, ended } = state;
  const share = steps === 0 ? 0 : step / steps;
  document.title = `${ended ? '' : `${Math.floor(100 * share)} % · `}${title}`;
  const connection = find('#connection', HTMLElement);
  connection.textContent = ended ? 'ended' : 'live';
  connection.dataset['ended'] = String(ended);
  find('#bar', HTMLProgressElement).value = share;
  setText('#title', title);
  setText('#progress', lineOf(state));
  setText('#note', note);
  showLoss(state);
  showScore(state);
  showPictures(state);
  showPlan(state);
}

function showLoss({ curve, losses }: PageState): void {
  const x = [curve[0]?.[0] ?? 0, curve.at(-1)?.[0] ?? 1] as const;
  const scale = { x, y: rangeOf(curve.map(([, mean]) => mean)) };
  const upper = curve.map(([at, , , most]): Point => [at, most]);
  const lower = curve.map(([at, , least]): Point => [at, least]);
  const svg = clearChart('#loss', scale, decimal);
  svg.append(drawn('path', { class: 'band', d: pathOf([...upper, ...lower.reverse()], scale, FRAME) }));
  svg.append(
    drawn('path', {
      class: 'curve',
      d: pathOf(
        curve.map(([at, mean]) => [at, mean]),
        scale,
        FRAME,
      ),
    }),
  );
  const last = curve.at(-1);
  setText('#loss-now', last === undefined ? '' : decimal(last[1]));
  const parts = losses.map(([name, value]) => element('li', `${name} ${value === null ? '–' : decimal(value)}`));
  find('#losses', HTMLElement).replaceChildren(...(parts.length > 1 ? parts : []));
}

function showScore({ scores, start, best, measure, isShare, step }: PageState): void {
  const written = isShare ? percent : decimal;
  const values = [...scores.map(({ value }) => value), ...(start === null ? [] : [start])];
  const points = [
    ...(start === null ? [] : [[0, start] as const]),
    ...scores.map((one): Point => [one.step, one.value]),
  ];
  const scale = { x: [points[0]?.[0] ?? 0, Math.max(step, points.at(-1)?.[0] ?? 1)] as const, y: rangeOf(values) };
  const svg = clearChart('#score', scale, written);
  if (start !== null) {
    const [, y] = placed([0, start], scale, FRAME);
    svg.append(drawn('line', { class: 'start', x1: FRAME.left, x2: FRAME.right, y1: y, y2: y }));
  }
  svg.append(drawn('path', { class: 'curve', d: pathOf(points, scale, FRAME) }));
  if (best !== null) {
    const [cx, cy] = placed([best.step, best.value], scale, FRAME);
    svg.append(drawn('circle', { class: 'best', cx, cy, r: 5 }));
  }
  setText('#measure', `Held-out ${measure}`);
  const last = scores.at(-1);
  setText('#score-now', last === undefined ? '' : written(last.value));
  const before = start === null ? [] : [`start ${written(start)}`];
  const after = best === null ? [] : [`best ${written(best.value)}, of step ${best.step.toLocaleString('en-US')}`];
  setText('#score-note', [...before, ...after].join('; '));
}

function showPictures({ pictures, picturesOfStep }: PageState): void {
  find('#pictures-section', HTMLElement).hidden = pictures.length === 0;
  const after = picturesOfStep === null ? '' : `, after step ${picturesOfStep.toLocaleString('en-US')}`;
  setText('#pictures-heading', `Held-out pictures${after}`);
  const key = JSON.stringify(pictures);
  if (key === shownPictures) return;
  shownPictures = key;
  find('#pictures', HTMLElement).replaceChildren(...pictures.map(pictureOf));
}

function pictureOf(picture: ShownPicture): Element {
  const copy = document.importNode(find('#picture-template', HTMLTemplateElement).content, true);
  find('h3', HTMLElement, copy).textContent = picture.name;
  for (const view of ['photo', 'truth', 'prediction'] as const)
    find(`.${view}`, HTMLImageElement, copy).src = `picture/${picture[view]}`;
  return find('li', HTMLElement, copy);
}

function showPlan({ plan }: PageState): void {
  find('#plan-section', HTMLElement).hidden = plan.length === 0;
  const rows = plan.flatMap(([name, value]) => [element('dt', name), element('dd', value)]);
  find('#plan', HTMLElement).replaceChildren(...rows);
}

/** An empty chart with its axes. */
function clearChart(selector: string, scale: Scale, written: (value: number) => string): Element {
  const svg = find(selector, SVGElement);
  const { left, right, bottom } = FRAME;
  const rows = ticksOf(scale.y).flatMap((value) => {
    const [, y] = placed([0, value], scale, FRAME);
    const label = drawn('text', { 'x': left - 6, 'y': y + 4, 'text-anchor': 'end' });
    label.textContent = written(value);
    return [drawn('line', { class: 'grid', x1: left, x2: right, y1: y, y2: y }), label];
  });
  const ends = scale.x.map((step, at) => {
    const label = drawn('text', {
      'x': at === 0 ? left : right,
      'y': bottom + 18,
      'text-anchor': at === 0 ? 'start' : 'end',
    });
    label.textContent = step.toLocaleString('en-US');
    return label;
  });
  svg.replaceChildren(...rows, ...ends);
  return svg;
}

function drawn(kind: string, attributes: Readonly<Record<string, string | number>>): Element {
  const made = document.createElementNS('http://www.w3.org/2000/svg', kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

function element(kind: string, text: string): HTMLElement {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

function setText(selector: string, text: string): void {
  find(selector, HTMLElement).textContent = text;
}

function find<Kind extends Element>(selector: string, kind: new () => Kind, parent: ParentNode = document): Kind {
  const found = parent.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`internal: the page has no ${selector}`);
}

void run();

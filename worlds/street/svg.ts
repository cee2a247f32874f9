/**
 * A scene as an SVG document of two halves with the same outlines: the picture, and under it the mask, with one flat
 * color an item and hard edges. They are one document because reading one costs as much as drawing a third of it.
 *
 * Numbers are written in tenths of a unit, a hundredth of a pixel at 128 px. No text, no fonts, no filters.
 */
import { drawAwning } from './awning.ts';
import { drawBicycle } from './bicycles.ts';
import { drawBuilding } from './buildings.ts';
import { UNITS, View } from './camera.ts';
import { hex } from './color.ts';
import { drawDog } from './dogs.ts';
import { drawFencePanel } from './fence.ts';
import { drawBench, drawClutter, drawLamp, drawSign, drawTrafficLight } from './furniture.ts';
import { drawGround } from './ground.ts';
import type { Item, Kind } from './item.ts';
import { drawBush, drawCloud, drawHill, drawSun, drawTree } from './nature.ts';
import { Frame, type Stage } from './painter.ts';
import { drawPerson } from './people.ts';
import { Random } from './random.ts';
import type { Scene } from './scene.ts';
import { TENTHS, polygonPath, type Shape, type Sprite } from './shape.ts';
import { drawUmbrella } from './umbrella.ts';
import { drawVehicle } from './vehicles.ts';
import { rainPath } from './weather.ts';
import { WHOLE, type Window } from './window.ts';

const DRAW: Readonly<Partial<Record<Kind, (item: Item, stage: Stage) => Shape[]>>> = {
  'building': drawBuilding,
  'awning': drawAwning,
  'tree': drawTree,
  'bush': drawBush,
  'hill': drawHill,
  'cloud': drawCloud,
  'sun': drawSun,
  'traffic light': drawTrafficLight,
  'sign': drawSign,
  'lamp': drawLamp,
  'bench': drawBench,
  'clutter': drawClutter,
  'car': drawVehicle,
  'bus': drawVehicle,
  'van': drawVehicle,
  'bicycle': drawBicycle,
  'person': drawPerson,
  'dog': drawDog,
  'umbrella': drawUmbrella,
};
/** Meters of fence that are sorted by depth together. */
const PANEL = 2;
/** What stands nearer than this would fill the picture, meters; trees and poles would bar it. */
const NEAREST = 1.7;
const NEAREST_OF: Readonly<Partial<Record<Kind, number>>> = {
  'tree': 4.6,
  'lamp': 2.8,
  'traffic light': 2.8,
  'sign': 2.8,
  'bush': 2.2,
  'bench': 2.2,
};
const FARTHEST = 95;
const BACKDROP: ReadonlySet<Kind> = new Set(['sun', 'cloud', 'hill']);

/** The sprites of a scene, farthest first, and the definitions of their paints. */
function spritesOf(scene: Scene): { readonly sprites: readonly Sprite[]; readonly definitions: string } {
  const stage: Stage = { view: new View(scene.camera), weather: scene.weather };
  const ground = drawGround(scene.items, scene.street, stage);
  const sprites: Sprite[] = [...ground.sprites];
  for (const item of scene.items) {
    if (item.kind === 'sky') sprites.push({ item: item.id, layer: -2, depth: 0, shapes: [skyShape(stage)] });
    else if (BACKDROP.has(item.kind))
      sprites.push({ item: item.id, layer: -1, depth: -item.id, shapes: DRAW[item.kind]!(item, stage) });
    else if (item.kind === 'fence') sprites.push(...fenceSprites(item, stage));
    else {
      const draw = DRAW[item.kind];
      const depth = draw === undefined ? undefined : depthOf(item, scene, stage.view);
      if (draw !== undefined && depth !== undefined)
        sprites.push({ item: item.id, layer: item.kind === 'building' ? 1 : 2, depth, shapes: draw(item, stage) });
    }
  }
  sprites.sort((a, b) => a.layer - b.layer || b.depth - a.depth || a.item - b.item);
  return { sprites, definitions: ground.definitions + skyPaint(scene, stage.view) };
}

/**
 * The document of a scene: `width` × 2 `height` pixels, the picture above. In the mask item n has the color
 * (n mod 256, n ÷ 256, 0).
 */
export function documentOf(scene: Scene, width: number, height: number, { left, top, share }: Window = WHOLE): string {
  const { sprites, definitions } = spritesOf(scene);
  const across = UNITS * TENTHS * scene.camera.aspect;
  const viewBox = [left * across, top * UNITS * TENTHS, share * across, share * UNITS * TENTHS].map(Math.round);
  const size = `width="${width}" height="${height}" viewBox="${viewBox.join(' ')}" preserveAspectRatio="none"`;
  let [picture, mask] = ['', ''];
  for (const { item, shapes } of sprites) {
    let solid = '';
    let [fill, opacity, path]: [string, number, string] = ['', 1, ''];
    const flush = (): void => {
      if (path !== '')
        picture += `<path fill="${fill}"${opacity === 1 ? '' : ` fill-opacity="${opacity}"`} d="${path}"/>`;
    };
    for (const shape of shapes) {
      if (shape.path === '') continue;
      if (shape.solid) solid += shape.path;
      // Neighbors of one paint are one element.
      if (shape.fill === fill && (shape.opacity ?? 1) === opacity && opacity === 1) path += shape.path;
      else {
        flush();
        [fill, opacity, path] = [shape.fill, shape.opacity ?? 1, shape.path];
      }
    }
    flush();
    if (solid !== '') mask += `<path fill="${hex([item & 255, item >> 8, 0])}" d="${solid}"/>`;
  }
  if (scene.weather.sky === 'rain') {
    const rain = rainPath(
      new Random('rain', scene.seed, scene.items[0]!.gait),
      UNITS * TENTHS * scene.camera.aspect,
      UNITS * TENTHS,
    );
    picture += `<path fill="#e6eef4" fill-opacity="0.3" d="${rain}"/>`;
  }
  const halves = `<svg ${size}>${picture}</svg><svg y="${height}" ${size} shape-rendering="crispEdges">${mask}</svg>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" ` +
    `height="${2 * height}"><defs>${definitions}</defs>${halves}</svg>`
  );
}

function skyShape({ view }: Stage): Shape {
  return {
    path: polygonPath([
      [-10, -10],
      [view.width + 10, -10],
      [view.width + 10, view.horizon + 4],
      [-10, view.horizon + 4],
    ]),
    fill: 'url(#sky)',
    solid: true,
  };
}

function skyPaint({ weather }: Scene, view: View): string {
  return (
    '<linearGradient id="sky" gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="0" ' +
    `y2="${Math.round(view.horizon * TENTHS)}"><stop offset="0" stop-color="${hex(weather.skyTop)}"/><stop ` +
    `offset="1" stop-color="${hex(weather.skyBottom)}"/></linearGradient>`
  );
}

/** Meters from the camera that an item is sorted by; undefined when it is out of sight. */
function depthOf(item: Item, { items, camera }: Scene, view: View): number | undefined {
  const [right, depth] = view.relative(item.x, item.z);
  const reach = (item.length + item.width) / 2 + 1;
  if (depth < -reach || depth > FARTHEST) return undefined;
  const halfView = (Math.max(0, depth + reach) * camera.aspect) / (2 * camera.focal);
  if (Math.abs(right) > halfView + reach + item.height * 0.4) return undefined;
  const [cos, sin] = item.turn;
  if (item.kind === 'building') {
    // The nearest point of its ground.
    const [dx, dz] = [camera.x - item.x, camera.z - item.z];
    const [along, across] = [dx * sin + dz * cos, dx * cos - dz * sin];
    const [u, w] = [Math.max(0, Math.abs(along) - item.length / 2), Math.max(0, Math.abs(across) - item.width / 2)];
    return Math.sqrt(u * u + w * w);
  }
  if (item.kind === 'car' || item.kind === 'bus' || item.kind === 'van') {
    const [viewCos, viewSin] = camera.turn;
    const half =
      (Math.abs(sin * viewSin + cos * viewCos) * item.length + Math.abs(cos * viewSin - sin * viewCos) * item.width) /
      2;
    // A camera inside a vehicle, or right before it, sees nothing else: such a vehicle is left out.
    if (depth - half < 0.8 && depth + half > -0.5 && Math.abs(right) < 1.4 + half * 0.2) return undefined;
    return depth - half * 0.7;
  }
  // From behind, or right overhead, an awning is a dark cloth before the lens.
  if (item.kind === 'awning') return depth > 2.5 && (camera.x - item.x) * sin > 0.6 ? depth : undefined;
  if (depth < (NEAREST_OF[item.kind] ?? NEAREST)) return undefined;
  const partner = item.partner === undefined ? undefined : items[item.partner - 1];
  if (partner === undefined) return depth;
  return view.depth(partner.x, partner.z) - (item.kind === 'umbrella' ? 0.06 : 0.03);
}

function fenceSprites(item: Item, stage: Stage): Sprite[] {
  const { view } = stage;
  const frame = new Frame(item.x, item.z, item.turn);
  const sprites: Sprite[] = [];
  const panels = Math.max(1, Math.round(item.width / PANEL));
  const panel = item.width / panels;
  for (let index = 0; index < panels; index++) {
    const offset = (index + 0.5) * panel - item.width / 2;
    const [x, , z] = frame.at(0, offset, 0);
    const [right, depth] = view.relative(x, z);
    if (
      depth < 1.2 ||
      depth > FARTHEST ||
      Math.abs(right) > (depth * view.camera.aspect) / (2 * view.camera.focal) + PANEL
    )
      continue;
    sprites.push({ item: item.id, layer: 2, depth, shapes: drawFencePanel(item, stage, offset, panel) });
  }
  return sprites;
}

/** The shapes of a picture in CVAT's XML, painted in CVAT's order: by `z_order`, then as they stand. */
import { NoClassError, type MaskCanvas } from './mask-canvas.ts';
import { MAX_SHAPES, shapeName } from './make-set.ts';
import { cornersIn, integersIn, numberIn } from './numbers.ts';
import { BOXES, LINES, POINTS, TAGS } from './passed-over.ts';
import { readXml, type XmlPart } from './xml-file.ts';

type Attributes = Readonly<Record<string, string>>;
type Painter = (canvas: MaskCanvas, attributes: Attributes, value: number, what: string) => Promise<void>;

/** Elements of an image that are areas. */
export const AREAS: ReadonlyMap<string, Painter> = new Map<string, Painter>([
  ['polygon', (canvas, { points = '' }, value, what) => canvas.polygon(cornersIn(points, what), value, what)],
  [
    'ellipse',
    (canvas, { cx, cy, rx, ry, rotation = '0' }, value, what) => {
      const [x, y, radiusX, radiusY, turn] = [cx, cy, rx, ry, rotation].map((text) => numberIn(text, what));
      return canvas.ellipse([x!, y!, radiusX!, radiusY!, turn], value, what);
    },
  ],
  [
    'mask',
    (canvas, { left, top, width, height, rle = '' }, value, what) => {
      const sides = [left, top, width, height].map((text) => numberIn(text, `the box of ${what}`));
      const box = { left: sides[0]!, top: sides[1]!, width: sides[2]!, height: sides[3]! };
      return canvas.runs(box, integersIn(rle), value, what);
    },
  ],
]);

/** Elements that are passed over, and what they are. */
export const PASSED: ReadonlyMap<string, string> = new Map([
  ['box', BOXES],
  ['polyline', LINES],
  ['points', POINTS],
  ['skeleton', POINTS],
  ['tag', TAGS],
  ['cuboid', 'cuboids, which are no outlines'],
]);

interface Shape {
  readonly paint: Painter;
  readonly attributes: Attributes;
  readonly order: number;
  readonly what: string;
}

/**
 * Paints the shapes of one picture.
 *
 * @throws RangeError when a shape breaks a rule; SynsegError as {@link readXml}
 */
export async function paintCvat(
  canvas: MaskCanvas,
  source: string,
  part: XmlPart,
  valueOf: ReadonlyMap<string, number>,
): Promise<void> {
  const shapes: Shape[] = [];
  let depth = 0;
  await readXml(
    source,
    {
      open: (name, attributes) => {
        depth += 1;
        const paint = depth === 2 ? AREAS.get(name) : undefined;
        if (paint === undefined) return;
        if (shapes.length === MAX_SHAPES) throw new RangeError(`shapes must be at most ${MAX_SHAPES}, got more`);
        const what = shapeName(name, attributes['label'] ?? '');
        const { z_order: order = '0' } = attributes;
        shapes.push({ paint, attributes, what, order: numberIn(order, `z_order of ${what}`) });
      },
      close: () => void (depth -= 1),
    },
    { part },
  );
  for (const { paint, attributes, what } of shapes.sort((a, b) => a.order - b.order)) {
    const value = valueOf.get(attributes['label'] ?? '');
    if (value === undefined) throw new NoClassError(`label of ${what} must be one of the set's, got another`);
    await paint(canvas, attributes, value, what);
  }
}

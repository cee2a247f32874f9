/** LabelMe: JSON, and the older XML. */
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { frame, opener, rowsOf, toldOf } from './opened.ts';

const opened = opener();

interface Shape {
  readonly label?: unknown;
  readonly points?: unknown;
  readonly shape_type?: string;
  readonly mask?: string;
}
function json(shapes: readonly Shape[], more: object = {}): string {
  return JSON.stringify({ version: '5', flags: {}, shapes, imagePath: 'a.jpg', imageData: null, ...more });
}
const whole = [
  [0, 0],
  [4, 0],
  [4, 3],
  [0, 3],
];

describe('LabelMe JSON', () => {
  it('paints polygons, rectangles, circles and masks in their order', async () => {
    const png = encode({ width: 2, height: 1, data: Uint8Array.of(0b01000000), depth: 1, channels: 1 });
    const mask = Buffer.from(png).toString('base64');
    const set = await opened({
      'a.json': json([
        { label: 'wall', points: [[0, 0], [4, 0], [4, 2], [0, 2]] },
        { label: 'cat', points: [[0, 3], [2, 2]], shape_type: 'rectangle' },
        { label: 'dog', points: [[3.5, 0.5], [3.5, 1.1]], shape_type: 'circle' },
        { label: 'cat', points: [[0, 0], [1, 0]], shape_type: 'mask', mask },
        { label: '__ignore__', points: [[3, 2], [4, 3]], shape_type: 'rectangle' },
        { label: '_background_', points: [[1, 2], [2, 3]], shape_type: 'rectangle' },
      ]),
      'a.jpg': frame,
    }); // prettier-ignore
    expect(set).toMatchObject({ form: 'labelme', description: 'LabelMe (a.json)', notes: [] });
    expect(set.classes).toEqual(['cat', 'dog', 'wall']);
    expect(await rowsOf(set.pictures[0])).toEqual(['2021', '2222', '0..?']);
  });

  it('paints rectangles of four corners, as they are turned', async () => {
    const points = [[2, -1], [4, 1], [2, 3], [0, 1]]; // prettier-ignore
    const set = await opened({ 'a.json': json([{ label: 'cat', points, shape_type: 'rotation' }]), 'a.jpg': frame });
    expect(await rowsOf(set.pictures[0])).toEqual(['000.', '000.', '.0..']);
  });

  it('has the order of labels.txt, and pictures without a JSON as unlabeled', async () => {
    const set = await opened({
      'labels.txt': '__ignore__\n_background_\nwall\ncat\n',
      'train/a.json': json([{ label: 'cat', points: whole }], { imagePath: '..\\\\elsewhere\\\\a.jpg' }),
      'train/a.jpg': frame,
      'train/b.jpg': frame,
      'train/c.json': json([], { imagePath: 'c.jpg' }),
      'train/c.jpg': frame,
    });
    expect(set.classes).toEqual(['wall', 'cat']);
    expect(set.pictures.map(({ key, split, labeled }) => [key, split, labeled])).toEqual([
      ['train/a.jpg', 'train', true],
      ['train/b.jpg', 'train', false],
      ['train/c.jpg', 'train', true],
    ]);
    expect(await rowsOf(set.pictures[0])).toEqual(['1111', '1111', '1111']);
    expect(await rowsOf(set.pictures[1])).toEqual(['????', '????', '????']);
    expect(await rowsOf(set.pictures[2])).toEqual(['....', '....', '....']);
  });

  it('tells and passes over lines, points, and polygons of two points', async () => {
    const set = await opened({
      'a.json': json([
        { label: 'cat', points: [[1, 1]], shape_type: 'point' },
        { label: 'cat', points: whole, shape_type: 'linestrip' },
        { label: 'cat', points: [[0, 0], [1, 1]] },
      ]),
      'a.jpg': frame,
    }); // prettier-ignore
    expect(set.notes).toEqual(['1 points, which are no areas', '1 lines, which are no areas']);
    expect(await toldOf(set.pictures[0])).toEqual(['a polygon of "cat" of fewer than 3 corners, passed over']);
    const faults: string[] = [];
    await set.pictures[0]!.readMask({}, (_, fault) => faults.push(fault));
    expect(faults).toEqual(['shape-incomplete']);
  });

  it('takes no picture out of the JSON, and says so', async () => {
    await expect(opened({ 'a.json': json([], { imageData: 'AAAA' }) })).rejects.toThrow(
      /^Cannot read annotations: pictures must lie beside their JSON files in ".*", got none \(those inside of the JSON/,
    );
  });

  it('reads the others where one file is broken, whose mask says what is wrong', async () => {
    const set = await opened({
      'a.json': json([{ label: 'cat', points: whole }]),
      'a.jpg': frame,
      'b.json': '{"shapes": [',
      'b.jpg': frame,
    });
    expect(set.pictures.map(({ labeled }) => labeled)).toEqual([true, true]);
    await expect(set.pictures[1]!.readMask({})).rejects.toThrow(
      /^Cannot read annotations: ".*b.json" must be JSON, got/,
    );
  });

  it.each([
    [{ points: whole }, 'must give each shape a label, got shapes[0] = {"points"'],
    [{ label: 'cat', points: 7 }, 'points of a polygon of "cat" must be a list, got 7'],
    [{ label: 'cat', points: [[1]] }, 'points of a polygon of "cat" must be pairs of numbers, got [1]'],
    [{ label: 'cat', points: whole, shape_type: 'mask' }, 'a mask of "cat" must hold a PNG, got undefined'],
    [{ label: 'cat', points: whole, shape_type: 'mask', mask: 'AAAA' }, 'Cannot read mask a mask of "cat" in'],
  ])('refuses the shape %j', async (shape, message) => {
    const set = await opened({ 'a.json': json([shape]), 'a.jpg': frame });
    await expect(set.pictures[0]!.readMask({})).rejects.toThrow(message);
  });

  it('refuses a picture of another size', async () => {
    const set = await opened({
      'a.json': json([{ label: 'cat', points: whole }], { imageWidth: 3, imageHeight: 4 }),
      'a.jpg': frame,
    });
    await expect(set.pictures[0]!.readMask({})).rejects.toThrow("it must have the picture's size 4×3, got 3×4");
  });
});

const object = (inside: string): string => `<object>${inside}</object>`;
const polygon = (...points: readonly (readonly [number, number])[]): string =>
  `<polygon>${points.map(([x, y]) => `<pt><x>${x}</x><y>\n${y}\n</y></pt>`).join('')}<username>me</username></polygon>`;
const xml = (...objects: readonly string[]): string =>
  '<annotation><filename>a.jpg</filename><folder>train</folder>' +
  '<imagesize><nrows>3</nrows><ncols>4</ncols></imagesize>' +
  `${objects.join('\n')}</annotation>`;

describe('LabelMe XML', () => {
  it('paints polygons and masks that were not deleted', async () => {
    const colored = encode({
      width: 4,
      height: 3,
      channels: 4,
      data: Uint8Array.from({ length: 48 }, (_, at) => (at < 8 ? [255, 203, 0, 153][at % 4]! : 0)),
    });
    const set = await opened({
      'Annotations/train/a.xml': xml(
        object(`<name>cat</name><deleted>0</deleted>${polygon([0, 0], [4, 0], [4, 3], [0, 3])}`),
        object(`<name> dog </name><segm><mask>a_mask_0.png</mask><box><xmin>0</xmin></box></segm>`),
        object(`<name>gone</name><deleted>1</deleted>${polygon([0, 0], [4, 0], [4, 3])}`),
        object(`<name>box</name><type>bounding_box</type>${polygon([0, 0], [4, 0], [4, 3], [0, 3])}`),
      ),
      'Images/train/a.jpg': frame,
      'Images/train/b.jpg': frame,
      'Masks/train/a_mask_0.png': colored,
    });
    expect(set).toMatchObject({ form: 'labelme', classes: ['cat', 'dog'], notes: ['1 boxes, which are no outlines'] });
    expect(set.pictures.map(({ key, split, labeled }) => [key, split, labeled])).toEqual([
      ['Images/train/a.jpg', 'train', true],
      ['Images/train/b.jpg', 'train', false],
    ]);
    expect(await rowsOf(set.pictures[0])).toEqual(['1100', '0000', '0000']);
  });

  it.each([
    [object(`<name>cat</name>${polygon([0, 0])}`.replace('<x>0</x>', '<x>a</x>')), 'must be finite numbers, got "a"'],
    [object(polygon([0, 0])), 'must give each object a name, got none for object 1'],
    [object('<name>cat</name><segm><mask>no.png</mask></segm>'), 'must be there, got no "no.png"'],
    ['<a>', 'must be well-formed XML'],
  ])('refuses %s', async (part, message) => {
    const set = await opened({ 'a.xml': xml(part, object(`<name>x</name>${polygon([0, 0])}`)), 'a.jpg': frame });
    await expect(set.pictures[0]!.readMask({})).rejects.toThrow(message);
  });

  it('is not VOC’s', async () => {
    const voc = xml(object('<name>cat</name><bndbox><xmin>1</xmin></bndbox>'));
    await expect(opened({ 'a.xml': voc, 'a.jpg': frame })).rejects.toThrow('must hold annotations of a known form');
  });
});

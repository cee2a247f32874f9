/** Exports of annotation tools: a file of one was changed, and everything it says is read. */
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { encode } from 'fast-png';
import { encodePNG } from '../../../packages/core/src/image/encode.ts';
import { openAnnotations } from '../../../packages/train/src/annotations/open-annotations.ts';
import type { Draw } from '../draw.ts';
import { mutateBytes, mutateJson, mutateText } from '../mutation.ts';
import type { Subject } from '../subject.ts';

const [WIDTH, HEIGHT] = [8, 6];

type Content = string | Uint8Array | object;

const object = (inside: string): string => `<object><name>cat</name><deleted>0</deleted>${inside}</object>`;
const point = (x: number, y: number): string => `<pt><x>${String(x)}</x><y>${String(y)}</y></pt>`;

/** An export of a form. */
interface Export {
  /** Files of which one is changed. */
  readonly files: Readonly<Record<string, Content>>;
  /** Pictures; the first is changed at times. @default two in `images` */
  readonly pictures?: readonly string[];
}

const PICTURES = ['images/a.png', 'images/b.png'];

/** Exports of the forms whose annotations are outlines. */
function outlines(mask: Uint8Array): Readonly<Record<string, Export['files']>> {
  const size = { original_width: WIDTH, original_height: HEIGHT, image_rotation: 0 };
  const corners = [[0, 0], [50, 0], [50, 100], [0, 100]]; // prettier-ignore
  return {
    'cvat': {
      'annotations.xml':
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta><task><labels>' +
        '<label><name>cat</name></label><label><name>dog</name></label></labels></task></meta>\n' +
        '<image id="0" name="a.png" width="8" height="6" subset="train">\n' +
        '<polygon label="cat" points="0.0,0.0;4.5,0.0;4.0,5.5" z_order="1"></polygon>\n' +
        '<mask label="dog" rle="3, 4, 2, 3" left="1" top="1" width="4" height="3" z_order="0"></mask>\n' +
        '<ellipse label="dog" cx="4" cy="3" rx="2" ry="1" rotation="30"></ellipse>\n' +
        '<box label="cat" xtl="0" ytl="0" xbr="1" ybr="1"></box></image>\n' +
        '<image id="1" name="b.png" width="8" height="6"></image></annotations>\n',
    },
    'coco': {
      'annotations/instances_train.json': {
        images: [
          { id: 1, file_name: 'a.png', width: WIDTH, height: HEIGHT },
          { id: 2, file_name: 'b.png' },
        ],
        categories: [
          { id: 1, name: 'cat', supercategory: 'animals' },
          { id: 2, name: 'dog' },
        ],
        annotations: [
          { id: 1, image_id: 1, category_id: 1, segmentation: [[0, 0, 5, 0, 5, 5]], area: 12, iscrowd: 0 },
          { id: 2, image_id: 2, category_id: 2, segmentation: { size: [HEIGHT, WIDTH], counts: [10, 20, 18] } },
        ],
      },
    },
    'yolo': {
      'data.yaml': 'path: .\ntrain: images\nval: [val.txt]\nnc: 2\nnames:\n  0: cat\n  1: dog\n',
      'val.txt': './images/b.png\n',
      'labels/a.txt': '0 0.1 0.1 0.9 0.1 0.9 0.8\n1 0 0 0.5 0 0.5 1 0 1\n1 0.5 0.5 1 1\n',
    },
    'captions': {
      'train.csv': 'file_name,caption\nimages/a.png,"a cat, a mat"\nb.png,two dogs\nb.png,\nc.png,a dog\n',
      'val.jsonl': '{"image":"a.png","tags":["cat","mat"]}\n{"image":"b.png","tags":"dog, tree"}\n',
      'images/b.txt': 'a dog under a tree',
    },
    'label-studio': {
      'project.json': [
        {
          id: 1,
          annotations: [
            {
              id: 1,
              result: [
                { ...size, type: 'polygonlabels', value: { points: corners, polygonlabels: ['cat'] } },
                { ...size, value: { x: 50, y: 50, radiusX: 10, radiusY: 20, rotation: 5, ellipselabels: ['dog'] } },
              ],
              was_cancelled: false,
              created_at: '2026-01-01T00:00:00Z',
            },
          ],
          data: { image: '/data/upload/1/1a2b3c4d-a.png' },
        },
        {
          id: 2,
          annotations: [{ result: [{ ...size, value: { format: 'rle', rle: BRUSH, brushlabels: ['dog'] } }] }],
          data: { image: 's3://bucket/b.png' },
        },
      ],
    },
    'labelme': {
      'images/a.json': {
        version: '5.0',
        shapes: [
          { label: 'cat', points: [[0, 0], [5, 0], [5, 5]], shape_type: 'polygon' },
          { label: 'dog', points: [[4, 3], [6, 3]], shape_type: 'circle' },
          { label: 'dog', points: [[0, 0], [7, 5]], shape_type: 'mask', mask: Buffer.from(mask).toString('base64') },
        ],
        imagePath: 'a.png',
        imageData: null,
        imageHeight: HEIGHT,
        imageWidth: WIDTH,
      }, // prettier-ignore
      'labels.txt': '__ignore__\n_background_\ncat\ndog\n',
    },
    'labelme-xml': {
      'Annotations/a.xml':
        '<annotation><filename>a.png</filename><folder></folder>' +
        '<imagesize><nrows>6</nrows><ncols>8</ncols></imagesize>' +
        object(`<polygon>${point(0, 0)}${point(5, 0)}${point(5.25, 5)}</polygon>`) +
        `${object('<segm><mask>a_mask_0.png</mask></segm>')}</annotation>`,
      'Masks/a_mask_0.png': mask,
    },
  };
}

/** Exports of the forms whose annotations are masks. */
function masks(gray: Uint8Array, colored: Uint8Array): Readonly<Record<string, Export>> {
  const file = 'x_000000_000019';
  const classes = 'Pixel Value, Class\n0, background\n1, cat\n2, dog\n';
  return {
    'voc': {
      pictures: ['JPEGImages/a.png', 'JPEGImages/b.png'],
      files: {
        'SegmentationClass/a.png': colored,
        'SegmentationClass/b.png': gray,
        'labelmap.txt': '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\ndog:0,128,0::\n',
        'ImageSets/Segmentation/train.txt': 'a\n',
        'ImageSets/Segmentation/val.txt': 'b\n',
      },
    },
    'roboflow-masks': {
      pictures: ['train/a.png', 'valid/b.png'],
      files: {
        'train/_classes.csv': classes,
        'train/a_mask.png': gray,
        'valid/_classes.csv': classes,
        'valid/b_mask.png': gray,
      },
    },
    'cityscapes': {
      pictures: [`leftImg8bit/train/x/${file}_leftImg8bit.png`],
      files: { [`gtFine/train/x/${file}_gtFine_labelIds.png`]: gray },
    },
    'masks': { files: { 'masks/a.png': gray, 'masks/b.png': gray, 'classes.txt': 'background\ncat\ndog\n' } },
    'colors': { files: { 'labels/a.png': colored, 'label_colors.txt': '128 0 0 cat\n0 128 0 dog\n0 0 0 void\n' } },
    'coco-panoptic': {
      files: {
        'annotations/panoptic_train.json': {
          images: [{ id: 1, file_name: 'a.png', width: WIDTH, height: HEIGHT }],
          categories: [
            { id: 1, name: 'cat', isthing: 1 },
            { id: 2, name: 'grass', isthing: 0 },
          ],
          annotations: [
            {
              image_id: 1,
              file_name: 'a.png',
              segments_info: [
                { id: 128, category_id: 1, iscrowd: 0 },
                { id: 128 * 256, category_id: 2, iscrowd: 0 },
              ],
            },
          ],
        },
        'annotations/panoptic_train/a.png': colored,
      },
    },
  };
}

/** Run lengths of a brush: a rectangle in 8×6 pixels, as Label Studio's converter encodes it. */
const BRUSH = [0, 0, 0, 192, 57, 27, 254, 39, 0, 191, 255, 124, 2, 255, 253, 240, 11, 255, 249, 28, 0];

export async function open(folder: string): Promise<Subject> {
  // Zips are unpacked there.
  process.env['SYNSEG_CACHE'] = join(folder, 'cache');
  const png = await encodePNG(new Uint8Array(WIDTH * HEIGHT * 3), WIDTH, HEIGHT);
  const data = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => at % 3);
  const gray = encode({ width: WIDTH, height: HEIGHT, data, channels: 1 });
  const colors = Uint8Array.from([...data].flatMap((value) => [value === 1 ? 128 : 0, value === 2 ? 128 : 0, 0]));
  const ofOutlines = Object.entries(outlines(gray)).map(([form, files]): [string, Export] => [form, { files }]);
  const exports = { ...Object.fromEntries(ofOutlines), ...masks(gray, await encodePNG(colors, WIDTH, HEIGHT)) };
  return {
    make: (draw) => {
      const form = draw.pick(Object.keys(exports));
      const { files: given, pictures = PICTURES } = exports[form]!;
      const changed = draw.once(20) ? pictures[0]! : draw.pick(Object.keys(given));
      const contents = { ...Object.fromEntries(pictures.map((path) => [path, png])), ...given };
      // Half of the zips hold a whole export, and are changed themselves.
      const [isZip, isWhole] = [draw.once(6), draw.once(2)];
      const files = Object.entries(contents).map(([path, content]): [string, string | Uint8Array] => [
        path,
        path === changed && !(isZip && isWhole) ? mutated(draw, content) : bytesOf(content),
      ]);
      if (!isZip) return { files: under(form, files), run: () => readAll(join(folder, form)) };
      const odd = files.map(([path, content]) => [draw.once(20) ? draw.pick(ODD_PATHS) : path, content] as const);
      const zip = zipOf(odd, draw.once(2));
      const bytes = isWhole ? mutateBytes(draw, zip) : zip;
      return { files: { 'export.zip': bytes }, run: () => readAll(join(folder, 'export.zip')) };
    },
  };
}

/** Names of entries that lead out of a folder, or to nowhere. */
const ODD_PATHS = [
  '../x.json',
  '/x.json',
  'a/../../x.txt',
  '..\\x.txt',
  'C:\\x.txt',
  '',
  '.',
  'a//b',
  'x\0.txt',
  'a/'.repeat(99),
];

function under(form: string, files: readonly (readonly [string, string | Uint8Array])[]): Record<string, string> {
  return Object.fromEntries(files.map(([path, content]) => [join(form, path), content])) as Record<string, string>;
}

/** A zip as archivers write it: a header before each file, and all of them again at its end. */
function zipOf(files: readonly (readonly [string, string | Uint8Array])[], packed: boolean): Uint8Array {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [path, content] of files) {
    const [name, bytes] = [Buffer.from(path), Buffer.from(content)];
    const stored = packed ? deflateRawSync(bytes) : bytes;
    // From version and flags to the length of extra fields, the same in both places.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(packed ? 8 : 0, 4);
    shared.writeUInt32LE(crc32(bytes), 10);
    shared.writeUInt32LE(stored.length, 14);
    shared.writeUInt32LE(bytes.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), shared, end, name);
    const local = [Buffer.from('PK\x03\x04', 'latin1'), shared, name, stored];
    parts.push(...local);
    offset += local.reduce((sum, { length }) => sum + length, 0);
  }
  const last = Buffer.alloc(22);
  last.write('PK\x05\x06', 'latin1');
  last.writeUInt16LE(files.length, 8);
  last.writeUInt16LE(files.length, 10);
  last.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  last.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, last]);
}

async function readAll(root: string): Promise<void> {
  for (const { pictures } of await openAnnotations(root)) {
    const faults: string[] = [];
    for (const { readMask } of pictures) {
      const { data, width, height } = await readMask({ maxPixels: 1_000_000 }, (fault) => faults.push(fault));
      if (data.length !== width * height) throw new Error('a mask of another size than it says');
    }
    if (faults.some((fault) => fault === '')) throw new Error('a fault without a word');
  }
}

function bytesOf(content: Content): string | Uint8Array {
  return typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
}

const ODD_VALUES = [
  '',
  '-1',
  '0',
  '1e999',
  'NaN',
  '0.5',
  '4294967296',
  '1,',
  ';',
  '0,0',
  '999999',
  '&#0;',
  '&lt;',
  'a',
];

/** XML in which a few values were changed and the tags were not. */
function mutateValues(draw: Draw, xml: string): string {
  let changed = xml;
  for (let left = draw.integer(1, 3); left > 0; left--) {
    const values = [...changed.matchAll(/(?<==")[^"]*(?=")|(?<=>)[^<>]+(?=<)/g)];
    if (values.length === 0) return changed;
    const { index, 0: value } = draw.pick(values);
    const other = draw.once(3) ? draw.pick(values)[0] : draw.pick(ODD_VALUES);
    const put = draw.pick([other, `${value}${other}`, `${value}, ${value}`, value.slice(1)]);
    changed = changed.slice(0, index) + put.slice(0, 10_000) + changed.slice(index + value.length);
  }
  return changed;
}

function mutated(draw: Draw, content: Content): string | Uint8Array {
  if (content instanceof Uint8Array) return mutateBytes(draw, content);
  const bytes = Buffer.from(bytesOf(content));
  if (draw.once(5)) return mutateBytes(draw, bytes);
  if (typeof content === 'string' && content.startsWith('<') && draw.once(2)) return mutateValues(draw, content);
  return typeof content === 'string' ? mutateText(draw, content) : mutateJson(draw, content);
}

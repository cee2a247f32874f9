/** Exports of annotation tools: a file of one was changed, and everything it says is read. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** Files that are changed, by form; pictures lie beside them. */
function exportsOf(mask: Uint8Array): Readonly<Record<string, Readonly<Record<string, Content>>>> {
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
    'yolo': {
      'data.yaml': 'path: .\ntrain: images\nval: [val.txt]\nnc: 2\nnames:\n  0: cat\n  1: dog\n',
      'val.txt': './images/b.png\n',
      'labels/a.txt': '0 0.1 0.1 0.9 0.1 0.9 0.8\n1 0 0 0.5 0 0.5 1 0 1\n1 0.5 0.5 1 1\n',
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

/** Run lengths of a brush: a rectangle in 8×6 pixels, as Label Studio's converter encodes it. */
const BRUSH = [0, 0, 0, 192, 57, 27, 254, 39, 0, 191, 255, 124, 2, 255, 253, 240, 11, 255, 249, 28, 0];

export async function open(folder: string): Promise<Subject> {
  const png = await encodePNG(new Uint8Array(WIDTH * HEIGHT * 3), WIDTH, HEIGHT);
  const data = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => at % 3);
  const exports = exportsOf(encode({ width: WIDTH, height: HEIGHT, data, channels: 1 }));
  for (const form of Object.keys(exports)) {
    mkdirSync(join(folder, form, 'images'), { recursive: true });
    writeFileSync(join(folder, form, 'images/b.png'), png);
  }
  return {
    make: (draw) => {
      const form = draw.pick(Object.keys(exports));
      const given = Object.entries(exports[form]!);
      const changed = draw.integer(0, given.length - 1);
      const picture = draw.once(20) ? mutateBytes(draw, png) : png;
      const files = given.map(([path, content], at) => [
        join(form, path),
        at === changed ? mutated(draw, content) : typeof content === 'string' ? content : bytesOf(content),
      ]);
      return {
        files: Object.fromEntries([...files, [join(form, 'images/a.png'), picture]]) as Record<string, string>,
        run: () => readAll(join(folder, form)),
      };
    },
  };
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

function mutated(draw: Draw, content: Content): string | Uint8Array {
  if (content instanceof Uint8Array) return mutateBytes(draw, content);
  const bytes = Buffer.from(bytesOf(content));
  if (draw.once(5)) return mutateBytes(draw, bytes);
  return typeof content === 'string' ? mutateText(draw, content) : mutateJson(draw, content);
}

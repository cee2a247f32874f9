/** Label Studio: JSON, JSON-MIN, and its run lengths of brush strokes. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeBrush } from '../../../packages/train/src/annotations/brush-rle.ts';
import { jsonParts, readPart } from '../../../packages/train/src/annotations/json-parts.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTree } from '../benchmarks/miniature.ts';
import { frame, opener, rowsOf, toldOf } from './opened.ts';

const opened = opener();
const folder = temporaryFolder();

/** What `encode_rle` of label_studio_sdk 2.1.2 (`converter/brush.py`) makes of an alpha, repeated for four channels. */
const BRUSH = [
  0, 0, 0, 140, 57, 27, 252, 127, 248, 124, 2, 255, 253, 176, 8, 255, 227, 100, 159, 254, 216, 5, 255, 252, 54, 1, 30,
  64,
];
/** That of an RGBA picture of 4×3 pixels whose colors and alphas differ. */
const COLORED = [
  0, 0, 0, 48, 57, 27, 248, 1, 32, 4, 0, 14, 7, 248, 1, 32, 4, 0, 14, 7, 248, 1, 32, 4, 0, 14, 7, 248, 1, 32, 4, 0, 14,
  7, 252, 96, 0, 5, 1, 144, 0, 240, 31, 224, 5, 1, 144, 0, 240, 31, 247, 192, 34, 255, 1, 104,
];

const size = { original_width: 4, original_height: 3, image_rotation: 0 };
const polygon = (label: string, points: readonly (readonly number[])[]): object => ({
  ...size,
  type: 'polygonlabels',
  value: { points, closed: true, polygonlabels: [label] },
});
const left = [[0, 0], [50, 0], [50, 100], [0, 100]]; // prettier-ignore
const task = (annotations: readonly object[], image = '/data/upload/1/1a2b3c4d-a.jpg'): object => ({
  id: 1,
  annotations,
  file_upload: '1a2b3c4d-a.jpg',
  predictions: [],
  data: { image },
});

describe('Label Studio', () => {
  it('paints polygons, ellipses and brush strokes in their order', async () => {
    const result = [
      polygon('wall', left),
      { ...size, value: { x: 87.5, y: 50, radiusX: 10, radiusY: 60, rotation: 0, ellipselabels: ['cat'] } },
      { ...size, value: { format: 'rle', rle: COLORED, brushlabels: ['dog'] } },
      { ...size, value: { x: 0, y: 0, width: 9, height: 9, rectanglelabels: ['cat'] } },
      { ...size, value: { x: 0, y: 0, width: 9, keypointlabels: ['cat'] } },
      { value: { choices: ['good'] } },
    ];
    const set = await opened({ 'project-1.json': JSON.stringify([task([{ result }])]), 'images/a.jpg': frame });
    expect(set).toMatchObject({ form: 'label-studio', classes: ['cat', 'dog', 'wall'] });
    expect(set.notes).toEqual([
      '1 boxes, which are no outlines',
      '1 points, which are no areas',
      '1 tags of whole pictures',
    ]);
    expect(await rowsOf(set.pictures[0])).toEqual(['1111', '2110', '22.0']);
  });

  it('takes the newest annotation that was not cancelled; what nobody annotated is not labeled', async () => {
    const tasks = [
      task([
        { result: [polygon('new', left)], created_at: '2026-01-02T00:00:00Z', updated_at: '2026-03-01T00:00:00Z' },
        { result: [polygon('old', left)], created_at: '2026-02-01T00:00:00Z' },
        { result: [polygon('no', left)], created_at: '2027-01-01T00:00:00Z', was_cancelled: true },
      ]),
      task([{ result: [], was_cancelled: true }], 's3://bucket/deep/b.jpg'),
      task([{ result: [] }], '/data/local-files/?d=work%2Fc%20c.jpg'),
      task([], 'https://example.org/d.jpg?x=1'),
    ];
    const files = Object.fromEntries(['a', 'b', 'c c', 'd'].map((name) => [`${name}.jpg`, frame]));
    const json = JSON.stringify(tasks).replaceAll('"file_upload":"1a2b3c4d-a.jpg",', '');
    const set = await opened({ 'x.json': json, ...files });
    expect(set.classes).toEqual(['new']);
    expect(set.pictures.map(({ key, labeled }) => [key, labeled])).toEqual([
      ['a.jpg', true],
      ['b.jpg', false],
      ['c c.jpg', true],
      ['d.jpg', false],
    ]);
    expect(await rowsOf(set.pictures[0])).toEqual(['00..', '00..', '00..']);
    expect(await rowsOf(set.pictures[2])).toEqual(['....', '....', '....']);
    expect(await rowsOf(set.pictures[3])).toEqual(['????', '????', '????']);
  });

  it('reads JSON-MIN, of which the newest row of a picture counts', async () => {
    const row = (label: string, at: string): object => ({
      image: '/data/upload/1/1a2b3c4d-a.jpg',
      id: 1,
      label: [{ points: left, polygonlabels: [label], ...size }],
      annotator: 1,
      annotation_id: 4,
      created_at: at,
    });
    const rows = [row('new', '2026-02-01T00:00:00Z'), row('old', '2026-01-01T00:00:00Z')];
    const set = await opened({ 'x.json': JSON.stringify(rows, null, 2), 'images/1a2b3c4d-a.jpg': frame });
    expect(set.classes).toEqual(['new']);
    expect(set.notes).toEqual(['1 pictures annotated again, of which the newest annotation counts']);
    expect(await rowsOf(set.pictures[0])).toEqual(['00..', '00..', '00..']);
  });

  it('cuts off and tells what reaches outside of the picture', async () => {
    const result = [polygon('cat', [...left, [-300, 50]])];
    const set = await opened({ 'x.json': JSON.stringify([task([{ result }])]), 'a.jpg': frame });
    expect(await toldOf(set.pictures[0])).toEqual(['a polygon of "cat" that reaches outside of the picture']);
  });

  it.each([
    [{ points: 'x', polygonlabels: ['cat'] }, 'points of a polygon of "cat" must be a list, got "x"'],
    [{ points: [[1]], polygonlabels: ['cat'] }, 'points of a polygon of "cat" must be pairs, got [1]'],
    [{ points: [[1, 'a']], polygonlabels: ['cat'] }, 'places of a polygon of "cat" must be numbers, got "a"'],
    [{ rle: [1, 2], brushlabels: ['cat'] }, 'run lengths of a brush must be whole, got fewer bits than they announce'],
    [{ rle: [300], brushlabels: ['cat'] }, 'rle of a brush of "cat" must be a list of bytes, got 300'],
    [{ rle: BRUSH, brushlabels: ['cat'] }, 'run lengths of a brush must have 48 bytes (4×3×4), got 140'],
  ])('refuses the region %j', async (value, message) => {
    const set = await opened({ 'x.json': JSON.stringify([task([{ result: [{ value }] }])]), 'a.jpg': frame });
    await expect(set.pictures[0]!.readMask({})).rejects.toThrow(message);
  });

  it('refuses a picture of another size', async () => {
    const result = [{ ...polygon('cat', left), original_width: 3 }];
    const set = await opened({ 'x.json': JSON.stringify([task([{ result }])]), 'a.jpg': frame });
    await expect(set.pictures[0]!.readMask({})).rejects.toThrow("it must have the picture's size 4×3, got 3×3");
  });
});

describe('decodeBrush()', () => {
  it('gives what the converter encoded, of alpha the upper half', () => {
    const rows = ['1000000', '0011110', '0010110', '0011110', '0000001'];
    expect(decodeBrush(Uint8Array.from(BRUSH), 7, 5).join('')).toBe(rows.join(''));
    expect(decodeBrush(Uint8Array.from(COLORED), 4, 3).join('')).toBe('111101100000');
  });
});

describe('jsonParts()', () => {
  async function partsOf(text: string): Promise<unknown[]> {
    const path = join(await writeTree(folder, { 'list.json': text }), 'list.json');
    const values: unknown[] = [];
    for await (const { value, ...part } of jsonParts(path, undefined)) {
      expect(await readPart(path, part)).toEqual(value);
      values.push(value);
    }
    return values;
  }

  it('gives the elements of a list, whatever is in them', async () => {
    const list = [{ 'a]': '"\\],{' }, [1, [2, '}']], 'ü,', 3, null];
    expect(await partsOf(` ${JSON.stringify(list, null, 1)}\n`)).toEqual(list);
    expect(await partsOf('[ ]')).toEqual([]);
    const long = Array.from({ length: 9 }, (_, at) => String(at).repeat(30_000));
    expect(await partsOf(JSON.stringify(long))).toEqual(long);
  });

  it.each([
    ['[1,', 'must be a whole list in JSON, got one that ends too early'],
    ['', 'must be a whole list in JSON, got an empty file'],
    ['{"a": 1}', 'must be a list in JSON, got something else'],
    ['[1]]', 'must be a list in JSON, got more brackets closed than opened'],
    ['[1,]', 'must be JSON, got'],
    ['[{"a" 1}]', 'must be JSON, got'],
  ])('refuses %s', async (text, message) => {
    await expect(partsOf(text)).rejects.toThrow(message);
  });
});

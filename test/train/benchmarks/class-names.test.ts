import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as lists from '../../../packages/train/src/benchmarks/class-names.ts';
import { SHARED, hasShared } from '../../support/shared.ts';

const { VOC, CONTEXT, CITYSCAPES, ADE, COCO_THINGS, COCO_STUFF } = lists;

it.each([
  ['VOC', VOC, 20, [1, 'aeroplane'], [20, 'tvmonitor']],
  ['Pascal Context', CONTEXT, 59, [2, 'aeroplane'], [458, 'wood']],
  ['Cityscapes', CITYSCAPES, 19, [7, 'road'], [33, 'bicycle']],
  ['ADE20K', ADE, 150, [1, 'wall'], [150, 'flag']],
  ["COCO's things", COCO_THINGS, 80, [1, 'person'], [90, 'toothbrush']],
  ["COCO's stuff", COCO_STUFF, 91, [92, 'banner'], [182, 'wood']],
])('%s: each name once, by ids that rise', (_, list, size, first, last) => {
  expect([list.size, new Set(list.values()).size]).toEqual([size, size]);
  expect([[...list][0], [...list].at(-1)]).toEqual([first, last]);
  expect([...list.keys()]).toEqual([...list.keys()].sort((a, b) => a - b));
});

it('names of two words are whole', () => {
  expect([ADE.get(45), COCO_THINGS.get(13), CITYSCAPES.get(19)]).toEqual([
    'chest of drawers',
    'stop sign',
    'traffic light',
  ]);
});

it("COCO's ids leave out the eleven that were given up", () => {
  const ids = new Set([...COCO_THINGS.keys(), ...COCO_STUFF.keys()]);
  const missing = Array.from({ length: 182 }, (__, at) => at + 1).filter((id) => !ids.has(id));
  expect(missing).toEqual([12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91]);
});

it.skipIf(!hasShared)('the names are those of the reference lists, of Pascal Context in the order of its ids', () => {
  const text = readFileSync(join(SHARED, 'design/class-lists.json'), 'utf8');
  const reference = JSON.parse(text) as Record<string, string[]>;
  const names = (key: string): string[] => reference[key]!.map((name) => name.trim());
  expect([...VOC.values()]).toEqual(names('voc20'));
  expect([...CONTEXT.values()]).toEqual(names('context59').sort());
  expect([...CITYSCAPES.values()]).toEqual(names('cityscapes'));
  expect([...ADE.values()]).toEqual(names('ade150'));
  expect(['background', ...COCO_THINGS.values()]).toEqual(names('coco_object81'));
  expect([...COCO_THINGS.values(), ...COCO_STUFF.values()]).toEqual(names('coco_stuff171'));
});

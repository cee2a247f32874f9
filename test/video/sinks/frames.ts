/** Frames for the sinks' tests. */
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Segmentation } from '@synseg/core';
import type { MadeForms } from '@synseg/core/masks';
import { segmentedFrame } from '../../../packages/video/src/pipeline/lane.ts';
import type { SegmentedFrame } from '../../../packages/video/src/segmented-frame.ts';

type Facts = Omit<SegmentedFrame, 'segmentation' | 'toJSON'> &
  Pick<Segmentation, 'labelMap' | 'width' | 'height' | 'labels' | 'colors'> &
  MadeForms;

/** A frame of 4 × 2: road, road, background, background; car in the lower right corner. */
export function sinkFrame(facts: Partial<Facts> = {}): SegmentedFrame {
  const {
    labels = ['road', 'car'],
    colors = [
      [10, 20, 30],
      [200, 100, 0],
    ],
    labelMap = Uint8Array.of(0, 0, 255, 255, 0, 0, 255, 1),
    width = 4,
    height = 2,
    areas = { road: 0.5, car: 0.125 },
    background = 0.375,
    rle,
    polygons,
    png,
    ...own
  } = facts;
  const made = {
    areas,
    background,
    ...Object.fromEntries(Object.entries({ rle, polygons, png }).filter(([, form]) => form !== undefined)),
  };
  return segmentedFrame({
    ...{ source: 'clips/drive.mp4', sourceIndex: 0, index: 3, timeSeconds: 0.12, dropped: 0, latencySeconds: 0.05 },
    ...{ held: false, sourceWidth: 4, sourceHeight: 2, pixelAspect: 1 },
    segmentation: new Segmentation([height, width], { names: labels, colors }, { labels: labelMap }, made),
    ...own,
  });
}

/** A path whose disk is always full. */
export function fullDisk(path: string): string {
  symlinkSync('/dev/full', path);
  return path;
}

/** Where the file grows that is to be called `name`: its own name has something made up in it. */
export function partialOf(folder: string, name: string): string {
  const dot = name.lastIndexOf('.');
  const stem = dot < 0 ? name : name.slice(0, dot);
  const found = readdirSync(folder).filter(
    (file) =>
      file.startsWith(`.${stem}.`) &&
      new RegExp(`^[0-9a-f]{8}\\.partial${dot < 0 ? '' : `\\${name.slice(dot)}`}$`).test(file.slice(stem.length + 2)),
  );
  if (found.length !== 1) throw new Error(`one partial file of ${name} expected, found ${found.join(', ') || 'none'}`);
  return join(folder, found[0] ?? '');
}

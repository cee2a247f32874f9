/** Frames for the sinks' tests. */
import { symlinkSync } from 'node:fs';
import { segmentedFrame, type FrameFacts, type SegmentedFrame } from '../../../packages/video/src/segmented-frame.ts';

/** A frame of 4 × 2: road, road, background, background; car in the lower right corner. */
export function sinkFrame(facts: Partial<FrameFacts> = {}): SegmentedFrame {
  return segmentedFrame({
    ...{ source: 'clips/drive.mp4', sourceIndex: 0, index: 3, timeSeconds: 0.12, dropped: 0, latencySeconds: 0.05, held: false },
    ...{ labels: ['road', 'car'], colors: [[10, 20, 30], [200, 100, 0]] },
    ...{ labelMap: Uint8Array.of(0, 0, 255, 255, 0, 0, 255, 1), width: 4, height: 2, sourceWidth: 4, sourceHeight: 2 },
    ...{ areas: { road: 0.5, car: 0.125 }, background: 0.375 },
    ...facts,
  });
}

/** A path whose disk is always full. */
export function fullDisk(path: string): string {
  symlinkSync('/dev/full', path);
  return path;
}

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sinkFrame } from './sinks/frames.ts';

describe('segmentedFrame()', () => {
  const frame = sinkFrame({ png: new Uint8Array(1000), overlay: new Uint8Array(24), rle: {}, polygons: {} });

  it('shows itself without pixels and masks', () => {
    const shown = JSON.parse(JSON.stringify(frame)) as object;
    expect(shown).toMatchObject({
      source: 'clips/drive.mp4',
      index: 3,
      segmentation: {
        labels: ['road', 'car'],
        areas: { road: 0.5, car: 0.125 },
        background: 0.375,
        width: 4,
        height: 2,
      },
    });
    for (const large of ['labelMap', 'png', 'overlay', 'rle', 'polygons'])
      expect(JSON.stringify(shown)).not.toContain(large);
    expect(inspect(frame)).toMatch(/^SegmentedFrame \{\s+source: 'clips\/drive\.mp4'/);
    expect(inspect(frame)).not.toContain('Uint8Array');
  });

  it('keeps what it leaves out, and takes the forms that were made before', async () => {
    const { labelMap } = frame.segmentation;
    const png = await frame.segmentation.toPNG();
    expect([labelMap.length, png.length, frame.segmentation.mask('car').join('')]).toEqual([8, 1000, '00000001']);
    expect([frame.segmentation.toRLE(), frame.segmentation.toPolygons()]).toEqual([{}, {}]);
    expect(Object.keys(frame.segmentation.toPolygons({ tolerance: 1 }))).toEqual(['road', 'car']);
  });

  it('has masks for labels named like anything that objects have', () => {
    const odd = sinkFrame({ labels: ['__proto__', 'constructor'] }).segmentation;
    expect(odd.mask('__proto__').join('')).toBe('11001100');
    expect(Object.getOwnPropertyNames(odd.toRLE())).toEqual(['__proto__', 'constructor']);
    expect(Object.getOwnPropertyNames(odd.toPolygons())).toEqual(['__proto__', 'constructor']);
    expect(() => odd.mask('toString')).toThrow(
      new RangeError('Cannot read mask: label must be one of __proto__, constructor, got "toString"'),
    );
    expect(() => odd.mask(Promise.resolve() as never)).toThrow('got a Promise (did you forget await?)');
  });
});

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { legendSVG } from '../../../packages/core/src/mask/legend.ts';
import { palette } from '../../../packages/core/src/mask/palette.ts';

describe('legendSVG()', () => {
  it('rasterises to its stated size with every swatch in its color', async () => {
    const colors = palette(3);
    const svg = legendSVG(['road', 'car', 'person'], colors, { road: 0.5, car: 0.1234 });
    const { data, info } = await sharp(Buffer.from(svg)).raw().toBuffer({ resolveWithObject: true });
    expect(svg).toContain(`width="${info.width}" height="${info.height}"`);
    // Rows of 24 px from y = 4 on, swatches of 16 px from x = 8 on.
    for (const [index, color] of colors.entries()) {
      const at = ((4 + 24 * index + 12) * info.width + 16) * info.channels;
      expect([...data.subarray(at, at + 3)]).toEqual([...color]);
    }
  });

  it('composites onto a picture', async () => {
    const picture = sharp({ create: { width: 200, height: 100, channels: 3, background: '#fff' } });
    const svg = legendSVG(['sky'], [[10, 200, 30]]);
    const data = await picture
      .composite([{ input: Buffer.from(svg), left: 0, top: 0 }])
      .removeAlpha()
      .raw()
      .toBuffer();
    expect([...data.subarray((16 * 200 + 16) * 3, (16 * 200 + 16) * 3 + 3)]).toEqual([10, 200, 30]);
  });

  it('shows areas in percent where given, and only own properties', () => {
    const svg = legendSVG(['road', 'car', 'constructor'], palette(3), { road: 0.5, car: 0.1234 });
    expect(svg.match(/>[\d.]+ %</g)).toEqual(['>50.0 %<', '>12.3 %<']);
  });

  it('escapes labels and replaces what XML cannot hold', async () => {
    const svg = legendSVG(['</text><script>"a" & \'b\'', 'a\u0000b\n\uD800c'], palette(2));
    expect(svg).toContain('>&lt;/text&gt;&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;<');
    expect(svg).toContain('>a b  c<');
    expect((await sharp(Buffer.from(svg)).metadata()).format).toBe('svg');
  });

  it('counts what is left out, and has a row for the background', () => {
    const svg = legendSVG(
      ['road', '(background)'],
      palette(2),
      { 'road': 0.5, '(background)': 0.1 },
      { more: 7, background: 0.4 },
    );
    expect(svg.match(/>[^<>]+</g)).toEqual([
      '>road<',
      '>50.0 %<',
      '>(background)<',
      '>10.0 %<',
      '>… 7 more<',
      '>(background)<',
      '>40.0 %<',
    ]);
    expect(svg.match(/fill="rgb\(0,0,0\)" stroke/g)).toHaveLength(1);
    expect(legendSVG([], [], {}, { background: true })).toContain('>(background)<');
  });

  it('cuts long names, and keeps a name from turning the text around it', () => {
    const svg = legendSVG(['x'.repeat(10_000_000), 'a\u202Eb\u2066c'], palette(2));
    expect(svg.match(/>[^<>]+</g)).toEqual([`>${'x'.repeat(39)}…<`, '>abc<']);
  });

  it('grows with the font, the longest name and the rows', () => {
    const width = (svg: string): number => Number(/width="(\d+)"/.exec(svg)?.[1]);
    const height = (svg: string): number => Number(/height="(\d+)"/.exec(svg)?.[1]);
    const colors = palette(2);
    const small = legendSVG(['car'], colors);
    expect(width(legendSVG(['pedestrian crossing'], colors))).toBeGreaterThan(width(small));
    expect(width(legendSVG(['横断歩'], colors))).toBeGreaterThan(width(small));
    expect(height(legendSVG(['car', 'bus'], colors))).toBe(height(small) + 24);
    expect(height(legendSVG(['car'], colors, {}, { fontSize: 32 }))).toBe(2 * height(small));
  });

  it('rejects wrong arguments', () => {
    expect(() => legendSVG([], [])).toThrow(
      new RangeError('Cannot draw legend: labels must not be empty, got 0 labels'),
    );
    expect(() => legendSVG(['a', 'b'], palette(1))).toThrow(
      new RangeError('Cannot draw legend: colors must hold one color per label = 2, got 1'),
    );
    expect(() => legendSVG(['a'], [[0, 0, 256]])).toThrow(
      new RangeError('Cannot draw legend: colors[0] must be three integers from 0 to 255, got [0,0,256]'),
    );
    expect(() => legendSVG(['a'], palette(1), { a: 25 })).toThrow(
      new RangeError('Cannot draw legend: areas["a"] must be a number from 0 to 1, got 25'),
    );
    expect(() => legendSVG(['a', 5] as never, palette(2))).toThrow(
      new TypeError('Cannot draw legend: labels must be a list of strings, got a list of 2'),
    );
    expect(() => legendSVG(['a'], palette(1), Promise.resolve({}) as never)).toThrow(
      new TypeError('Cannot draw legend: areas must be an object, got a Promise (did you forget await?)'),
    );
    expect(() => legendSVG(['a'], 'red' as never)).toThrow(
      new TypeError('Cannot draw legend: colors must be a list of colors, got "red"'),
    );
    expect(() => legendSVG(['a'], palette(1), {}, { fontSize: 0 })).toThrow(
      new RangeError('Cannot draw legend: fontSize must be a number of at least 1, got 0'),
    );
  });
});

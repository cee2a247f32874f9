/**
 * Pictures as the reference reads them: decoded without regard to orientation or color profile, and resampled as
 * Pillow's `resize(…, BILINEAR)` does, with a triangle as wide as the scale, first along rows, then along columns, both
 * rounded to bytes.
 *
 * @see python-pillow/Pillow src/libImaging/Resample.c
 */
import sharp from 'sharp';

/** RGB bytes `[height, width, 3]`. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Decodes an encoded picture. */
export async function decode(bytes: Uint8Array): Promise<Pixels> {
  const pipeline = sharp(bytes, { ignoreIcc: true }).removeAlpha().toColourspace('srgb').raw();
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height };
}

/** Resamples to the given size. */
export function resizeBilinear({ data, width, height }: Pixels, outWidth: number, outHeight: number): Pixels {
  const rows = resampleAxis(data, { lines: height, length: width, next: 3, line: 3 * width }, outWidth);
  const columns = { lines: outWidth, length: height, next: 3 * outWidth, line: 3 };
  return { data: resampleAxis(rows, columns, outHeight), width: outWidth, height: outHeight };
}

/** An axis: how many lines run along it, and where its pixels lie. */
interface Axis {
  readonly lines: number;
  readonly length: number;
  /** From a pixel to the next one of its line. */
  readonly next: number;
  /** From a line to the next one. */
  readonly line: number;
}

/** Weights are whole numbers of this many bits, as Pillow's are. */
const PRECISION = 22;

function resampleAxis(data: Uint8Array, { lines, length, next, line }: Axis, outLength: number): Uint8Array {
  const along = next === 3;
  const [outNext, outLine] = along ? [3, 3 * outLength] : [next, line];
  const out = new Uint8Array(3 * lines * outLength);
  for (let place = 0; place < outLength; place++) {
    const { first, weights } = weightsAt(place, length / outLength, length);
    for (let at = 0; at < lines; at++) {
      for (let channel = 0; channel < 3; channel++) {
        const from = at * line + first * next + channel;
        const sum = weights.reduce((total, weight, index) => total + weight * (data[from + index * next] ?? 0), 0);
        const value = Math.floor((sum + 2 ** (PRECISION - 1)) / 2 ** PRECISION);
        out[at * outLine + place * outNext + channel] = Math.min(255, Math.max(0, value));
      }
    }
  }
  return out;
}

/** Source pixels of an output pixel, and their weights. */
function weightsAt(place: number, scale: number, length: number): { first: number; weights: readonly number[] } {
  const support = Math.max(1, scale);
  const center = (place + 0.5) * scale;
  const first = Math.max(0, Math.trunc(center - support + 0.5));
  const last = Math.min(length, Math.trunc(center + support + 0.5));
  const triangle = Array.from({ length: last - first }, (_, index) =>
    Math.max(0, 1 - Math.abs((index + first - center + 0.5) / support)),
  );
  const total = triangle.reduce((sum, weight) => sum + weight, 0);
  return { first, weights: triangle.map((weight) => Math.trunc(0.5 + (weight / total) * 2 ** PRECISION)) };
}

/** Tensors cut and joined along their axes. */
import { SynsegError, messageOf } from '../errors.ts';
import type { TensorData } from './graph-session.ts';

/** The logits, all of them finite: damaged weights give NaN, and any comparison with NaN is a quiet wrong answer. */
export function checkFinite(logits: TensorData): TensorData {
  const data = logits.data as Float32Array;
  // Zero as long as every number is finite, NaN from the first on that is not; quicker than a test of each.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
  if (sum === 0) return logits;
  const got = 'others (the weights of the checkpoint may be damaged, or too large for this precision)';
  throw new SynsegError('INFERENCE', `Cannot segment: logits must be finite numbers, got ${got}`);
}

/** What `make` allocates. @throws SynsegError `INFERENCE` when there is no memory for it */
export function allocated<Made>(what: string, make: () => Made): Made {
  try {
    return make();
  } catch (cause) {
    throw new SynsegError('INFERENCE', `Cannot segment: memory must hold the ${what}, got ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Copies a part `[…, bottom − top, right − left]`, whole rows or part of one, to its place in `[…, height, width]`. */
export function placeStrip(
  part: TensorData,
  target: Uint8Array | Float32Array,
  [height, width]: readonly [number, number],
  [top, bottom]: readonly [number, number],
  [left, right]: readonly [number, number],
): void {
  const data = part.data as Float32Array;
  const size = (bottom - top) * (right - left);
  for (let plane = 0; plane * size < data.length; plane++) {
    target.set(data.subarray(plane * size, (plane + 1) * size), plane * height * width + top * width + left);
  }
}

/** The numbers of several arrays, one after the other; of a single one itself. */
export function joined<Numbers extends Uint8Array | Float32Array>(parts: readonly Numbers[]): Numbers {
  const [first] = parts as readonly [Numbers];
  if (parts.length === 1) return first;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = first instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all as Numbers;
}

/** Entries `[start, end)` of the first axis, sharing memory. */
export function sliceFirstAxis({ data, shape }: TensorData, start: number, end: number): TensorData {
  const [first = 1, ...rest] = shape;
  const stride = data.length / first;
  return { data: data.subarray(start * stride, end * stride), shape: [end - start, ...rest] };
}

/** Joins tensors along the first axis. */
export function joinFirstAxis(parts: readonly TensorData[]): TensorData {
  const [first] = parts as readonly [TensorData];
  const count = parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
  return { data: joined(parts.map(({ data }) => data as Float32Array)), shape: [count, ...first.shape.slice(1)] };
}

/** Joins `[pictures, some labels, h, w]` along the labels; several parts only ever hold one picture. */
export function joinLabels(parts: readonly TensorData[]): TensorData {
  const [pictures = 1] = (parts[0] as TensorData).shape;
  const rows = Array.from({ length: pictures }, (_, picture) => {
    const row = parts.map((part) => sliceFirstAxis(part, picture, picture + 1));
    const joined = joinFirstAxis(row.map(({ data, shape }) => ({ data, shape: shape.slice(1) })));
    return { data: joined.data, shape: [1, ...joined.shape] };
  });
  return joinFirstAxis(rows);
}

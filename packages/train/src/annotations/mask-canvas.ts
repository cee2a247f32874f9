/** Paints the shapes that tools export into an index mask, in the order of drawing. */
import { messageOf } from '@synseg/core/guards';
import { pixelBudget, type Spend } from '../data/fill-polygon.ts';
import { fillOutline } from '../data/traced-outline.ts';
import { limitsOf, openPicture, type PictureLimits } from '../image/picture.ts';
import type { IndexMask, Region } from '../image/index-mask.ts';
import { isSynsegError } from '@synseg/core';
import { NONE } from './annotated-set.ts';
import { maskError, type ShapeFault } from './mask-fault.ts';

/** Corners of all outlines of a picture: those drawn by hand have thousands. */
const MAX_CORNERS = 1_000_000;
/** Rows that the sides of all outlines of a picture cross: each row is sorted by its crossings. */
const MAX_CROSSINGS = 50_000_000;
/** Corners of an ellipse. */
const ELLIPSE_CORNERS = 360;
/** Pixels that a shape may reach beyond the picture unnoticed: tools put corners on its border and round them. */
const MARGIN = 1;

/** A picture to paint a mask for. */
export interface PaintTarget {
  /** Its path in the export, for messages. */
  readonly key: string;
  /** Path of the picture. */
  readonly image: string;
  /** Path of the file with its annotation. */
  readonly source: string;
  /** Size that the annotation says, in pixels. @default that of the picture */
  readonly stated?: { readonly width: number; readonly height: number } | undefined;
}

/** A mask under work: {@link NONE} where nothing was painted. What is painted later lies on top. */
export class MaskCanvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly #spend: Spend;
  readonly #faults = new Map<string, { readonly fault: ShapeFault; count: number }>();
  #corners = 0;
  #crossings = 0;

  constructor(width: number, height: number, limits: PictureLimits) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height).fill(NONE);
    this.#spend = pixelBudget(limits);
  }

  /** Fills a polygon `[x, y, x, y, …]`, pixels; what lies outside of the picture is cut off and noted. */
  async polygon(points: readonly number[], value: number, what: string): Promise<void> {
    const corners = points.length >> 1;
    if (corners < 3) return this.note(`${what} of fewer than 3 corners, passed over`, 'shape-incomplete');
    this.#corners += corners;
    if (this.#corners > MAX_CORNERS)
      throw new RangeError(`outlines of a picture must have at most ${MAX_CORNERS} corners together, got more`);
    let beyond = 0;
    for (let at = 0; at + 1 < points.length; at += 2) {
      const [x, y] = [points[at]!, points[at + 1]!];
      if (!Number.isFinite(x) || !Number.isFinite(y))
        throw new RangeError(`corners of ${what} must be finite numbers, got ${x}, ${y}`);
      if (this.#isOutside(x, y)) beyond += 1;
      const before = points[at === 0 ? 2 * corners - 1 : at - 1]!;
      const [top, bottom] = [Math.max(0, Math.min(y, before)), Math.min(this.height, Math.max(y, before))];
      this.#crossings += Math.max(0, bottom - top);
    }
    if (this.#crossings > MAX_CROSSINGS)
      throw new RangeError(`outlines of a picture must cross its rows at most ${MAX_CROSSINGS} times, got more`);
    if (beyond > 0) this.note(`${what} that reaches outside of the picture`);
    await fillOutline(this.data, this.width, this.height, points, value, this.#spend);
  }

  /** Fills an ellipse with axes of these lengths from its center, turned clockwise by an angle in degrees. */
  async ellipse(
    [x, y, radiusX, radiusY, degrees = 0]: readonly [number, number, number, number, (number | undefined)?],
    value: number,
    what: string,
  ): Promise<void> {
    const turn = (degrees * Math.PI) / 180;
    const [along, across] = [Math.cos(turn), Math.sin(turn)];
    const points = Array.from({ length: ELLIPSE_CORNERS }, (_, corner) => {
      const angle = (2 * Math.PI * corner) / ELLIPSE_CORNERS;
      const [dx, dy] = [radiusX * Math.cos(angle), radiusY * Math.sin(angle)];
      return [x + dx * along - dy * across, y + dx * across + dy * along];
    }).flat();
    return this.polygon(points, value, what);
  }

  /** Fills runs down the rows of a box: pixels outside and inside of the shape in turn, those outside first. */
  async runs(box: Region, lengths: Iterable<number>, value: number, what: string): Promise<void> {
    this.#checkBox(box, what);
    const total = box.width * box.height;
    let [at, inside] = [0, false];
    for (const length of lengths) {
      if (!Number.isSafeInteger(length) || length < 0)
        throw new RangeError(`runs of ${what} must be integers from 0, got ${length}`);
      const end = at + length;
      if (end > total) throw new RangeError(`runs of ${what} must add up to at most ${total}, got ${end} and more`);
      const turn = this.#spend(inside ? length + 1 : 1);
      if (turn !== undefined) await turn;
      if (inside) this.#fillRun(box, at, end, value);
      [at, inside] = [end, !inside];
    }
  }

  /** Fills the pixels of a box that a mask of its size has set. */
  async bitmap(box: Region, inside: (pixel: number) => boolean, value: number, what: string): Promise<void> {
    this.#checkBox(box, what);
    for (let row = 0; row < box.height; row++) {
      const turn = this.#spend(box.width);
      if (turn !== undefined) await turn;
      const y = box.top + row;
      if (y < 0 || y >= this.height) continue;
      const end = Math.min(box.width, this.width - box.left);
      for (let column = Math.max(0, -box.left); column < end; column++)
        if (inside(row * box.width + column)) this.data[y * this.width + box.left + column] = value;
    }
  }

  /** Notes a fault that does not keep the rest from being read; equal ones are counted. */
  note(message: string, fault: ShapeFault = 'polygon-outside'): void {
    const noted = this.#faults.get(message);
    if (noted === undefined) this.#faults.set(message, { fault, count: 1 });
    else noted.count += 1;
  }

  /** What was noted, each fault once. */
  faults(): { readonly message: string; readonly fault: ShapeFault }[] {
    return [...this.#faults].map(([message, { fault, count }]) => ({
      message: count === 1 ? message : `${message} (${count} times)`,
      fault,
    }));
  }

  #isOutside(x: number, y: number): boolean {
    return x < -MARGIN || y < -MARGIN || x > this.width + MARGIN || y > this.height + MARGIN;
  }

  #checkBox({ left, top, width, height }: Region, what: string): void {
    const sides = [left, top, width, height];
    if (!sides.every(Number.isSafeInteger) || width < 0 || height < 0)
      throw new RangeError(`the box of ${what} must be of integers, got ${sides.join(', ')}`);
    if (left < 0 || top < 0 || left + width > this.width || top + height > this.height)
      this.note(`${what} that reaches outside of the picture`);
  }

  /** A run goes on in the next row of its box. */
  #fillRun({ left, top, width }: Region, start: number, end: number, value: number): void {
    const first = Math.max(Math.floor(start / width), -top);
    for (let row = first; row * width < end && top + row < this.height; row++) {
      const from = left + Math.max(0, start - row * width);
      const to = Math.min(this.width, left + Math.min(width, end - row * width));
      const line = (top + row) * this.width;
      if (Math.max(0, from) < to) this.data.fill(value, line + Math.max(0, from), line + to);
    }
  }
}

/**
 * Paints a picture's mask, which has the upright picture's size.
 *
 * @param told - receives what is wrong with shapes that are painted all the same
 * @throws SynsegError `IMAGE_DECODE` when the picture or a mask cannot be read, `DATASET_FORMAT` when the annotation
 *   says another size, or breaks a rule
 */
export async function paintMask(
  { key, image, source, stated }: PaintTarget,
  limits: PictureLimits,
  told: ((message: string, fault: ShapeFault) => void) | undefined,
  paint: (canvas: MaskCanvas) => Promise<void>,
): Promise<IndexMask> {
  const { width, height } = await openPicture(image, limitsOf(limits));
  if (stated !== undefined && (stated.width !== width || stated.height !== height))
    throw maskError(
      'mask-size',
      key,
      `it must have the picture's size ${width}×${height}`,
      `${stated.width}×${stated.height}`,
    );
  const canvas = new MaskCanvas(width, height, limits);
  try {
    await paint(canvas);
  } catch (cause) {
    if (!(cause instanceof RangeError) || isSynsegError(cause)) throw cause;
    const [rule, got] = splitRule(messageOf(cause));
    const fault = cause instanceof NoClassError ? 'mask-value' : 'mask-unreadable';
    throw maskError(fault, key, `its annotation in "${source}" must be whole: ${rule}`, got, cause);
  }
  for (const { message, fault } of canvas.faults()) told?.(message, fault);
  return { width, height, data: canvas.data };
}

/** A shape whose class is none of the set's; {@link paintMask} names it so. */
export class NoClassError extends RangeError {}

/** Rule and value of a message of ours. */
function splitRule(message: string): readonly [string, string] {
  const plain = message.replace(/^Cannot [^:]*: /, '');
  const at = plain.lastIndexOf(', got ');
  return at < 0 ? [plain, 'another'] : [plain.slice(0, at), plain.slice(at + 6)];
}

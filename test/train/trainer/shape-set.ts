/**
 * Pictures of one colored shape each with a caption: eight shapes in four colors, place and size at random by number.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { uniform } from '../../support/random.ts';

const COLORS: Readonly<Record<string, string>> = {
  red: '#e02020',
  green: '#20b030',
  blue: '#2040e0',
  yellow: '#f0d020',
};
const SHAPES: Readonly<Record<string, string>> = {
  circle: '<circle r="1"/>',
  square: '<rect x="-1" y="-1" width="2" height="2"/>',
  triangle: '<path d="M0-1L1 1H-1Z"/>',
  bar: '<rect x="-1" y="-.25" width="2" height=".5"/>',
  pole: '<rect x="-.25" y="-1" width=".5" height="2"/>',
  ring: '<path fill-rule="evenodd" d="M-1-1H1V1H-1ZM-.5-.5H.5V.5H-.5Z"/>',
  cross: '<path d="M-1-.3H-.3V-1H.3V-.3H1V.3H.3V1H-.3V.3H-1Z"/>',
  dots: '<circle cx="-.6" r=".4"/><circle cx=".6" r=".4"/>',
};
const SIDE = 32;

/** Captions of the set, each once. */
export const CAPTIONS = Object.keys(SHAPES).flatMap((shape) =>
  Object.keys(COLORS).map((color) => `a ${color} ${shape}`),
);

/** Writes `rounds` pictures of every caption and the table of them, JSONL; returns the table's path. */
export async function writeShapeSet(folder: string, rounds: number, seed: number): Promise<string> {
  mkdirSync(join(folder, 'images'), { recursive: true });
  const next = uniform(seed);
  const rows: string[] = [];
  for (const caption of Array.from({ length: rounds }, () => CAPTIONS).flat()) {
    const [, color, shape] = caption.split(' ') as [string, string, string];
    const between = (low: number, high: number): string => (SIDE * (low + (high - low) * next())).toFixed(2);
    const place = `translate(${between(0.4, 0.6)} ${between(0.4, 0.6)}) scale(${between(0.25, 0.35)})`;
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}"><rect width="100%" ` +
      `height="100%" fill="#888"/><g fill="${COLORS[color] ?? ''}" ` +
      `transform="${place}">${SHAPES[shape] ?? ''}</g></svg>`;
    const image = `images/${String(rows.length)}.png`;
    await sharp(Buffer.from(svg)).png().toFile(join(folder, image));
    // Tags say less than captions: contrastive training must not read them.
    rows.push(JSON.stringify({ image, caption, tags: [color] }));
  }
  const table = join(folder, 'captions.jsonl');
  writeFileSync(table, rows.join('\n'));
  return table;
}

/** Photographs beside what a checkpoint makes of them, on one PNG. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Segmenter } from '@synseg/core';
import { legendSVG } from '@synseg/core/masks';
import sharp, { type OverlayOptions } from 'sharp';

/** Labels to ask for in each of the free pictures, by file: what is to be seen in them. */
const SHEET_LABELS: Readonly<Record<string, string>> = {
  'astronaut.jpg': 'person, flag',
  'bedroom_people.jpg': 'girl, bed, pillow, wall, curtain, floor, shelf, cupboard',
  'bottles.jpg': 'bottle, wall, table',
  'cars_from_above.jpg': 'car, road',
  'cat.jpg': 'cat',
  'coffee_cup.jpg': 'coffee cup, spoon, table',
  'dog_kitchen.jpg': 'dog, person, bowl, floor',
  'elephant_sunset.jpg': 'elephant, birds, sky, trees',
  'film_people.jpg': 'woman, clock, hat, desk, wall, cabinet',
  'flower.jpg': 'flower, vegetation',
  'highway.jpg': 'cars, road, sky, trees, mountain, grass',
  'painted_hand.jpg': 'hand',
  'person_indoor.jpg': 'woman, wooden floor, wall, tv',
  'rocket_night.jpg': 'rocket, sky, tower',
  'surfer.jpg': 'surfer, surfboard, sea',
  'truck_street.jpg': 'pickup truck, pavement, road, building',
};

/** Photograph and overlay lie side by side, in so many pairs across. */
const PAIRS = 2;
const [WIDTH, HEIGHT] = [340, 260];
const GAP = 8;
const LEGEND = 190;

/**
 * Segments the pictures and writes the sheet.
 *
 * @param folder - of the pictures; those that are not there are left out
 * @returns lines about them: areas, and labels that are unknown
 */
export async function writeContactSheet(segmenter: Segmenter, folder: string, path: string): Promise<string[]> {
  const files = Object.entries(SHEET_LABELS).filter(([file]) => existsSync(join(folder, file)));
  const [across, down] = [2 * WIDTH + LEGEND + 3 * GAP, HEIGHT + GAP];
  const tiles: OverlayOptions[] = [];
  const lines: string[] = [];
  for (const [index, [file, names]] of files.entries()) {
    const image = join(folder, file);
    const labels = await segmenter.labels(names.split(', '));
    const result = await segmenter.segment(image, labels);
    const shown = labels.names.map((name, row) => ({ name, color: labels.colors[row]! }));
    const legend = legendSVG(
      shown.map(({ name }) => name),
      shown.map(({ color }) => color),
      result.areas,
      { fontSize: 13, background: result.background },
    );
    const [left, top] = [(index % PAIRS) * across + GAP, Math.floor(index / PAIRS) * down + GAP];
    const fit = (input: string | Uint8Array): Promise<Buffer> =>
      sharp(input).resize(WIDTH, HEIGHT, { fit: 'inside' }).png().toBuffer();
    tiles.push(
      { input: await fit(image), left, top },
      { input: await fit(await result.overlay(image, { legend: false })), left: left + WIDTH + GAP, top },
      { input: Buffer.from(legend), left: left + 2 * (WIDTH + GAP), top },
    );
    const areas = Object.entries(result.areas).map(([name, share]) => `${name} ${(100 * share).toFixed(0)} %`);
    const unknown = labels.unknown.map(({ asked }) => `; unknown: ${asked}`).join('');
    lines.push(`${file}: ${areas.join(', ')}, background ${(100 * result.background).toFixed(0)} %${unknown}`);
  }
  if (files.length === 0) return lines;
  mkdirSync(dirname(path), { recursive: true });
  const [width, height] = [PAIRS * across + GAP, Math.ceil(files.length / PAIRS) * down + GAP];
  await sharp({ create: { width, height, channels: 3, background: '#202020' } })
    .composite(tiles)
    .png({ compressionLevel: 9 })
    .toFile(path);
  return lines;
}

/** The exclusion list: its format, its marks, and what the list of this package spares. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_EXCLUSIONS,
  DEFAULT_EXCLUSIONS_TEXT,
  ExclusionFilter,
  parseExclusions,
  readExclusions,
} from '../../../packages/train/src/phrases/exclusions.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

describe('ExclusionFilter', () => {
  it('finds an entry without a mark anywhere, "=" as the whole phrase, "*" as its last words', () => {
    const filter = new ExclusionFilter(['background', '= top', '* view', '* side view']);
    expect(filter.find('white backgrounds')).toBe('background');
    expect(filter.find('top')).toBe('= top');
    expect(filter.find('view')).toBe('* view');
    expect(filter.find('sea view')).toBe('* view');
    expect(filter.find('left side view')).toBe('* side view');
    for (const phrase of ['laptop', 'tank top', 'viewfinder', 'overview', 'view finder', 'ground'])
      expect(filter.find(phrase)).toBeUndefined();
  });

  it('rejects entries that name nothing', () => {
    for (const entry of ['', ' ', '=', '* ']) {
      expect(() => new ExclusionFilter([entry])).toThrow(
        new TypeError(`Cannot exclude phrases: exclude must hold non-empty strings, got ${JSON.stringify(entry)}`),
      );
    }
    expect(() => new ExclusionFilter([7 as unknown as string])).toThrow(
      new TypeError('Cannot exclude phrases: exclude must hold non-empty strings, got 7'),
    );
  });
});

describe('parseExclusions()', () => {
  it('reads an entry a line or several between commas, which share the mark, and leaves comments out', () => {
    expect(parseExclusions('# list\nBackground\r\n\n=Top,  front # comment\n*  side   view\nbackground')).toEqual([
      'background',
      '= top',
      '= front',
      '* side view',
    ]);
  });

  it('reads the text of the default list as the default list', () => {
    expect(parseExclusions(DEFAULT_EXCLUSIONS_TEXT)).toEqual(DEFAULT_EXCLUSIONS);
    expect(DEFAULT_EXCLUSIONS.length).toBeGreaterThan(200);
  });
});

describe('readExclusions()', () => {
  it('reads a file, with a byte order mark too', async () => {
    const file = join(folder, 'list.txt');
    writeFileSync(file, '\uFEFFsky\n= top\n');
    expect(await readExclusions(file)).toEqual(['sky', '= top']);
  });

  it('names a file that cannot be read', async () => {
    const file = join(folder, 'none.txt');
    await expect(readExclusions(file)).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message:
        `Cannot extract phrases: exclude must be a readable text file, got "${file}" (ENOENT: no such file ` +
        `or directory, stat '${file}')`,
    });
    await expect(readExclusions(undefined as never)).rejects.toThrow(
      new TypeError('Cannot read exclusions: file must be a path, got undefined'),
    );
    expect(() => parseExclusions(['a'] as never)).toThrow(
      new TypeError('Cannot read exclusions: text must be a text, got a list of 1'),
    );
  });
});

describe('DEFAULT_EXCLUSIONS', () => {
  const filter = new ExclusionFilter(DEFAULT_EXCLUSIONS);

  it.each([
    'white background',
    'reflection',
    'southwest',
    'top',
    'front',
    'sea view',
    'stock photo',
    'sunny day',
    'black and white',
    'vector icons',
  ])('drops "%s"', (phrase) => {
    expect(filter.find(phrase)).toBeDefined();
  });

  it.each([
    'laptop',
    'desktop',
    'tank top',
    'table top',
    'sideboard',
    'sidewalk',
    'back door',
    'backpack',
    'front door',
    'headset',
    'bedside table',
    'viaduct',
    'birthday cake',
    'evening dress',
    'nightstand',
    'clothing',
    'bathing suit',
    'triangle',
    'rectangle',
    'seasoning',
    'hourglass',
    'orange',
    'red car',
    'picture frame',
    'video game controller',
    'wildlife',
    'tea set',
    'dairy products',
    'tour guide',
    'parking spot',
    'fire place',
    'information desk',
    'anniversary cake',
    'couple',
    'lamp post',
    'livestock',
    'timepiece',
    'colored pencils',
    'winter coat',
    'may flowers',
    'end table',
    'corner shop',
    'stock pot',
    'hair style salon',
    'cottage',
    'bottom drawer',
  ])('spares "%s"', (phrase) => {
    expect(filter.find(phrase)).toBeUndefined();
  });
});

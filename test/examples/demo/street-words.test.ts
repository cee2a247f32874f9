import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { streetWords } from '../../../examples/demo/street-words.ts';
import { writeWords } from '../../support/small-words.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { writeTinyConvolution } from '../../support/tiny-convolution.ts';

const root = temporaryFolder();

describe('streetWords()', () => {
  it('gives a checkpoint that reads text every class', async () => {
    await using segmenter = await Segmenter.load(writeTinyClipseg(join(root, 'text')));
    const { labels, labelOf } = await streetWords(segmenter, ['sky', 'road', 'dog']);
    expect([labels.names, labelOf, labels.background]).toEqual([['sky', 'road', 'dog'], [0, 1, 2], 'none']);
  });

  it('gives one with a table the nouns that it knows, and one label for what it knows by one word', async () => {
    const folder = writeTinyConvolution(join(root, 'words'));
    writeWords(folder, {
      format: 1,
      classes: { sky: {}, road: { synonym: ['street', 'sidewalk'] }, car: { kind: ['van'] } },
    });
    await using segmenter = await Segmenter.load(folder);
    const { labels, labelOf } = await streetWords(segmenter, ['pavement', 'dog', 'sky', 'car', 'van', 'road']);
    expect([labels.names, labelOf]).toEqual([
      ['road', 'sky', 'car'],
      [0, -1, 1, 2, 2, 0],
    ]);
    expect([labels.unknown, labels.background]).toEqual([[], 'none']);
  });
});

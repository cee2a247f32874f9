import { expect, it } from 'vitest';
import { shownText } from '../../../packages/train/src/live/shown-text.ts';

it.each([
  ['60 pictures, 1/log of shares, 8 px/s', '60 pictures, 1/log of shares, 8 px/s'],
  ['out/animals', 'out/animals'],
  ['/home/ann/data/voc', '…/voc'],
  ['reads "/home/ann/data/voc.zip", writes (/mnt/x)', 'reads "…/voc.zip", writes (…/x)'],
  ['C:\\Users\\ann\\voc', '…/voc'],
  ['file:///home/ann/a.png', '…/a.png'],
  ['https://ann:secret@host.example/set.zip', 'https://host.example/set.zip'],
  ['a\u0000b\nc', 'a b c'],
])('shownText(%j) is %j', (given, shown) => {
  expect(shownText(given)).toBe(shown);
});

it('shownText() cuts what is long', () => {
  expect([...shownText('é'.repeat(1000))]).toHaveLength(300);
});

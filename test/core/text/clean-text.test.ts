/** Texts cleaned as CLIP's `simple_tokenizer.py` does: values of Python's `html.unescape`, applied twice. */
import { describe, expect, it } from 'vitest';
import { cleanText, unescapeEntities } from '../../../packages/core/src/text/clean-text.ts';

describe('unescapeEntities()', () => {
  it.each([
    ['42% &amp; more', '42% & more'],
    ['salt &amp;amp; pepper', 'salt & pepper'],
    ['&#38;quot;', '"'],
    ['&lt;person&gt;', '<person>'],
    ['caf&eacute; &#x27;s&#39;', "café 's'"],
    ['&copy2020 &hellip; &#128;', '©2020 … €'],
    ['&bogus; & &;', '&bogus; & &;'],
    ['&#0; &#xD800;', '\ufffd \ufffd'],
  ])('resolves %s', (text, expected) => {
    expect(unescapeEntities(text)).toBe(expected);
  });
});

describe('cleanText()', () => {
  it('folds white space, trims, and gives lower case', () => {
    expect(cleanText('  A\tRed\n\n Car&nbsp; ')).toBe('a red car');
    expect(cleanText('42% &amp; MORE')).toBe('42% & more');
    expect(cleanText('')).toBe('');
  });
});

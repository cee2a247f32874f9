/** A summary as text. */
import { expect, it } from 'vitest';
import { formatSummary, type PhraseSummary } from '../../../packages/train/src/phrases/phrase-summary.ts';

const summary: PhraseSummary = {
  captions: 'cc12m.tsv',
  out: 'phrases.jsonl',
  format: 'tsv',
  lines: 12_000,
  kept: 9_000,
  withoutPhrases: 2_900,
  broken: 100,
  phrases: 30_000,
  distinct: 7_000,
  exact: true,
  frequent: [
    { phrase: 'red car', count: 1_200 },
    { phrase: 'dog', count: 90 },
    { phrase: 'cat', count: 80 },
  ],
  countError: 0,
  excluded: {
    phrases: 1_500,
    byEntry: [
      { entry: 'background', count: 1_000 },
      { entry: '* view', count: 500 },
    ],
  },
  seconds: 1.25,
};

it('formatSummary() lists counts, shares, frequent phrases and entries of the exclusion list', () => {
  expect(formatSummary(summary, 2)).toBe(
    [
      '12,000 captions of cc12m.tsv in 1.3 s: 11,900 written to phrases.jsonl',
      '9,000 (75.0 %) with phrases, 2,900 (24.2 %) without, 100 (0.8 %) broken and left out',
      '30,000 phrases, 7,000 different, 1,500 excluded',
      'most frequent:',
      '  1,200  red car',
      '     90  dog',
      'excluded by:',
      '  1,000  background',
      '    500  * view',
    ].join('\n'),
  );
});

it('formatSummary() says where counts are estimates, and leaves lists out on request', () => {
  const text = formatSummary({ ...summary, exact: false, countError: 12 });
  expect(text).toContain('about 7,000 different');
  expect(text).toContain('most frequent (each up to 12 more):');
  expect(formatSummary(summary, 0).split('\n')).toHaveLength(3);
});

it('formatSummary() refuses what is no summary', () => {
  for (const wrong of [undefined, {}, { ...summary, seconds: '1' }, { ...summary, frequent: [3, null] }]) {
    expect(() => formatSummary(wrong as never)).toThrow(
      new TypeError(
        'Cannot format summary: summary must be what extractPhrases() resolves to, got ' +
          `${wrong === undefined ? 'undefined' : 'an object'}`,
      ),
    );
  }
  expect(() => formatSummary(summary, '5' as never)).toThrow(
    new TypeError('Cannot format summary: shown must be a number, got "5"'),
  );
});

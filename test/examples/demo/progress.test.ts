import { describe, expect, it } from 'vitest';
import { progress } from '../../../examples/demo/progress.ts';

/** What is written for three frames. */
function written(isTTY: boolean): string {
  let text = '';
  const show = progress('frames drawn', { isTTY, write: (part) => (text += part) });
  for (const done of [1, 2, 3]) show(done, 3);
  return text;
}

describe('progress()', () => {
  it('is a bar on a terminal, which is gone at the end', () => {
    expect(written(true)).toBe(
      `\r${'█'.repeat(8)}${'░'.repeat(16)} 1 of 3 frames drawn\r${'█'.repeat(16)}${'░'.repeat(8)} 2 of 3 frames ` +
        'drawn\r\u001b[K',
    );
  });

  it('is a line at once elsewhere, and then not for a while', () => {
    expect(written(false)).toBe('1 of 3 frames drawn\n');
  });
});

import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openProgress } from '../../packages/synseg/src/progress.ts';
import { duration, figure } from '../../packages/synseg/src/text.ts';

function terminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
  let text = '';
  stream.on('data', (part: Buffer) => (text += part.toString()));
  return { stream, text: () => text };
}

describe('openProgress()', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('writes a line now and then where there is no terminal, ever less often', () => {
    const lines: number[] = [];
    const view = openProgress({ write: (text) => lines.push(Number(text)) }, false);
    for (let second = 1; second <= 3600; second++) {
      vi.advanceTimersByTime(1000);
      view.show(second / 3600, String(second));
    }
    view.close();
    expect(lines.slice(0, 3)).toEqual([5, 10, 15]);
    expect(lines.at(-1)! - lines.at(-2)!).toBe(60);
    expect(lines.length).toBeLessThan(120);
  });

  it('shows a bar on a terminal, keeps printed lines above it, and leaves no bar behind', () => {
    const { stream, text } = terminal();
    const view = openProgress(stream, false);
    view.print('before');
    view.show(0.5, 'step 5/10');
    vi.advanceTimersByTime(500);
    expect(text()).toMatch(/^before\n[\s\S]*==========-+ step 5\/10/);
    view.print('step 5: mIoU 20 %');
    expect(text()).toMatch(/step 5: mIoU 20 %\n[\s\S]*step 5\/10/);
    view.close();
    const before = text().length;
    vi.advanceTimersByTime(1000);
    view.print('after');
    expect(text().slice(before)).toBe('after\n');
  });

  it('shows nothing but what is printed when quiet', () => {
    const { stream, text } = terminal();
    const view = openProgress(stream, true);
    view.show(0.5, 'step');
    vi.advanceTimersByTime(90_000);
    view.show(0.6, 'step');
    view.print('warning');
    view.close();
    expect(text()).toBe('warning\n');
  });
});

describe('numbers for people', () => {
  it.each([
    [0.4, '0 s'],
    [89, '89 s'],
    [90, '2 min'],
    [3600, '60 min'],
    [11_100, '3 h 5 min'],
  ])('duration(%d) is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [0.00123456, '0.001235'],
    [12.3456, '12.35'],
    [3, '3'],
    [NaN, 'NaN'],
  ])('figure(%d) is %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });
});

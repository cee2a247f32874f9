/** The page: its lines and words as they are computed, and as a real browser shows them. */
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { pathOf, rangeOf, ticksOf } from '../../../packages/train/page/chart.ts';
import { decimal, lineOf } from '../../../packages/train/page/words.ts';
import { openTrainingPage } from '../../../packages/train/src/live/training-page.ts';
import { chromiumPath, closeBrowser, openPage } from '../../video/preview/browser.ts';
import { heldOut, stepOf } from './reports.ts';

afterAll(closeBrowser);

describe('the lines of a chart', () => {
  it('run through the points, the first value at the left and large ones at the top', () => {
    const frame = { left: 10, right: 110, top: 5, bottom: 55 };
    const scale = { x: [0, 10], y: [0, 1] } as const;
    expect(pathOf([[0, 0], [5, 1], [10, 0.5]], scale, frame)).toBe('M10.0 55.0L60.0 5.0L110.0 30.0'); // prettier-ignore
    expect(pathOf([], scale, frame)).toBe('');
    expect(pathOf([[0, 1]], { x: [0, 0], y: [1, 1] }, frame)).toBe('M10.0 55.0');
  });

  it('have room around them, and round numbers beside them', () => {
    expect(rangeOf([])).toEqual([0, 1]);
    expect(rangeOf([2, 2])).toEqual([1.8, 2.2]);
    expect(rangeOf([0, 100])).toEqual([-6, 106]);
    expect(ticksOf([-6, 106])).toEqual([0, 50, 100]);
    expect(ticksOf([0.241, 0.42])).toEqual([0.25, 0.3, 0.35, 0.4]);
    expect(ticksOf([-1e-3, 1e-3])).toEqual([-1e-3, -5e-4, 0, 5e-4, 1e-3]);
  });

  it('stand beside the numbers in words', () => {
    const state = { step: 120, steps: 12_000, secondsLeft: 11_100, imagesPerSecond: 8.2512 };
    expect(lineOf(state)).toBe('step 120 of 12,000 · 3 h 5 min left · 8.251 pictures/s');
    expect(lineOf({ ...state, secondsLeft: 42, imagesPerSecond: null })).toBe('step 120 of 12,000 · 42 s left');
    expect(lineOf({ ...state, steps: 0 })).toBe('');
    expect([decimal(0.000123456), decimal(12.3456)]).toEqual(['0.0001235', '12.35']);
  });
});

describe.skipIf(chromiumPath === undefined)('the page in Chromium', () => {
  it('shows curves, pictures and the plan, takes names for data, and says when the training has ended', async () => {
    const training = await openTrainingPage({ title: 'animals <b>' });
    onTestFinished(() => training.close());
    const evil = '<img src=x onerror="document.title=1">';
    training.showPlan([{ name: evil, value: '60' }]);
    training.showProgress({ stage: 'start', score: { mIoU: 0.25, best: true } });
    training.showStep(stepOf(1));
    training.showStep(stepOf(2, { score: { mIoU: 0.5, best: true }, losses: { [evil]: 0.5, tags: 1 } }));
    training.showPictures(2, [await heldOut(`${evil}.jpg`, '#00f'), await heldOut('emu.jpg', '#0f0')]);
    const page = await openPage(training.url);
    const text = (selector: string): Promise<string | null> => page.locator(selector).textContent();
    await page.locator('#progress:has-text("step 2 of 1,000")').waitFor();
    expect([await text('#title'), await page.title()]).toEqual(['animals <b>', '0 % · animals <b>']);
    expect([await text('#loss-now'), await text('#score-now')]).toEqual(['1.5', '50.0 %']);
    expect(await text('#score-note')).toBe('start 25.0 %; best 50.0 %, of step 2');
    expect(await page.locator('#losses li').allTextContents()).toEqual([`${evil} 0.5`, 'tags 1']);
    expect(await page.locator('#plan dt').allTextContents()).toEqual([evil]);
    expect(await page.locator('#pictures h3').allTextContents()).toEqual([`${evil}.jpg`, 'emu.jpg']);
    expect(await page.locator('#score .start').getAttribute('y1')).not.toBe(null);
    expect(await page.locator('#loss .curve').getAttribute('d')).toMatch(/^M[\d. ]+L[\d. ]+$/);
    const widths = page
      .locator('#pictures img')
      .evaluateAll((all) => all.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth));
    await page
      .locator('#pictures li:nth-child(2) .prediction')
      .evaluate((image) => (image as unknown as { decode(): Promise<void> }).decode());
    expect(new Set(await widths)).toEqual(new Set([48]));

    training.showEnd('the model is in out/animals/model');
    await page.locator('#connection:has-text("ended")').waitFor();
    expect(await text('#note')).toBe('the model is in out/animals/model');
    expect(await page.title()).toBe('animals <b>');
  });
});

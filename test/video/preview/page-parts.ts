/** Parts of the page as a browser shows them, and what a test does with them. */
import type { Locator, Page } from 'playwright-core';
import type { PreviewLabel, PreviewLabels } from '../../../packages/video/src/preview/preview-options.ts';
import { jpegOf } from './viewing.ts';

export const red = await jpegOf('#d02020');
export const blue = await jpegOf('#2020d0');
export const vocabulary = ['road', 'car', 'sky', 'tree', 'truck', 'street sign'];

/** Labels as a checkpoint with a vocabulary would take them, and what was asked for. */
export function dictionary(): {
  asked: (readonly PreviewLabel[])[];
  onLabels: (labels: readonly PreviewLabel[]) => Promise<PreviewLabels>;
} {
  const asked: (readonly PreviewLabel[])[] = [];
  return {
    asked,
    onLabels: async (labels) => {
      asked.push(labels);
      const unknown = labels.find(({ name }) => !vocabulary.includes(name));
      if (unknown !== undefined) throw new Error(`"${unknown.name}" is not in the vocabulary`);
      return {
        names: labels.map(({ name }) => name),
        colors: labels.map(({ name }) => (name === 'truck' ? [200, 0, 200] : [10, 20, 30])),
        thresholds: labels.map(({ threshold }) => threshold ?? null),
      };
    },
  };
}

/** The color in the middle of a canvas. */
export function middleOf(canvas: Locator): Promise<number[]> {
  return canvas.evaluate((element) => {
    const { width, height } = element as unknown as { width: number; height: number };
    const context = (
      element as unknown as { getContext(kind: string): { getImageData(...box: number[]): { data: number[] } } }
    ).getContext('2d');
    return [...context.getImageData(width >> 1, height >> 1, 1, 1).data].slice(0, 3);
  });
}

export const isRed = ([r = 0, g = 0, b = 0]: readonly number[]): boolean => r > 180 && g < 70 && b < 70;
export const isBlue = ([r = 0, g = 0, b = 0]: readonly number[]): boolean => b > 180 && g < 70 && r < 70;
export const card = (page: Page, source = 0): Locator => page.locator('.source').nth(source);
export const row = (page: Page, name: string): Locator => page.locator(`.label[data-name="${name}"]`);
export const names = (page: Page): Promise<string[]> =>
  page
    .locator('.label-name')
    .evaluateAll((inputs) => inputs.map((input) => (input as unknown as { value: string }).value));
/** Names beside shares; the last row of each source is the background's. */
export const shareNames = async (page: Page): Promise<string[]> =>
  (await page.locator('.share-name').allTextContents()).filter((name) => name !== '(background)');

export async function rename(page: Page, from: string, to: string): Promise<void> {
  await row(page, from).locator('.label-name').fill(to);
  await page.keyboard.press('Enter');
}

/** What a browser does when another tab comes to the front. */
export async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(
    `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true }); ` +
      `document.dispatchEvent(new Event('visibilitychange'))`,
  );
}

/** Editing labels and thresholds in a real browser. */
import { afterAll, describe, expect, it } from 'vitest';
import { chromiumPath, closeBrowser, openPage } from './browser.ts';
import { blue, dictionary, names, rename, row, shareNames, vocabulary } from './page-parts.ts';
import { pictureOf, startPreview, streetLabels, until } from './viewing.ts';

afterAll(closeBrowser);

describe.skipIf(chromiumPath === undefined)('the label editor in Chromium', () => {
  it('renames a label: the program is asked, and every page shows the new name and color', async () => {
    const { asked, onLabels } = dictionary();
    const preview = await startPreview({ onLabels, vocabulary });
    const pages = [await openPage(preview.url), await openPage(preview.url)] as const;
    await Promise.all(pages.map((page) => row(page, 'car').waitFor()));
    expect(preview.viewers).toBe(2);
    await rename(pages[0], 'car', 'truck');
    for (const page of pages) {
      await until(
        async () =>
          (await names(page)).join() === 'road,truck,sky' && (await shareNames(page)).join() === 'road,truck,sky',
      );
      expect(
        await row(page, 'truck')
          .locator('.swatch')
          .evaluate((element) => (element as unknown as { style: { backgroundColor: string } }).style.backgroundColor),
      ).toBe('rgb(200, 0, 200)');
      expect(await row(page, 'truck').locator('.threshold-value').textContent()).toBe('0.40');
    }
    expect(asked).toEqual([[{ name: 'road' }, { name: 'truck', threshold: 0.4 }, { name: 'sky' }]]);
    preview.publish(pictureOf(1, { jpeg: blue, areas: { road: 0.1, truck: 0.25, sky: 0 } }));
    for (const page of pages)
      await until(async () => (await page.locator('.shares b').nth(1).textContent()) === '25.0 %');
  });

  it(
    'says which rule makes background, what holds without a threshold, and what share no label has, whatever ' +
      'labels are called',
    async () => {
      const preview = await startPreview();
      const page = await openPage(preview.url);
      const named = ['__proto__', 'constructor', '3', '1'];
      const colors = named.map((): readonly [number, number, number] => [1, 2, 3]);
      preview.publishLabels({
        names: named,
        colors,
        thresholds: [0.6, null, null, null],
        defaultThresholds: [0.25, 0.25, 0.25, 0.25],
        backgroundRule: 'where no label reaches 0.25 (__proto__: 0.6)',
      });
      await until(async () => (await shareNames(page)).join() === named.join());
      expect(await page.locator('#rule').textContent()).toBe('where no label reaches 0.25 (__proto__: 0.6)');
      expect(await page.locator('.threshold-value').allTextContents()).toEqual(['0.60', '0.25', '0.25', '0.25']);
      preview.publish(
        pictureOf(1, { jpeg: blue, areas: JSON.parse('{"__proto__":0.5,"3":0.2,"1":0.1}') as Record<string, number> }),
      );
      await until(
        async () => (await page.locator('.shares b').allTextContents()).join() === '50.0 %,–,20.0 %,10.0 %,20.0 %',
      );
    },
  );

  it('shows why a word is refused, beside it, and changes nothing', async () => {
    const preview = await startPreview({ onLabels: dictionary().onLabels });
    const page = await openPage(preview.url);
    const other = await openPage(preview.url);
    await row(page, 'car').waitFor();
    await rename(page, 'car', 'cra');
    const error = row(page, 'car').locator('.error');
    await error.waitFor();
    expect(await error.textContent()).toBe('"cra" is not in the vocabulary');
    const input = row(page, 'car').locator('.label-name');
    expect([await input.inputValue(), await input.getAttribute('aria-invalid')]).toEqual(['cra', 'true']);
    expect([await names(other), await shareNames(page)]).toEqual([streetLabels.names, streetLabels.names]);
    await input.press('Escape');
    expect([await input.inputValue(), await error.isVisible()]).toEqual(['car', false]);
    await page.locator('#add input').fill('persn');
    await page.keyboard.press('Enter');
    await page.locator('#add-error').waitFor();
    expect(await page.locator('#add-error').textContent()).toBe('"persn" is not in the vocabulary');
    await page.locator('#add input').fill('road');
    await page.keyboard.press('Enter');
    await until(
      async () =>
        (await page.locator('#add-error').textContent()) ===
        'Cannot change labels: names must be unique, got "road" twice',
    );
  });

  it('adds and removes labels, with the keyboard alone, and completes known words', async () => {
    const { asked, onLabels } = dictionary();
    const preview = await startPreview({ onLabels, vocabulary });
    const page = await openPage(preview.url);
    await row(page, 'car').waitFor();
    await page.locator('#add input').focus();
    await page.keyboard.type('str');
    await until(
      async () =>
        (
          await page
            .locator('#words option')
            .evaluateAll((options) => options.map((option) => (option as unknown as { value: string }).value))
        ).join() === 'street sign',
    );
    await page.keyboard.type('eet sign');
    await page.keyboard.press('Enter');
    await until(async () => (await names(page)).join() === 'road,car,sky,street sign');
    await until(async () => (await page.locator('#add input').inputValue()) === '');
    await page.getByRole('button', { name: 'Remove car' }).focus();
    await page.keyboard.press('Enter');
    await until(async () => (await names(page)).join() === 'road,sky,street sign');
    await until(async () => (await page.evaluate('document.activeElement.value')) === 'sky');
    for (const name of ['sky', 'street sign']) await page.getByRole('button', { name: `Remove ${name}` }).click();
    await until(async () => (await names(page)).join() === 'road');
    expect(await page.getByRole('button', { name: 'Remove road' }).isDisabled()).toBe(true);
    expect(asked.at(-1)).toEqual([{ name: 'road' }]);
  });

  it('sets thresholds with the slider and takes them away again', async () => {
    const { asked, onLabels } = dictionary();
    const preview = await startPreview({ onLabels });
    const page = await openPage(preview.url);
    const slider = page.getByRole('slider', { name: 'Threshold of road' });
    await slider.waitFor();
    expect(await row(page, 'road').locator('.threshold-value').textContent()).toBe('none');
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await until(() => asked.at(-1)?.[0]?.threshold === 0.51);
    await slider.fill('0.7');
    await until(() => asked.at(-1)?.[0]?.threshold === 0.7);
    expect(asked.at(-1)).toEqual([{ name: 'road', threshold: 0.7 }, { name: 'car', threshold: 0.4 }, { name: 'sky' }]);
    await until(async () => (await row(page, 'road').locator('.threshold-value').textContent()) === '0.70');
    await page.getByRole('button', { name: 'No threshold for road' }).click();
    await until(() => asked.at(-1)?.[0]?.threshold === undefined);
    await until(async () => (await row(page, 'road').locator('.threshold-value').textContent()) === 'none');
  });

  it('makes the edits of two people one after the other, and undoes neither', async () => {
    const { asked, onLabels } = dictionary();
    const preview = await startPreview({
      onLabels: (labels) => new Promise((resolve) => setTimeout(() => resolve(onLabels(labels)), 100)),
    });
    const [one, two] = [await openPage(preview.url), await openPage(preview.url)];
    await row(one, 'car').waitFor();
    await row(two, 'car').waitFor();
    await row(two, 'sky').locator('.label-name').fill('tre');
    await rename(one, 'car', 'truck');
    await row(one, 'road').locator('.threshold').fill('0.2');
    await two.keyboard.type('e');
    await two.keyboard.press('Enter');
    for (const page of [one, two]) {
      await until(async () => (await names(page)).join() === 'road,truck,tree');
      await until(async () => (await row(page, 'road').locator('.threshold-value').textContent()) === '0.20');
    }
    expect(asked.at(-1)).toEqual([
      { name: 'road', threshold: 0.2 },
      { name: 'truck', threshold: 0.4 },
      { name: 'tree' },
    ]);
  });
});

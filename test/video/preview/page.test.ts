/** The page in a real browser: pictures, numbers, chart, connection. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { chromiumPath, closeBrowser, openPage } from './browser.ts';
import { blue, card, dictionary, isBlue, isRed, middleOf, names, red, rename, row, setHidden } from './page-parts.ts';
import { jpegOf, pictureOf, startPreview, until } from './viewing.ts';

interface Fit {
  getComputedStyle(element: unknown): { readonly objectFit: string };
}

afterAll(closeBrowser);

describe.skipIf(chromiumPath === undefined)('the preview page in Chromium', () => {
  it('shows each source with its picture, numbers, state and shares', async () => {
    const preview = await startPreview({ sources: ['front.mp4', 'camera:0'], title: 'Robot <7>' });
    const page = await openPage(preview.url);
    preview.publishState(0, 'running');
    preview.publishState(1, 'reconnecting', 'Connection refused');
    preview.publish(
      pictureOf(1234, { jpeg: red, timeSeconds: 61.25, latencySeconds: 0.0414, dropped: 7, framesPerSecond: 24.83 }),
    );
    preview.publish(pictureOf(3, { source: 1, jpeg: blue, latencySeconds: 12.34 }));
    await until(
      async () =>
        isRed(await middleOf(card(page).locator('.view'))) && isBlue(await middleOf(card(page, 1).locator('.view'))),
    );
    expect(await page.title()).toBe('Robot <7>');
    expect(await page.locator('#connection').textContent()).toBe('live');
    expect(await page.locator('.name').allTextContents()).toEqual(['front.mp4', 'camera:0']);
    expect(await card(page).locator('.numbers dd').allTextContents()).toEqual(['24.8', '41 ms', '7', '1234', '1:01.2']);
    expect(await card(page, 1).locator('.latency').textContent()).toBe('12.3 s');
    expect(await page.locator('.source .state').allTextContents()).toEqual(['running', 'reconnecting']);
    expect(await card(page, 1).locator('.reason').textContent()).toBe('Connection refused');
    expect(await card(page).locator('.reason').isVisible()).toBe(false);
    await until(
      async () => (await card(page).locator('.shares b').allTextContents()).join() === '50.0 %,10.0 %,20.0 %,20.0 %',
    );

    preview.publishState(1, 'running');
    await until(async () => (await card(page, 1).locator('.state').textContent()) === 'running');
    expect(await card(page, 1).locator('.reason').isVisible()).toBe(false);
  });

  it('draws the shares of the last minute as they come, also of the time before it was opened', async () => {
    const preview = await startPreview();
    preview.publish(pictureOf(0));
    const page = await openPage(preview.url);
    const chart = page.locator('.chart');
    const samples = async (): Promise<number> => Number(await chart.getAttribute('data-samples'));
    await until(async () => (await samples()) === 1);
    let index = 1;
    await until(async () => {
      preview.publish(pictureOf(index++, { areas: { road: 0.5, car: 0.1, sky: 0.2 } }));
      return (await samples()) >= 4;
    });
    const blues = await chart.locator('canvas').evaluate((element) => {
      const canvas = element as unknown as {
        width: number;
        height: number;
        getContext(kind: string): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
      };
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4)
        if (data[at] === 46 && data[at + 1] === 125 && data[at + 2] === 225) count += 1;
      return count;
    });
    expect(blues).toBeGreaterThan(3); // the line of "road", in its color

    preview.publish(pictureOf(index, { areas: { road: 0.9, car: 0, sky: 0 } }));
    const box = (await chart.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.mouse.move(box.x + 60, box.y + 30); // nearest is the oldest
    await until(async () => (await page.locator('.shares.pointed b').first().textContent()) === '50.0 %');
    expect(await chart.getAttribute('data-pointed')).toMatch(/^−\d+ s$/);
    await page.mouse.move(box.x + 60, box.y - 30);
    await page.locator('.shares:not(.pointed)').waitFor();
    expect(await chart.getAttribute('data-pointed')).toBe(null);
  });

  it('shows pictures with their own proportions, whatever the shape of their pixels', async () => {
    const preview = await startPreview({ sources: ['tall', 'anamorphic', 'narrow pixels'] });
    const page = await openPage(preview.url);
    const tall = await jpegOf('#d02020', 60, 120);
    preview.publish(pictureOf(1, { jpeg: tall }));
    preview.publish(pictureOf(1, { source: 1, jpeg: red, pixelAspect: 1.5 }));
    preview.publish(pictureOf(1, { source: 2, jpeg: red, pixelAspect: 0.5 }));
    const shapes = (): Promise<string> =>
      page.locator('.view').evaluateAll((found) =>
        found
          .map((element) => {
            const { width, height } = element as unknown as { width: number; height: number };
            return `${width}×${height} ${(globalThis as never as Fit).getComputedStyle(element).objectFit}`;
          })
          .join(),
      );
    await until(async () => (await shapes()) === '60×120 contain,240×90 contain,160×180 contain');
    const boxes = await card(page).locator('.picture').boundingBox();
    const [picture, view] = [boxes, await card(page).locator('.view').boundingBox()];
    expect(view).toEqual(picture);
  });

  it('saves the picture on show as it came', async () => {
    const preview = await startPreview({ sources: ['clips/front yard.mp4'] });
    const page = await openPage(preview.url);
    const button = page.getByRole('button', { name: 'Snapshot of clips/front yard.mp4' });
    await button.waitFor();
    expect(await button.isDisabled()).toBe(true);
    preview.publish(pictureOf(42, { jpeg: red }));
    await until(() => button.isEnabled());
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
    expect(download.suggestedFilename()).toBe('clips-front-yard.mp4-000042.jpg');
    expect(readFileSync(await download.path()).equals(red)).toBe(true);
  });

  it('has streams that an <img> element plays', async () => {
    const preview = await startPreview();
    preview.publish(pictureOf(1, { jpeg: red }));
    const page = await openPage(preview.url);
    await page.evaluate("document.body.append(Object.assign(new Image(), { id: 'stream', src: 'stream/0' }))");
    await until(async () => (await page.evaluate("document.querySelector('#stream').naturalWidth")) === 160);
    expect(preview.viewers).toBe(2);
  });

  it('goes on when the server was started again', async () => {
    const first = await startPreview();
    const page = await openPage(first.url, { mayFail: true });
    first.publish(pictureOf(1, { jpeg: red }));
    await until(async () => isRed(await middleOf(page.locator('.view'))));
    await first.close();
    await until(
      async () => (await page.locator('#connection').textContent()) === 'preview not reachable, trying again',
    );
    const { onLabels } = dictionary();
    const second = await startPreview({ port: Number(new URL(first.url).port), onLabels });
    second.publishState(0, 'running');
    second.publish(pictureOf(2, { jpeg: blue }));
    await until(async () => isBlue(await middleOf(page.locator('.view'))));
    expect(await page.locator('#connection').textContent()).toBe('live');
    await rename(page, 'car', 'truck');
    await until(async () => (await names(page)).join() === 'road,truck,sky');
  });

  it('asks for no pictures while nobody sees it', async () => {
    const preview = await startPreview();
    const page = await openPage(preview.url);
    await page.locator('.view').waitFor();
    expect(preview.viewers).toBe(1);
    await setHidden(page, true);
    await until(() => preview.viewers === 0);
    for (let index = 0; index < 10; index++) preview.publish(pictureOf(index, { jpeg: red }));
    preview.publish(pictureOf(10, { jpeg: blue }));
    expect(await page.locator('.view').getAttribute('data-index')).toBe(null);
    await setHidden(page, false);
    await until(async () => (await page.locator('.view').getAttribute('data-index')) === '10');
    expect(isBlue(await middleOf(page.locator('.view')))).toBe(true);
  });

  it('survives a damaged picture', async () => {
    const preview = await startPreview();
    const page = await openPage(preview.url);
    await until(() => preview.viewers === 1);
    for (let index = 0; index < 5; index++) preview.publish(pictureOf(index));
    await until(async () => {
      preview.publish(pictureOf(9, { jpeg: red }));
      return (await page.locator('.view').getAttribute('data-index')) === '9';
    });
    expect(isRed(await middleOf(page.locator('.view')))).toBe(true);
  });

  it('lets in who enters the token, and keeps it out of the address', async () => {
    const preview = await startPreview({ token: 'a-token-of-mine' });
    const page = await openPage(new URL('/', preview.url).href, { mayFail: true });
    await page.getByLabel('Token').fill('a-token-of-mine');
    await page.getByRole('button', { name: 'Open' }).click();
    await row(page, 'car').waitFor();
    expect(page.url()).toBe(new URL('/', preview.url).href);
    expect(await page.context().cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Lax' }]);
    await page.reload();
    await row(page, 'car').waitFor();
  });

  it('says that the token is no longer valid when the server asks for another', async () => {
    const first = await startPreview({ token: 'a-token-of-mine' });
    const page = await openPage(first.url, { mayFail: true });
    await row(page, 'car').waitFor();
    await first.close();
    await startPreview({ token: 'another-token', port: Number(new URL(first.url).port) });
    const status = page.locator('#connection[data-state="locked"]');
    await status.waitFor();
    expect(await status.textContent()).toBe('the token is no longer valid: open the address that was printed');
  });

  it('asks again where the token is wrong', async () => {
    const preview = await startPreview({ token: 'a-token-of-mine' });
    const page = await openPage(new URL('/?token=wrong-token', preview.url).href, { mayFail: true });
    expect(await page.getByLabel('Token').isVisible()).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.querySelector("form")).display')).toBe('grid');
    expect(await page.context().cookies()).toEqual([]);
  });

  it.each([
    ['wide', 1440, 6],
    ['narrow', 380, 6],
    ['narrow', 320, 1],
  ])('fits a %s window of %i pixels with %i sources', async (_, width, count) => {
    const preview = await startPreview({
      sources: Array.from(
        { length: count },
        (_source, index) => `rtsp://camera-${index}.a-rather-long-name.example/Streaming/Channels/101`,
      ),
    });
    for (let source = 0; source < count; source++) preview.publish(pictureOf(1, { source, jpeg: red }));
    const page = await openPage(preview.url, { viewport: { width, height: 800 } });
    for (let source = 0; source < count; source++)
      await until(async () => isRed(await middleOf(card(page, source).locator('.view'))));
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    const cards = await page
      .locator('.source')
      .evaluateAll((found) => found.map((element) => (element as unknown as { offsetWidth: number }).offsetWidth));
    expect(Math.min(...cards)).toBeGreaterThan(280);
  });

  it('enlarges one of several sources', async () => {
    const preview = await startPreview({ sources: ['a', 'b', 'c'] });
    const page = await openPage(preview.url);
    const widths = (): Promise<number[]> =>
      page
        .locator('.source')
        .evaluateAll((found) => found.map((element) => (element as unknown as { offsetWidth: number }).offsetWidth));
    const button = page.getByRole('button', { name: 'Enlarge b' });
    await button.click();
    const [a = 0, b = 0] = await widths();
    expect(b).toBeGreaterThan(a * 1.9);
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    await button.click();
    expect(new Set(await widths()).size).toBe(1);
  });

  it('is dark where the system is', async () => {
    const preview = await startPreview();
    const background = async (colorScheme: 'light' | 'dark'): Promise<string> => {
      const page = await openPage(preview.url, { colorScheme });
      return page.evaluate('getComputedStyle(document.body).backgroundColor');
    };
    expect([await background('light'), await background('dark')]).toEqual(['rgb(244, 245, 246)', 'rgb(20, 23, 26)']);
  });
});

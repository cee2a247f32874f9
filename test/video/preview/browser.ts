/** A real browser, where there is one. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Path of Chromium: `SYNSEG_CHROMIUM`, or where a distribution puts it, or on the PATH; undefined if there is none. */
export const chromiumPath = [
  process.env['SYNSEG_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'chromium')),
].find((path) => {
  try {
    accessSync(path, constants.X_OK);
    return path !== '';
  } catch {
    return false;
  }
});
if (chromiumPath === undefined)
  console.warn('Not tested in a browser: install chromium, or set SYNSEG_CHROMIUM to its path.');

let browser: Promise<Browser> | undefined;

/** Ends the browser; call it in `afterAll`. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}

/**
 * A page in a profile of its own. The test fails if the page does: an error of its scripts, or something it must not
 * load.
 */
export async function openPage(
  address: string,
  options: BrowserContextOptions & { readonly mayFail?: boolean } = {},
): Promise<Page> {
  browser ??= chromium.launch({ executablePath: chromiumPath ?? '', args: FLAGS });
  const { mayFail = false, ...more } = options;
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    const refusedEdit = /status of 4(00|09|22)/.test(message.text());
    if (message.type() === 'error' && !refusedEdit && !mayFail) problems.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });
  await page.goto(address);
  return page;
}

/** The files of the page, as the build leaves them beside this code. */
import { readFile } from 'node:fs/promises';
import { packageFile } from '@synseg/core/guards';

/** A file as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const TYPES: Readonly<Record<string, string>> = {
  'page.html': 'text/html; charset=utf-8',
  'locked.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** The files by their names. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/**
 * Reads the page.
 *
 * @throws SynsegError `BUNDLED` when this code does not lie in its package
 */
export async function readPage(): Promise<PageFiles> {
  const place = import.meta.url.endsWith('.ts') ? '../../dist/page/' : './page/';
  const folder = packageFile('start preview', '@synseg/video', () => new URL(place, import.meta.url));
  const files = Object.entries(TYPES).map(async ([name, type]) => {
    return [name, { type, bytes: await readFile(new URL(name, folder)) }] as const;
  });
  return new Map(await Promise.all(files));
}

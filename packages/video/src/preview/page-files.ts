/** The files of the page, as the build leaves them beside this code. */
import { packageFile, readPageFiles, type PageFiles } from '@synseg/core/guards';

const NAMES = ['page.html', 'locked.html', 'page.css', 'page.js', 'icon.svg'];

/**
 * Reads the page.
 *
 * @throws SynsegError `BUNDLED` when this code does not lie in its package
 */
export async function readPage(): Promise<PageFiles> {
  const place = import.meta.url.endsWith('.ts') ? '../../dist/page/' : './page/';
  return readPageFiles(
    packageFile('start preview', '@synseg/video', () => new URL(place, import.meta.url)),
    NAMES,
  );
}

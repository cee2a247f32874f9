/** The clip that is shown where no other is given: pedestrians, a test video of OpenCV, from its Debian package. */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadPackage, findPackage, unpackFile } from './debian-package.ts';
import { progress } from './progress.ts';
import { WorkFolder } from './work-folder.ts';

const PACKAGE = 'opencv-doc';
const FILE = 'vtest.avi';
const MEGABYTE = 1e6;

/** What there is to see in it. */
export const PEDESTRIAN_LABELS = ['person', 'road', 'pavement', 'grass', 'building', 'car'];

/**
 * The path of the clip. The first call downloads it, later ones find it in `folder`.
 *
 * @throws Error with the reason when it cannot be had here
 */
export async function pedestrianClip(folder: string): Promise<string> {
  const path = join(folder, FILE);
  if (existsSync(path)) return path;
  using work = await WorkFolder.open(folder);
  const file = await findPackage(PACKAGE, work.path);
  const megabytes = Math.round(file.bytes / MEGABYTE);
  console.log(`Downloading a clip of pedestrians, once: ${megabytes} MB, ${PACKAGE} of apt; it is kept as ${path}`);
  const show = progress(`MB of ${PACKAGE} downloaded`);
  const archive = await downloadPackage(PACKAGE, file, work.path, (done) =>
    show(Math.round(done / MEGABYTE), megabytes),
  );
  await unpackFile(archive, FILE, work.at(FILE));
  await rename(work.at(FILE), path);
  return path;
}

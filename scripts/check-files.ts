/**
 * Checks what no tool here looks at: names of files and folders, texts that speak of one machine, the license in every
 * package. Imports are dependency-cruiser's, code is eslint's, dead code is knip's.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { filesUnder, finish, report, root } from './lib/repository.ts';

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench|config|d))*$/;
const machinePath = /(?:^|[^\w.~-])\/(?:work|root)\//;
const homePath = /(?:^|[^\w.~-])\/home\//;

function checkName(file: string): void {
  const stem = basename(file).replace(/\.[^.]+$/, '');
  for (const part of [...dirname(file).split('/'), stem])
    if (!kebabCase.test(part)) report(file, 1, `file and folder names must be kebab-case, got "${part}"`);
  if (/^packages\/[^/]+\/src\/.+\/index\.ts$/.test(file))
    report(file, 1, 'only the root of src may have an index.ts (no barrels)');
}

function checkText(file: string): void {
  const inPackage = file.startsWith('packages/');
  for (const [index, line] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
    if (machinePath.test(line) || (inPackage && homePath.test(line)))
      report(file, index + 1, `paths of one machine must not appear, got "${line.trim()}"`);
    if (inPackage && line.includes('../shared')) report(file, index + 1, 'a package must not know of "../shared"');
  }
}

/** A package on npm carries the license itself; the copies must not drift from the repository's. */
function checkLicense(folder: string): void {
  for (const legal of ['LICENSE', 'NOTICE']) {
    const copy = join(root, folder, legal);
    const same = existsSync(copy) && readFileSync(copy, 'utf8') === readFileSync(join(root, legal), 'utf8');
    if (!same) report(`${folder}/${legal}`, 1, `must equal ${legal} at the root`);
  }
}

const code = ['packages', 'test', 'bench', 'scripts', 'examples', 'worlds'].flatMap((folder) =>
  filesUnder(folder, /\.(ts|mjs|js)$/).filter((file) => folder !== 'packages' || /\/(src|page)\//.test(file)),
);
const pages = readdirSync(root).filter((name) => name.endsWith('.md'));
for (const file of code) checkName(file);
for (const file of [...code, ...filesUnder('docs', /\.md$/), ...filesUnder('.changeset', /\.md$/), ...pages])
  checkText(file);
for (const name of readdirSync(join(root, 'packages'))) checkLicense(`packages/${name}`);
finish('files');

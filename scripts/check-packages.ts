/**
 * Checks the packages as they would be published: publint, "are the types wrong", the fields of a package page, and
 * links in a README that lead somewhere from npm too. The address of the repository stands in the root's package.json.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { finish, report, root } from './lib/repository.ts';

interface Manifest {
  readonly repository: { readonly url: string };
  readonly bugs: string;
  readonly license: string;
}

const workspace = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const address = workspace.repository.url.replace(/^git\+|\.git$/g, '');

/** The oldest Node that the built packages ran on: before it, sharp's `import … with` is a syntax error. */
const engines = { node: '>=20.10' };

/** What a package must say as the root does. */
function fieldsOf(folder: string): Record<string, unknown> {
  const { repository, bugs, license } = workspace;
  const homepage = `${address}/tree/main/${folder}#readme`;
  return { repository: { ...repository, directory: folder }, homepage, bugs, license, engines };
}

/** Links must be absolute; one into this repository must lead to a file or folder of it. */
function checkLink(path: string, line: number, target: string): void {
  if (!/^(https:|#)/.test(target)) report(path, line, `links must be absolute, got "${target}"`);
  const [, inside] = target.match(/\/(?:blob|tree)\/main\/([^#]+)/) ?? [];
  if (target.startsWith(`${address}/`) && inside !== undefined && !existsSync(join(root, inside)))
    report(path, line, `links into the repository must lead to what is there, got "${target}"`);
}

function run(folder: string, tool: string, args: readonly string[]): void {
  const path = join(root, 'node_modules/.bin', tool);
  const { status, stdout, stderr } = spawnSync(path, args, { cwd: join(root, folder), encoding: 'utf8' });
  if (status !== 0) report(`${folder}/package.json`, 1, `${tool} finds:\n${stdout}${stderr}`);
}

for (const name of readdirSync(join(root, 'packages'))) {
  const folder = `packages/${name}`;
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  for (const [field, value] of Object.entries(fieldsOf(folder)))
    if (!isDeepStrictEqual(manifest[field], value))
      report(`${folder}/package.json`, 1, `"${field}" must be ${JSON.stringify(value)}`);
  if (!Array.isArray(manifest.keywords)) report(`${folder}/package.json`, 1, 'must have "keywords" to be published');
  run(folder, 'publint', ['--strict']);
  // Node ≥ 20 loads ES modules alone; a package without exports has no types to be wrong.
  if ('exports' in manifest) run(folder, 'attw', ['--pack', '.', '--profile', 'esm-only', '--format', 'ascii']);
  for (const page of ['README.md', 'embedded/README.md']) {
    const path = `${folder}/${page}`;
    if (!existsSync(join(root, path))) continue;
    for (const [index, line] of readFileSync(join(root, path), 'utf8').split('\n').entries())
      for (const [, target = ''] of line.matchAll(/\]\(([^)\s]+)\)/g)) checkLink(path, index + 1, target);
  }
}
finish('packages');

/**
 * Checks the packages as they would be published: publint, "are the types wrong", the fields of a package page, and
 * links in a README that lead somewhere from npm too.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { finish, report, root } from './lib/repository.ts';

const NEEDED = ['repository', 'homepage', 'bugs', 'keywords', 'license', 'engines'];

function run(folder: string, tool: string, args: readonly string[]): void {
  const path = join(root, 'node_modules/.bin', tool);
  const { status, stdout, stderr } = spawnSync(path, args, { cwd: join(root, folder), encoding: 'utf8' });
  if (status !== 0) report(`${folder}/package.json`, 1, `${tool} finds:\n${stdout}${stderr}`);
}

for (const name of readdirSync(join(root, 'packages'))) {
  const folder = `packages/${name}`;
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  for (const field of NEEDED)
    if (!(field in manifest)) report(`${folder}/package.json`, 1, `must have "${field}" to be published`);
  run(folder, 'publint', ['--strict']);
  // Node ≥ 20 loads ES modules alone; a package without exports has no types to be wrong.
  if ('exports' in manifest) run(folder, 'attw', ['--pack', '.', '--profile', 'esm-only', '--format', 'ascii']);
  for (const page of ['README.md', 'embedded/README.md']) {
    const path = `${folder}/${page}`;
    if (!existsSync(join(root, path))) continue;
    for (const [index, line] of readFileSync(join(root, path), 'utf8').split('\n').entries())
      for (const [, target = ''] of line.matchAll(/\]\(([^)\s]+)\)/g))
        if (!/^(https:|#)/.test(target)) report(path, index + 1, `links must be absolute, got "${target}"`);
  }
}
finish('packages');

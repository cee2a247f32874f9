/**
 * Checks that ARCHITECTURE.md is one screen and that its table names every folder that exists and none that does not.
 *
 * A folder is named by a code span that starts a table row and ends with a slash: "| `packages/core/src/graph/` | …".
 * A folder exists when files lie in it; an empty one is not in a clone. The page also names the files that a frame goes
 * through; a name without a folder lies in that of the name before it.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { filesUnder, finish, report, root } from './lib/repository.ts';

const page = 'ARCHITECTURE.md';
const maxLines = 80;
/** Files that a frame may go through. */
const longestWalk = 12;
const topFolders = ['test', 'bench', 'docs', 'examples', 'worlds/street', 'scripts'];

/** Every folder the table must name: the ones in packages/x/src that hold files, and the ones beside packages. */
function existingFolders(): Set<string> {
  const folders = new Set<string>();
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    for (const file of filesUnder(`packages/${name}/src`, /./)) folders.add(`${dirname(file)}/`);
  }
  for (const name of topFolders) {
    if (filesUnder(name, /./).length > 0) folders.add(`${name}/`);
  }
  return folders;
}

const lines = readFileSync(join(root, page), 'utf8').trimEnd().split('\n');
if (lines.length > maxLines)
  report(page, maxLines + 1, `must be one screen, at most ${maxLines} lines, got ${lines.length}`);

const named = new Map<string, number>();
for (const [index, line] of lines.entries()) {
  const row = /^\|\s*`([^`]+\/)`\s*\|\s*(.*?)\s*\|$/.exec(line);
  if (row === null) continue;
  const [, folder = '', clause = ''] = row;
  if (named.has(folder)) report(page, index + 1, `names "${folder}" twice, first in line ${named.get(folder)}`);
  if (clause === '') report(page, index + 1, `must say in one clause what "${folder}" holds`);
  named.set(folder, index + 1);
}

const existing = existingFolders();
for (const folder of existing) {
  if (!named.has(folder))
    report(page, lines.length, `must name the folder "${folder}": add the row "| \`${folder}\` | … |"`);
}
for (const [folder, line] of named) {
  const there = existing.has(folder) || (existsSync(join(root, folder)) && filesUnder(folder, /./).length > 0);
  if (!there) report(page, line, `names the folder "${folder}", which does not exist or holds no file: remove the row`);
}

const walkLine = lines.findIndex((line) => line.startsWith('A frame of a file walks through twelve files'));
const walk = [...(lines[walkLine] ?? '').matchAll(/`([a-z/-]+)`/g)].map(([, name = '']) => name);
if (walk.length !== longestWalk)
  report(page, walkLine + 1, `must name the ${longestWalk} files of a frame's walk, got ${walk.length}`);
for (const [index, name] of walk.entries()) {
  const folder = dirname(walk.slice(0, index + 1).findLast((other) => other.includes('/')) ?? '');
  const isThere = ['video', 'core'].some((of) =>
    existsSync(join(root, `packages/${of}/src`, folder, `${basename(name)}.ts`)),
  );
  if (!isThere) report(page, walkLine + 1, `names "${name}" on a frame's walk, which is no file in "${folder}/"`);
}
finish('architecture');

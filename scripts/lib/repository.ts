/** What the check scripts share: where the repository is, what files it has, and how a violation is reported. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository's root. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const skipped = new Set(['node_modules', 'dist', 'generated', '.git']);
let violations = 0;

/** Paths relative to the root of every file under a folder whose name matches, sorted; none if there is no folder. */
export function filesUnder(folder: string, pattern: RegExp): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesUnder(path, pattern);
      return pattern.test(entry.name) ? [path] : [];
    })
    .sort();
}

/** Prints one violation in the form editors turn into a link. */
export function report(file: string, line: number, rule: string): void {
  violations += 1;
  process.stderr.write(`${file}:${line}: ${rule}\n`);
}

/** Ends a check: says that it passed, or how many violations it found with exit code 1. */
export function finish(check: string): void {
  if (violations === 0) {
    process.stdout.write(`${check}: ok\n`);
    return;
  }
  process.stderr.write(`${check}: ${violations} violation${violations === 1 ? '' : 's'}\n`);
  process.exitCode = 1;
}

/** Runs one bench by name: `npm run bench -- segment` runs `bench/segment.bench.ts`; without a name it lists them. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../bench/', import.meta.url);
const suffix = '.bench.ts';
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => file.endsWith(suffix))
      .map((file) => file.slice(0, -suffix.length))
      .sort()
  : [];
const name = process.argv[2];

if (name === undefined || name === '--help') {
  console.log(
    `Usage: npm run bench -- NAME [arguments]\n\n${names.map((known) => `  ${known}`).join('\n') || '  (none yet)'}`,
  );
} else if (names.includes(name)) {
  const file = new URL(`${name}${suffix}`, folder);
  // The bench sees its own file as argv[1] and its arguments after it, as if started directly.
  process.argv.splice(1, 2, fileURLToPath(file));
  await import(file.href);
} else {
  console.error(`Cannot run bench: name must be one of ${names.join(', ') || '(none yet)'}, got "${name}"`);
  process.exitCode = 2;
}

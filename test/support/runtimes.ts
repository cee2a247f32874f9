/** Programs that run JavaScript, to be started as processes of their own. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder of the clone: where those processes run. */
export const REPOSITORY = resolve(import.meta.dirname, '../..');

/** Installed by `npm test` for this platform and processor. */
const newerNode = join(
  REPOSITORY,
  `node_modules/.cache/newer-node/node_modules/node-${process.platform}-${process.arch}/bin/node`,
);

const LOCATE = {
  'this Node': () => [process.execPath],
  'a newer Node': () => [newerNode],
  // The binary itself: npm's `deno` is a Node script, which does not pass signals on.
  'Deno': () => [
    execFileSync(join(REPOSITORY, 'node_modules/.bin/deno'), ['eval', 'console.log(Deno.execPath())'], {
      encoding: 'utf8',
    }).trim(),
    'run',
    '-A',
    '--no-lock',
  ],
} as const satisfies Record<string, () => readonly string[]>;

/** A runtime by name. */
export type Runtime = keyof typeof LOCATE;

/** The words to put before a script. @throws Error when it is not there */
export function commandOf(runtime: Runtime): readonly string[] {
  const command = LOCATE[runtime]();
  if (!existsSync(command[0] as string))
    throw new Error(`${runtime} must be at ${command[0] as string}: run "npm run setup"`);
  return command;
}

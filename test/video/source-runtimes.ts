/** What runs this repository's sources as they are: Node through tsx, and Deno where it is installed. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Node, the arguments before a `.ts` file included. */
export const node = [process.execPath, '--import', 'tsx'];
const denoRuns = existsSync('node_modules/.bin/deno') && existsSync('packages/core/dist/index.js');
if (!denoRuns) console.warn('Not tested under Deno: node_modules/.bin/deno or packages/core/dist is missing.');
/** The binary itself: npm's `deno` is a Node script that does not pass signals on. */
const deno = denoRuns
  ? execFileSync('node_modules/.bin/deno', ['eval', 'console.log(Deno.execPath())'], { encoding: 'utf8' }).trim()
  : '';

/** Name and command of each. */
export const runtimes: readonly [string, readonly string[]][] = [
  ['Node', node],
  ...(denoRuns ? [['Deno', [deno, 'run', '-A']] as [string, string[]]] : []),
];

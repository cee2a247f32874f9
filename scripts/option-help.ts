/**
 * Writes the help of the command line, `packages/synseg/src/generated/option-help.json`: the docblocks over the entries
 * of every `*_FLAGS`. Run by setup before the build.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDescriptions } from './lib/option-docblocks.ts';
import { root } from './lib/repository.ts';

const help = Object.fromEntries(
  [...readDescriptions()]
    .filter(([name]) => name.endsWith('_FLAGS'))
    .map(([name, texts]) => [
      name,
      Object.fromEntries(
        Object.entries(texts)
          .filter(([option]) => !option.includes('.'))
          .map(([option, { text, default: standard }]) => [
            option,
            { text, ...(standard === undefined ? {} : { default: standard }) },
          ]),
      ),
    ]),
);
const folder = join(root, 'packages/synseg/src/generated');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'option-help.json'), `${JSON.stringify(help, null, 2)}\n`);

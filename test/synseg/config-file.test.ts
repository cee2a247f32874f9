import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TRAIN_OPTIONS } from '@synseg/train/options';
import { readConfigFile as read } from '../../packages/synseg/src/config-file.ts';
import { without } from '../../packages/synseg/src/flags.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();

const readConfigFile = (path: string) => read(path, without(TRAIN_OPTIONS, 'onWarning', 'onProgress', 'signal'));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('readConfigFile()', () => {
  it('reads JSON, also with a byte order mark', async () => {
    const options = {
      data: { source: 'tags.jsonl', split: 'train' },
      steps: 200,
      advanced: { lambda: { align: 0.5 }, prior: 0.25 },
      evaluation: { dataset: 'ccp', root: 'ccp', every: 10 },
    };
    expect(await readConfigFile(file('a.json', `\uFEFF${JSON.stringify(options)}`))).toEqual(options);
  });

  it.each(['a.mjs', 'a.js', 'a.ts'])(
    'reads the default export of %s, by a path from the working directory',
    async (name) => {
      const path = file(
        name,
        'const steps = 10 * 20;\nexport default { steps, advanced: { decoder: { heads: 4 } } };\n',
      );
      expect(await readConfigFile(relative(process.cwd(), path))).toEqual({
        steps: 200,
        advanced: { decoder: { heads: 4 } },
      });
    },
  );

  it.each<[string, string, string, RegExp]>([
    [
      'steps.json',
      '{ "stepz": 1 }',
      'TypeError',
      /^Cannot read config: ".*steps\.json" must have known names, got "stepz" \(did you mean "steps"\?\)$/,
    ],
    [
      'lambda.json',
      '{ "advanced": { "lambda": { "alignment": 1 } } }',
      'TypeError',
      /^Cannot read config: ".*lambda\.json"\.advanced\.lambda must have known names, got "alignment"; known: align, contrast, .*$/,
    ],
    [
      'number.json',
      '{ "advanced": { "lambda": 3 } }',
      'TypeError',
      /^Cannot read config: ".*number\.json"\.advanced\.lambda must be an object, got 3$/,
    ],
    ['list.json', '[1]', 'TypeError', /^Cannot read config: ".*list\.json" must be an object, got a list of 1$/],
    [
      'signal.mjs',
      'export default { onWarning() {} };',
      'TypeError',
      / must have known names, got "onWarning"; known: /,
    ],
    [
      'named.mjs',
      'export const options = {};',
      'TypeError',
      /^Cannot read config: ".*named\.mjs" must be an object, got null$/,
    ],
    ['broken.json', '{', 'RangeError', /^Cannot read config: ".*broken\.json" must hold JSON, got /],
    [
      'throws.mjs',
      'throw new Error("no such thing");',
      'RangeError',
      /^Cannot read config: ".*throws\.mjs" must load as a module, got no such thing$/,
    ],
    [
      'a.yaml',
      'steps: 1',
      'RangeError',
      /^Cannot read config: file must end in \.json, \.js, \.mjs, \.ts or \.mts, got ".*a\.yaml"$/,
    ],
  ])('refuses %s: %s', async (name, text, kind, message) => {
    await expect(readConfigFile(file(name, text))).rejects.toMatchObject({
      name: kind,
      message: expect.stringMatching(message),
    });
  });

  it('refuses a file that is not there', async () => {
    await expect(readConfigFile(join(folder, 'none.json'))).rejects.toThrow(
      /^Cannot read config: file must be readable, got ENOENT/,
    );
  });
});

/** The page's scripts are texts in this package; here they are checked like the rest of the code. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { pageFile, pageFileNames } from '../../../packages/video/src/preview/page/page-files.ts';
import { temporaryFolder } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

describe('the scripts of the page', () => {
  it("have the right types, by the browser's own", () => {
    const scripts = pageFileNames().filter((name) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThanOrEqual(5);
    for (const name of scripts) writeFileSync(join(folder.path, name), pageFile(name, '')?.text ?? '');
    const program = ts.createProgram(
      scripts.map((name) => join(folder.path, name)),
      {
        allowJs: true,
        checkJs: true,
        noEmit: true,
        strict: true,
        noUnusedLocals: true,
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
        types: [],
        skipLibCheck: true,
      },
    );
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
      const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${file?.fileName.split('/').at(-1) ?? ''}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
    expect(problems).toEqual([]);
  });

  it('load nothing from anywhere else', () => {
    for (const name of ['', ...pageFileNames()]) {
      const addresses = pageFile(name, '')?.text.match(/\bhttps?:\/\/[^\s"']+/g) ?? [];
      expect(addresses.filter((address) => address !== 'http://www.w3.org/2000/svg')).toEqual([]);
    }
  });
});

/** What all examples have in common: a README whose commands say what becomes of them, a row in the table, a test. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../support/runtimes.ts';
import { commandBlocks, runBlocks } from './readme.ts';

const folder = join(REPOSITORY, 'examples');
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const table = readFileSync(join(folder, 'README.md'), 'utf8');
/** The table of programs to start from; what lies around them is in another. */
const programs = [...(table.split('| around them |')[0] ?? '').matchAll(/^\| \[([\w-]+)\]\(\1\) \|/gm)].map(
  ([, name = '']) => name,
);

describe('the examples', () => {
  it('are all in the table of examples/README.md', () => {
    expect(programs.length).toBeGreaterThan(8);
    for (const name of names) expect(table).toContain(`[${name}](${name})`);
  });

  it.each(programs)('%s has commands that a test runs, and every command says whether', (name) => {
    expect(runBlocks(name).length).toBeGreaterThan(0);
    for (const { mode } of commandBlocks(name)) expect(mode).toMatch(/^(?:run|no-run)$/);
    expect(existsSync(join(import.meta.dirname, name, `${name}.test.ts`))).toBe(true);
  });

  it.each(programs)(
    '%s imports the packages by name and nothing of the repository, so that it can be copied',
    (name) => {
      for (const file of sourcesOf(name)) {
        const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
        expect(importedFiles.length).toBeGreaterThan(0);
        for (const { fileName } of importedFiles)
          expect(fileName).toMatch(/^(?:node:[\w/]+|@synseg\/(?:core|video|train))$/);
      }
    },
  );

  it('have no type errors against the built packages, JavaScript too', () => {
    const { config } = ts.readConfigFile(join(REPOSITORY, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
      config: object;
    };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, REPOSITORY);
    const files = programs.flatMap(sourcesOf);
    const program = ts.createProgram(files, { ...options, paths: {}, allowJs: true, checkJs: true });
    const problems = files.flatMap((file) => {
      const source = program.getSourceFile(file);
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      );
    });
    expect(problems).toEqual([]);
  });
});

function sourcesOf(name: string): string[] {
  return readdirSync(join(folder, name))
    .filter((file) => /\.(?:mjs|ts)$/.test(file))
    .map((file) => join(folder, name, file));
}

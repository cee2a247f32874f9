/**
 * Checks where code may live and what it may import: the arrows between packages, one file per foreign dependency,
 * what an index may hold, file names and lengths. Prints every violation as `file:line: rule` and exits 1.
 *
 * It reads syntax trees, not types; what a bug looks like is eslint's business.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { filesUnder, finish, report, root } from './lib/repository.ts';

const coreEntries = ['', '/checkpoint', '/graph', '/guards', '/masks', '/options', '/runtime'].map(
  (entry) => `@synseg/core${entry}`,
);
/** Which `@synseg/*` packages a package may import. */
const arrows: Record<string, readonly string[]> = {
  core: [],
  video: coreEntries.filter((entry) => entry !== '@synseg/core/graph'),
  train: coreEntries,
  synseg: [...coreEntries, '@synseg/video', '@synseg/video/options', '@synseg/train', '@synseg/train/options'],
};
const maxLines = 300;
/** Lines of a test, whose cases stand one under the other. */
const maxTestLines = 600;
const excuse = 'Over 300 lines because';
/** What a package's users import. */
const entries = new Set(
  ['index', 'checkpoint', 'graph', 'guards', 'masks', 'options', 'runtime'].map((name) => `${name}.ts`),
);
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench|config|d))*$/;
const unfinished = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].map((word) => `\\b${word}\\b`).join('|'));
const machinePath = /(?:^|[^\w.~-])\/(?:work|root)\//;
const homePath = /(?:^|[^\w.~-])\/home\//;

interface Import {
  readonly specifier: string;
  readonly line: number;
  readonly reexport: boolean;
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
}

/** Static imports, re-exports, `import()`, `import('x').T` and `require()`. */
function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, reexport = false): void => {
    if (node !== undefined && ts.isStringLiteralLike(node)) {
      found.push({ specifier: node.text, line: lineOf(source, node), reexport });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, true);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    else if (ts.isCallExpression(node)) {
      const dynamic = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      const required = ts.isIdentifier(node.expression) && node.expression.text === 'require';
      if (dynamic || required) add(node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function checkName(file: string): void {
  const folders = dirname(file)
    .split('/')
    .filter((part) => part !== '.');
  const stem = basename(file).replace(/\.[^.]+$/, '');
  for (const part of [...folders, stem]) {
    if (!kebabCase.test(part)) report(file, 1, `file and folder names must be kebab-case, got "${part}"`);
  }
}

function checkText(file: string, text: string, inPackage: boolean): void {
  const lines = text.split('\n');
  const length = text.endsWith('\n') ? lines.length - 1 : lines.length;
  const header = /^(?:#!.*\n)?\s*\/\*\*?[\s\S]*?\*\//.exec(text)?.[0] ?? '';
  const most = file.startsWith('test/') ? maxTestLines : maxLines;
  if (length > most && !file.endsWith('.md') && !header.includes(excuse)) {
    report(file, most + 1, `files must have at most ${most} lines or say "${excuse} …" in the header, got ${length}`);
  }
  for (const [index, line] of lines.entries()) {
    if (unfinished.test(line)) report(file, index + 1, `unfinished work belongs in an issue, got "${line.trim()}"`);
    if (machinePath.test(line) || (inPackage && homePath.test(line)))
      report(file, index + 1, `paths of one machine must not appear, got "${line.trim()}"`);
    if (inPackage && line.includes('../shared')) report(file, index + 1, 'a package must not know of "../shared"');
  }
}

/**
 * An entry (`index.ts`, and in core one for each thing that is built upon) holds named re-exports of its own files; nothing else in
 * a package may be only that.
 */
function checkIndex(file: string, inside: string, source: ts.SourceFile): void {
  const reexports = source.statements.filter(
    (statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier,
  );
  if (entries.has(inside)) {
    for (const statement of source.statements) {
      const named = ts.isExportDeclaration(statement) && statement.exportClause !== undefined;
      if (!named || !statement.moduleSpecifier) {
        report(file, lineOf(source, statement), 'an entry must hold only `export { name } from "./file"`');
      }
    }
    return;
  }
  if (basename(inside) === 'index.ts') report(file, 1, 'only the root of src may have an index.ts (no barrels)');
  if (reexports.length > 0 && reexports.length === source.statements.length) {
    report(file, 1, 'a file must hold more than re-exports (no barrels)');
  }
}

/** A worker pool calls its file's default export; everything else has a name. */
function checkDefaultExport(file: string, source: ts.SourceFile): void {
  if (/-(worker|thread)\.ts$/.test(file)) return;
  for (const statement of source.statements) {
    const flags = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    const isDefault =
      ts.isExportAssignment(statement) || flags?.some((flag) => flag.kind === ts.SyntaxKind.DefaultKeyword);
    if (isDefault) report(file, lineOf(source, statement), 'exports must be named, got a default export');
  }
}

function checkPackage(name: string): void {
  const folder = `packages/${name}`;
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
    optionalDependencies?: Record<string, string>;
  };
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies };
  const importers = new Map<string, Map<string, number>>();

  for (const file of filesUnder(`${folder}/src`, /\.ts$/)) {
    const inside = relative(`${folder}/src`, file);
    const text = readFileSync(join(root, file), 'utf8');
    const source = parse(file, text);
    checkIndex(file, inside, source);
    checkDefaultExport(file, source);

    for (const { specifier, line, reexport } of importsOf(source)) {
      if (specifier.startsWith('.')) {
        const target = relative(join(root, folder, 'src'), resolve(root, dirname(file), specifier));
        if (target.startsWith('..') && target !== '../package.json')
          report(file, line, `a relative import must stay in ${folder}/src or be its package.json, got "${specifier}"`);
        continue;
      }
      if (isBuiltin(specifier)) {
        if (!specifier.startsWith('node:'))
          report(file, line, `built-in modules must be written "node:…", got "${specifier}"`);
        if (specifier.endsWith('child_process')) note(importers, 'node:child_process', file, line);
        continue;
      }
      const dependency = packageName(specifier);
      if (reexport) report(file, line, `a package must not re-export another, got "${specifier}"`);
      if (dependency in declared === false) report(file, line, `${folder}/package.json must declare "${dependency}"`);
      if (dependency.startsWith('@synseg/')) {
        const allowed = (arrows[name] ?? []).includes(specifier);
        if (!allowed)
          report(file, line, `arrows are synseg → video → core ← train ← synseg, got ${name} → "${specifier}"`);
      } else {
        note(importers, dependency, file, line);
      }
    }
  }

  for (const [dependency, places] of importers) {
    const files = [...places.keys()];
    if (dependency === 'node:child_process') {
      for (const [file, line] of places) {
        const inside = relative(`${folder}/src`, file);
        if (name !== 'video' || !inside.includes('process'))
          report(file, line, 'processes must be started in the process file of packages/video only');
      }
    }
    if (files.length > 1) {
      for (const [file, line] of places) {
        const others = files.filter((other) => other !== file).join(', ');
        report(file, line, `"${dependency}" must be imported in one file of ${folder}, also in ${others}`);
      }
    }
  }
}

function note(importers: Map<string, Map<string, number>>, dependency: string, file: string, line: number): void {
  const places = importers.get(dependency) ?? new Map<string, number>();
  if (!places.has(file)) places.set(file, line);
  importers.set(dependency, places);
}

/** A package on npm carries the licence itself; the copies must not drift from the repository's. */
function checkLicences(name: string): void {
  const manifest = JSON.parse(readFileSync(join(root, `packages/${name}/package.json`), 'utf8')) as {
    private?: boolean;
  };
  if (manifest.private === true) return;
  for (const legal of ['LICENSE', 'NOTICE']) {
    const copy = `packages/${name}/${legal}`;
    const same =
      existsSync(join(root, copy)) &&
      readFileSync(join(root, copy), 'utf8') === readFileSync(join(root, legal), 'utf8');
    if (!same) report(copy, 1, `must equal ${legal} at the root`);
  }
}

function rootDocuments(): string[] {
  return readdirSync(root).filter((name) => name.endsWith('.md'));
}

const code = /\.(ts|mjs|js)$/;
for (const folder of ['packages', 'test', 'bench', 'scripts', 'examples', 'worlds']) {
  for (const file of filesUnder(folder, code)) {
    if (folder === 'packages' && !/^packages\/[^/]+\/(src|page)\//.test(file)) continue;
    checkName(file);
    checkText(file, readFileSync(join(root, file), 'utf8'), folder === 'packages');
  }
}
for (const file of [...filesUnder('docs', /\.md$/), ...filesUnder('.changeset', /\.md$/), ...rootDocuments()]) {
  checkText(file, readFileSync(join(root, file), 'utf8'), false);
}
for (const name of Object.keys(arrows)) {
  checkPackage(name);
  checkLicences(name);
}
finish('imports');

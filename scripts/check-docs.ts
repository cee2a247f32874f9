/**
 * Checks that the documentation is true: type-checks and runs the code blocks of the guides and every `@example`.
 *
 * In Markdown each `ts` and `sh` block says what happens to it, so that none is left unchecked by accident:
 *   ```ts run              type-checked, then run against the built packages; a failing console.assert is an error
 *   ```ts no-run           type-checked
 *   ```sh run              run by bash at the root of the repository; an exit code other than 0 is an error
 *   ```sh no-run           read: `npm run NAME` must exist in package.json
 *   `run needs=PATH`       as `run` where PATH exists, else as `no-run`
 * An `@example` in packages/x/src is `ts run` and must assert something. One that needs a checkpoint, a camera or a
 * network starts with the line `// type-checked only: …` and is `ts no-run`. It imports the package by name, or a file
 * that is not exported by a path relative to its own.
 *
 * All examples run one after the other in one process, each a module of its own.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { filesUnder, finish, report, root } from './lib/repository.ts';

interface Block {
  readonly file: string;
  /** Line of the first line of code in `file`. */
  readonly line: number;
  readonly language: 'ts' | 'sh';
  readonly run: boolean;
  readonly code: string;
}

const workFolder = join(root, 'out/check-docs');
const typeCheckedOnly = /^\s*\/\/ type-checked only: \S/;
const timeoutMs = 300_000;

function markdownFiles(): string[] {
  const atRoot = readdirSync(root).filter((name) => name.endsWith('.md'));
  const inPackages = readdirSync(join(root, 'packages')).flatMap((name) => [
    `packages/${name}/README.md`,
    `packages/${name}/embedded/README.md`,
  ]);
  return [...atRoot, ...inPackages.filter((file) => existsSync(join(root, file))), ...filesUnder('docs', /\.md$/)];
}

function blocksOfMarkdown(file: string): Block[] {
  const blocks: Block[] = [];
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const [, indent = '', fence = '', info = ''] = /^(\s*)(`{3,})(.*)$/.exec(lines[index] ?? '') ?? [];
    if (fence === '') continue;
    const start = index + 1;
    const isEnd = (line: string | undefined): boolean => line === undefined || line.trim() === fence;
    do index += 1;
    while (!isEnd(lines[index]));
    if (index >= lines.length) report(file, start, 'a code block must be closed');
    const code = lines.slice(start, index).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const [language, mode, ...rest] = info.trim().split(/\s+/);
    if (language !== 'ts' && language !== 'sh') {
      if (/^(typescript|tsx?|js|bash|shell|console)$/.test(language ?? '')) {
        report(file, start, `code blocks must be \`\`\`ts or \`\`\`sh, got "${info}"`);
      }
      continue;
    }
    const needs = rest[0]?.startsWith('needs=') === true ? rest[0].slice('needs='.length) : undefined;
    if ((mode !== 'run' && mode !== 'no-run') || rest.length > (needs === undefined ? 0 : 1)) {
      report(file, start, `a \`\`\`${language} block must say "run", "run needs=PATH" or "no-run", got "${info}"`);
      continue;
    }
    const run = mode === 'run' && (needs === undefined || existsSync(join(root, needs)));
    blocks.push({ file, line: start + 1, language, run, code: code.join('\n') });
  }
  return blocks;
}

/** The fenced code of every `@example` in a file's docblocks. */
function blocksOfSource(file: string): Block[] {
  const blocks: Block[] = [];
  const text = readFileSync(join(root, file), 'utf8');
  for (const comment of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    for (const example of comment[0].matchAll(/@example([\s\S]*?)(?=\n\s*\*\s*@\w|\*\/$)/g)) {
      const at = comment.index + example.index;
      const line = text.slice(0, at).split('\n').length;
      const fenced = /```(\w*)[^\n]*\n([\s\S]*?)```/.exec(example[1] ?? '');
      if (fenced === null) {
        report(file, line, 'an @example must hold a fenced ts block');
        continue;
      }
      const [, language = '', body = ''] = fenced;
      if (language === 'sh') continue;
      if (language !== 'ts') report(file, line, `an @example must be a \`\`\`ts block, got "${language}"`);
      const code = body.replace(/^\s*\* ?/gm, '');
      const run = !typeCheckedOnly.test(code);
      if (run && !code.includes('assert')) report(file, line, 'an @example that runs must assert something');
      const offset = (example[1] ?? '').slice(0, fenced.index).split('\n').length;
      blocks.push({ file, line: line + offset, language: 'ts', run, code });
    }
  }
  return blocks;
}

/** Where a block's code lies in the work folder; one extra line at its top makes it a module. */
function moduleName(block: Block): string {
  return `${block.file.replace(/[^A-Za-z0-9]+/g, '-')}-${block.line}.ts`;
}

function moduleText(block: Block): string {
  const from = join(root, dirname(block.file));
  const absolute = block.code.replace(
    /(from\s+|import\s*\(?\s*)(['"])(\.{1,2}\/[^'"]+)\2/g,
    (_all, before: string, quote: string, path: string) => {
      const target = relative(workFolder, join(from, path));
      return `${before}${quote}${target}${quote}`;
    },
  );
  return `export {};\n${absolute}\n`;
}

/** Reports type errors; returns the blocks without any, which are worth running. */
function checkTypes(blocks: readonly Block[]): Block[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const byPath = new Map(blocks.map((block) => [join(workFolder, moduleName(block)), block]));
  const program = ts.createProgram([...byPath.keys()], {
    ...options,
    noUnusedLocals: false,
    noUnusedParameters: false,
  });
  for (const [path, block] of byPath) {
    const source = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    for (const { start, messageText } of found) {
      const line = source === undefined ? 0 : source.getLineAndCharacterOfPosition(start ?? 0).line;
      const message = ts.flattenDiagnosticMessageText(messageText, '\n');
      const hint = block.file.endsWith('.ts') && /has no exported member/.test(message) ? internalHint(block.file) : '';
      report(block.file, block.line + line - 1, message + hint);
    }
    if (found.length > 0) byPath.delete(path);
  }
  return [...byPath.values()];
}

function internalHint(file: string): string {
  return ` (an example of something internal imports it by path: "./${basename(file, '.ts')}")`;
}

/** Runs the modules in one child process, which prints one JSON line per module. */
function runModules(blocks: readonly Block[]): void {
  if (blocks.length === 0) return;
  const runner = join(workFolder, 'run.mjs');
  const names = blocks.map(moduleName);
  writeFileSync(
    runner,
    `console.assert = (ok, ...said) => { if (!ok) throw new Error(['console.assert failed', ...said].join(': ')); };
console.log = console.info = console.debug = () => {};
for (const name of ${JSON.stringify(names)}) {
  try {
    await import('./' + name);
    process.stdout.write(JSON.stringify({ name }) + '\\n');
  } catch (error) {
    process.stdout.write(JSON.stringify({ name, error: String(error?.stack ?? error) }) + '\\n');
  }
}
setTimeout(() => {
  process.stderr.write('an example left something open: create it with \`await using\`, or end it\\n');
  process.exit(3);
}, 5_000).unref();
`,
  );
  const child = spawnSync(process.execPath, ['--import', 'tsx', runner], {
    cwd: root,
    encoding: 'utf8',
    timeout: timeoutMs,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.run.json') },
  });
  const results = new Map<string, string | undefined>();
  for (const line of child.stdout.split('\n')) {
    if (!line.startsWith('{"name"')) continue;
    const { name, error } = JSON.parse(line) as { name: string; error?: string };
    results.set(name, error);
  }
  for (const block of blocks) {
    const name = moduleName(block);
    const error = results.get(name);
    if (error !== undefined) report(block.file, block.line, `the example fails: ${inTermsOf(block, error)}`);
    if (!results.has(name))
      report(block.file, block.line, 'the example did not come to its end (it hung, or ended the process)');
  }
  if (child.status !== 0)
    report('scripts/check-docs.ts', 1, `the examples ended with ${endOf(child)}\n${child.stderr}`);
}

/** An error's message and the line of the block it came from. */
function inTermsOf(block: Block, stack: string): string {
  const [message = ''] = stack.split(/\n\s+at /);
  const line = new RegExp(`${moduleName(block).replaceAll('.', '\\.')}:(\\d+)`).exec(stack)?.[1];
  return line === undefined ? message : `${message} (line ${block.line + Number(line) - 2})`;
}

function endOf(child: { status: number | null; signal: NodeJS.Signals | null }): string {
  return child.signal === null
    ? `exit code ${String(child.status)}`
    : `signal ${child.signal} (limit ${timeoutMs / 1000} s)`;
}

function checkShell(block: Block, scripts: Readonly<Record<string, string>>): void {
  for (const [, name = ''] of block.code.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)) {
    if (!(name in scripts)) report(block.file, block.line, `package.json must have the script "${name}"`);
  }
  if (!block.run) return;
  const child = spawnSync('bash', ['-euo', 'pipefail', '-c', block.code], {
    cwd: root,
    encoding: 'utf8',
    timeout: timeoutMs,
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` },
  });
  if (child.status !== 0)
    report(block.file, block.line, `the commands end with ${endOf(child)}\n${child.stdout}${child.stderr}`);
}

const blocks = [
  ...markdownFiles().flatMap(blocksOfMarkdown),
  ...readdirSync(join(root, 'packages')).flatMap((name) =>
    filesUnder(`packages/${name}/src`, /\.ts$/).flatMap(blocksOfSource),
  ),
];
const modules = blocks.filter((block) => block.language === 'ts');
rmSync(workFolder, { recursive: true, force: true });
mkdirSync(workFolder, { recursive: true });
for (const block of modules) writeFileSync(join(workFolder, moduleName(block)), moduleText(block));

runModules(checkTypes(modules).filter((block) => block.run));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
for (const block of blocks) if (block.language === 'sh') checkShell(block, scripts);

const ran = blocks.filter((block) => block.run).length;
finish(`docs (${blocks.length} blocks, ${ran} run)`);

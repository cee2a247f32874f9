import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Options } from 'tsup';

/**
 * One build for every package: ES modules for Node ≥ 20 and Deno; thread entry points are files of their own.
 *
 * What a package declares as a dependency stays an import, in the code and in the types: `@synseg/video` imports
 * `@synseg/core`, it never contains a copy.
 */
const shared: Options = {
  format: ['esm'],
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  clean: true,
  splitting: true,
};

/** A live page: its scripts, styles and libraries in one file each, for browsers. */
function page(of: 'video' | 'train', banner = ''): Options {
  const files = ['page.ts', 'page.css', 'page.html', 'locked.html', 'icon.svg'];
  return {
    name: `page of ${of}`,
    entry: files.map((file) => `packages/${of}/page/${file}`),
    outDir: `packages/${of}/dist/page`,
    format: ['esm'],
    platform: 'browser',
    target: 'es2022',
    noExternal: [/./],
    loader: { '.html': 'copy', '.svg': 'copy' },
    minify: true,
    clean: true,
    banner: { js: banner },
  };
}

/** Entries that other packages import, and so need types. */
const PUBLIC = new Set(['index', 'checkpoint', 'graph', 'guards', 'masks', 'options', 'runtime']);

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

function dependenciesOf(name: string): RegExp[] {
  const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')) as Manifest;
  const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  return names.map((dependency) => new RegExp(`^${dependency}(/|$)`));
}

/** Hash of what derived files depend on, sources and libraries: what another build cached is never used. */
function buildId(): string {
  const hash = createHash('sha256').update(readFileSync('packages/core/package.json'));
  for (const folder of ['cache', 'graph', 'labels', 'model', 'session', 'text']) {
    const root = join('packages/core/src', folder);
    for (const file of readdirSync(root).sort()) hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function packageBuild(name: string, entries: readonly string[]): Options {
  const types = entries.filter((entry) => PUBLIC.has(entry));
  return {
    ...shared,
    name,
    entry: Object.fromEntries(
      entries.map((entry) => [entry.split('/').at(-1) ?? entry, `packages/${name}/src/${entry}.ts`]),
    ),
    outDir: `packages/${name}/dist`,
    clean: ['!page/**'], // it is a build of its own
    external: dependenciesOf(name),
    define: { __BUILD_ID__: JSON.stringify(buildId()) },
    // tsup sets `baseUrl`, which TypeScript 6 calls deprecated.
    dts: types.length > 0 && {
      banner: '/// <reference types="node" />', // TypeScript 6 loads no types that nothing asks for
      entry: Object.fromEntries(types.map((entry) => [entry, `packages/${name}/src/${entry}.ts`])),
      compilerOptions: { ignoreDeprecations: '6.0', noEmit: false, emitDeclarationOnly: true },
    },
  };
}

export default defineConfig([
  page('video', `/*! uPlot, in this file:\n${readFileSync('node_modules/uplot/LICENSE', 'utf8')}*/`),
  page('train'),
  packageBuild('core', [
    'index',
    'checkpoint',
    'graph',
    'guards',
    'masks',
    'options',
    'runtime',
    'session/inference-thread',
  ]),
  packageBuild('video', ['index', 'options', 'pool/frame-worker']),
  packageBuild('train', ['index', 'options', 'trainer/train-thread', 'data/decode-worker']),
  packageBuild('synseg', ['cli']),
]);

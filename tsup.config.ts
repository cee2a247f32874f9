import { defineConfig, type Options } from 'tsup';

/** One build for every package: ES modules for Node ≥ 20 and Deno; thread entry points are files of their own. */
const shared: Options = {
  format: ['esm'],
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  clean: true,
  splitting: true,
  dts: { compilerOptions: { ignoreDeprecations: '6.0', noEmit: false, allowImportingTsExtensions: false } },
};

function packageBuild(name: string, entries: readonly string[]): Options {
  return {
    ...shared,
    name,
    entry: Object.fromEntries(entries.map((entry) => [entry.split('/').at(-1) ?? entry, `packages/${name}/src/${entry}.ts`])),
    outDir: `packages/${name}/dist`,
    dts: { ...(shared.dts as object), entry: { index: `packages/${name}/src/index.ts` } },
  };
}

export default defineConfig([
  packageBuild('core', ['index', 'cli', 'session/inference-thread']),
  packageBuild('video', ['index', 'cli']),
]);

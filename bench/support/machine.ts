/** Where and with what a bench ran, without names of machines or people. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Folder of everything benches generate: checkpoints, exported models, pictures. */
export const benchCache = join(root, 'node_modules/.cache/bench');

/** Version of an installed package, as seen from a folder. */
export function versionOf(name: string, from = root): string {
  const manifest = createRequire(join(from, 'package.json'))
    .resolve.paths(name)
    ?.map((folder) => join(folder, name, 'package.json'));
  for (const path of manifest ?? []) {
    try {
      return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
    } catch {
      // Not in this folder: the next one up.
    }
  }
  return 'unknown';
}

/** Processor, cores and memory. */
function machine(): string {
  const family = /avx512_vnni|avx512_bf16|amx_int8|avx2/g;
  let flags: string[] = [];
  try {
    flags = [...new Set(readFileSync('/proc/cpuinfo', 'utf8').match(family) ?? [])].sort();
  } catch {
    // Only Linux has it.
  }
  const features = flags.length === 0 ? '' : ` (${flags.join(', ')})`;
  return (
    `${cpus()[0]?.model.trim() ?? 'unknown processor'}${features}, ${availableParallelism()} cores, ` +
    `${Math.round(totalmem() / 2 ** 30)} GiB`
  );
}

/** Date, machine, and versions of Node and the given packages, one line. */
export function circumstances(packages: readonly string[]): string {
  const versions = [`Node ${process.versions.node}`, ...packages.map((name) => `${name} ${versionOf(name)}`)];
  return `${new Date().toISOString().slice(0, 10)}; ${machine()}; ${versions.join(', ')}`;
}

/** Load of the last minute, to say whether the machine was quiet. */
export function load(): string {
  return (loadavg()[0] as number).toFixed(2);
}

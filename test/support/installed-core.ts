/**
 * `@synseg/core` as npm would install it: packed and unpacked, with the embedded checkpoint it ships, beside the
 * dependencies of this clone. Where the clone has no checkpoint yet, one with random weights stands in.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REPOSITORY } from './runtimes.ts';
import { writeTinyClipseg } from './tiny-clipseg.ts';

/** The folder of the checkpoint that ships. */
export const EMBEDDED_FOLDER = join(REPOSITORY, 'packages/core/embedded');

/** False until the clone has a checkpoint to ship. */
export const hasEmbedded = existsSync(join(EMBEDDED_FOLDER, 'config.json'));

/** Installs the built package into a new application. @returns the folder of the package */
export function installCore(application: string): string {
  mkdirSync(application, { recursive: true });
  writeFileSync(join(application, 'package.json'), '{ "name": "application", "type": "module", "private": true }\n');
  const home = install(application, 'core', '@synseg/core');
  if (!hasEmbedded) writeTinyClipseg(join(home, 'embedded'));
  return home;
}

/** Installs the built command into a new application, with a core of its own. @returns the folder of the package */
export function installCommand(application: string): string {
  installCore(application);
  return install(application, 'synseg', 'synseg');
}

/** Packs, unpacks and links one package; its dependencies are those of this clone where they are not there yet. */
function install(application: string, folder: string, name: string): string {
  const source = join(REPOSITORY, 'packages', folder);
  const home = join(application, 'node_modules', name);
  mkdirSync(dirname(home), { recursive: true });
  execFileSync('npm', ['pack', source, '--pack-destination', application, '--ignore-scripts', '--silent'], {
    cwd: REPOSITORY,
    stdio: 'pipe',
    shell: process.platform === 'win32',
  });
  const { version, dependencies } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const archive = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
  execFileSync('tar', ['-xzf', archive], { cwd: application });
  renameSync(join(application, 'package'), home);
  for (const dependency of Object.keys(dependencies)) {
    const [own, hoisted] = [source, REPOSITORY].map((at) => join(at, 'node_modules', dependency)) as [string, string];
    const link = join(application, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(existsSync(own) ? own : hoisted, link, 'junction');
  }
  return home;
}

/** Arguments for Node under which a program that reaches for the network fails, in every thread. */
export const NO_NETWORK = [
  '--import',
  `data:text/javascript,${encodeURIComponent(`
    import dgram from 'node:dgram';
    import dns from 'node:dns';
    import net from 'node:net';
    const refuse = () => { throw new Error('the network was touched'); };
    net.Socket.prototype.connect = dgram.createSocket = dns.lookup = globalThis.fetch = refuse;
  `)}`,
];

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function runToEnd(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const child = spawn(program, args, {
    cwd: REPOSITORY,
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
    killSignal: 'SIGKILL',
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (text.stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (text.stderr += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}

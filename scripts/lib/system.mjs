/** Running commands, and installing what the system lacks; before anything is installed, so with Node alone. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository's root. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
/** Folder of what setup keeps from call to call. */
export const cache = join(root, 'node_modules/.cache/synseg');

export function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

export function fail(text) {
  say(text);
  process.exit(1);
}

/** Runs a command silently; on failure prints what it said and ends the script, or returns false with `optional`. */
export function runQuietly(command, args, { optional = false, env = process.env, cwd = root, shell = false } = {}) {
  const result = spawnSync(command, args, { cwd, env, shell, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status === 0) return true;
  if (optional) return false;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  return fail(`Cannot continue: "${[command, ...args].join(' ')}" must succeed, got ${reasonOf(result)}`);
}

function reasonOf(result) {
  return result.error?.message ?? (result.signal === null ? `exit code ${result.status}` : `signal ${result.signal}`);
}

/** npm as this script's own npm when there is one (`npm test` run by npm 10 stays npm 10), else the one on PATH. */
export function runNpm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return runQuietly(process.execPath, [cli, ...args], options);
  return runQuietly('npm', args, { ...options, shell: process.platform === 'win32' });
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The words to put before apt-get, or undefined where this user may not install packages. */
function rightsToInstall() {
  if (process.platform !== 'linux' || spawnSync('apt-get', ['--version']).status !== 0) return undefined;
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n', '-E'] : undefined;
}

/**
 * Installs packages of the system, their names separated by spaces; false where this user may not, or with `optional`
 * where it failed.
 */
export function installWithApt(names, { optional = false } = {}) {
  const prefix = rightsToInstall();
  if (prefix === undefined) return false;
  say(`installing ${names} (apt-get) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return [['update'], ['install', '-y', '--no-install-recommends', ...names.split(' ')]].every((step) => {
    const [command, ...args] = [...prefix, 'apt-get', ...step];
    return runQuietly(command, args, { env, optional });
  });
}

export function isDebian() {
  const path = '/etc/os-release';
  return existsSync(path) && /^ID=debian$/m.test(readFileSync(path, 'utf8'));
}

/** Files out of packages of Debian and Ubuntu, which are downloaded and unpacked but not installed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { withoutSecrets } from '@synseg/core/guards';
import { atEnd } from './ending.ts';

/** Where there is no network apt-get is to say so soon. In folders of one's own it needs no user of its own. */
const APT_OPTIONS = ['Acquire::Retries=0', 'Acquire::http::Timeout=15', 'APT::Sandbox::User=root'];
const MILLISECONDS_BETWEEN_LOOKS = 300;

/** What apt-get would download. */
export interface PackageFile {
  readonly name: string;
  readonly bytes: number;
}

/** Looks a package up. @throws Error when there is no apt-get, or it does not know the package */
export async function findPackage(name: string, folder: string): Promise<PackageFile> {
  const listed = await aptGet(['--print-uris', 'download', name], folder);
  // 'http://deb.debian.org/…/opencv-doc_4.6.0%2bdfsg-12_all.deb' opencv-doc_4.6.0+dfsg-12_all.deb 95715012 SHA256:…
  const [, file, bytes] = /^'[^']+' (\S+) (\d+)/m.exec(listed) ?? [];
  if (file === undefined) throw new Error(`apt-get says no address of ${name}`);
  return { name: file, bytes: Number(bytes) };
}

/** Downloads a package into a folder. @returns its path. @throws Error with apt-get's reason when that fails */
export async function downloadPackage(
  name: string,
  { name: file, bytes }: PackageFile,
  folder: string,
  onBytes: (done: number, total: number) => void,
): Promise<string> {
  const path = join(folder, file);
  const looking = setInterval(() => {
    stat(path).then(
      ({ size }) => onBytes(size, bytes),
      () => undefined,
    );
  }, MILLISECONDS_BETWEEN_LOOKS);
  try {
    await aptGet(['download', name], folder);
  } finally {
    clearInterval(looking);
  }
  onBytes(bytes, bytes);
  return path;
}

/** Writes one file of a package to `target`. @throws Error when it is not in it */
export async function unpackFile(path: string, file: string, target: string): Promise<void> {
  const unpacking = start('dpkg-deb', ['--fsys-tarfile', path]);
  const picking = start('tar', ['--extract', '--to-stdout', '--wildcards', `*/${file}`]);
  const [, , ...ends] = await Promise.all([
    // tar may go before all is written.
    pipeline(unpacking.child.stdout!, picking.child.stdin!).catch(() => undefined),
    pipeline(picking.child.stdout!, createWriteStream(target)),
    unpacking.ended,
    picking.ended,
  ]);
  const failed = ends.find(({ code }) => code !== 0);
  if (failed !== undefined) throw new Error(`${file} cannot be unpacked: ${failed.complaints.trim()}`);
}

async function aptGet(words: readonly string[], folder: string): Promise<string> {
  const { child, ended } = start(
    'apt-get',
    ['-q', ...APT_OPTIONS.flatMap((option) => ['-o', option]), ...words],
    folder,
  );
  let said = '';
  child.stdout!.on('data', (part: Buffer) => (said += part.toString()));
  const { code, complaints } = await ended;
  if (code === 0) return said;
  if (/Unable to locate/.test(complaints)) throw new Error('apt has no list with the package (apt-get update gets it)');
  // "E: Failed to fetch http://….deb  Could not connect to …"; an address may hold a proxy's password.
  const [, reason = `exit code ${String(code)}`] = /^E: (.*)$/m.exec(complaints) ?? [];
  throw new Error(withoutSecrets(reason.replace(/\s+/g, ' ')));
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly complaints: string }>;
}

/** Starts a program that does not outlive this one. */
function start(program: string, words: readonly string[], cwd?: string): Started {
  const env = { ...process.env, LC_ALL: 'C' };
  const child = spawn(program, words, { cwd, env, stdio: 'pipe' });
  const stop = atEnd(() => child.kill());
  let complaints = '';
  child.stderr.on('data', (part: Buffer) => (complaints += part.toString()));
  const ended = once(child, 'close').then(
    ([code]) => ({ code: code as number | null, complaints }),
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new Error(`there is no ${program} here`) : error;
    },
  );
  void ended.catch(() => undefined).finally(stop);
  return { child, ended };
}

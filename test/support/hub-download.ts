/** A repository, a cache folder and a child process to download with: what the hub tests share. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import type { DownloadCheckpointOptions } from '../../packages/core/src/checkpoint/hub-options.ts';
import { downloadCheckpoint } from '../../packages/core/src/checkpoint/hub.ts';
import { isSynsegError } from '../../packages/core/src/errors.ts';
import { etagOf, startHubServer, type HubRepo, type HubServer } from './hub-server.ts';

export const REPO = 'owner/clipseg-tiny';
export const FIRST = '1'.repeat(40);
export const SECOND = '2'.repeat(40);
export const WEIGHTS = bytesOf('weights', 400_000);
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export const FILES: Record<string, Uint8Array> = {
  'README.md': text('# tiny'),
  'config.json': text('{"model_type":"clipseg"}'),
  'merges.txt': text('#version: 0.2\n'),
  'model.safetensors': WEIGHTS,
  'preprocessor_config.json': text('{"size":352}'),
  'pytorch_model.bin': bytesOf('pickle', 500),
  'vocab.json': text('{"a":0}'),
};
export const WANTED = ['config.json', 'merges.txt', 'model.safetensors', 'preprocessor_config.json', 'vocab.json'];

/** `length` bytes that differ for each seed and have no period a resume at a wrong offset could hide behind. */
export function bytesOf(seed: string, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    createHash('sha256').update(`${seed}${index}`).digest(),
  );
  return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
}

export function tinyRepo(files = FILES): HubRepo {
  return { commits: { [FIRST]: files }, refs: { 'main': FIRST, 'v1.0': FIRST } };
}

/** Concurrent tests must register clean-up with their own context: the global hook may belong to another test. */
export type OnTestFinished = TestContext['onTestFinished'];

async function temporaryFolder(onTestFinished: OnTestFinished): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'synseg-hub-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Setup {
  readonly onTestFinished: OnTestFinished;
  readonly server: HubServer;
  readonly cacheDir: string;
  readonly folder: string;
  readonly weightsBlob: string;
  download(options?: DownloadCheckpointOptions): Promise<string>;
  /** Names of unfinished downloads in the cache. */
  partials(): Promise<string[]>;
}

export async function setUp(onTestFinished: OnTestFinished, repo: HubRepo = tinyRepo()): Promise<Setup> {
  const server = await startHubServer({ [REPO]: repo });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const cacheDir = await temporaryFolder(onTestFinished);
  const folder = join(cacheDir, 'models--owner--clipseg-tiny');
  return {
    onTestFinished,
    server,
    cacheDir,
    folder,
    weightsBlob: join(folder, 'blobs', etagOf('model.safetensors', WEIGHTS)),
    download: (options = {}) => downloadCheckpoint(REPO, { hubUrl: server.url, cacheDir, offline: false, ...options }),
    partials: async () => (await readdir(join(folder, 'blobs'))).filter((name) => name.endsWith('.incomplete')),
  };
}

/** The error a promise rejects with, as `code: message`. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    (value) => `no error: ${String(value)}`,
    (error: unknown) => (isSynsegError(error) ? `${error.code}: ${error.message}` : String(error)),
  );
}

export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** `downloadCheckpoint` in a process of its own; prints its loaded weight bytes line by line, then the folder. */
export function spawnDownload(setup: Setup, prefix: readonly string[] = []): ChildProcess {
  const hub = new URL('../../packages/core/src/checkpoint/hub.ts', import.meta.url).href;
  const script = `
    const { downloadCheckpoint } = await import(${JSON.stringify(hub)});
    try {
      console.log(await downloadCheckpoint(${JSON.stringify(REPO)}, {
        hubUrl: ${JSON.stringify(setup.server.url)},
        cacheDir: ${JSON.stringify(setup.cacheDir)},
        offline: false,
        onProgress: (p) => p.file === 'model.safetensors' && console.log('loaded ' + p.loadedBytes),
      }));
    } catch (error) {
      console.log(error.code + ': ' + error.message);
    }`;
  const command = [...prefix, process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  setup.onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

export async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return output.trim();
}

/** Resolves when the child has stored at least this many bytes of the weights. */
export async function loadedAtLeast(child: ChildProcess, bytes: number): Promise<void> {
  let output = '';
  for await (const chunk of child.stdout ?? []) {
    output += String(chunk);
    if (output.split('\n').some((line) => Number(/^loaded (\d+)$/.exec(line)?.[1] ?? -1) >= bytes)) return;
  }
  throw new Error(`the child ended early: ${output}`);
}

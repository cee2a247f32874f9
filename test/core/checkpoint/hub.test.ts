import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import { downloadCheckpoint, hubDefaults, type DownloadCheckpointOptions, type DownloadProgress } from '../../../packages/core/src/checkpoint/hub.ts';
import { fetchBlob } from '../../../packages/core/src/checkpoint/hub-transfer.ts';
import { isSynsegError } from '../../../packages/core/src/errors.ts';
import { etagOf, startHubServer, type HubRepo, type HubServer } from '../../support/hub-server.ts';

const REPO = 'owner/clipseg-tiny';
const FIRST = '1'.repeat(40);
const SECOND = '2'.repeat(40);
const WEIGHTS = bytesOf('weights', 400_000);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const FILES: Record<string, Uint8Array> = {
  'README.md': text('# tiny'),
  'config.json': text('{"model_type":"clipseg"}'),
  'merges.txt': text('#version: 0.2\n'),
  'model.safetensors': WEIGHTS,
  'preprocessor_config.json': text('{"size":352}'),
  'pytorch_model.bin': bytesOf('pickle', 500),
  'vocab.json': text('{"a":0}'),
};
const WANTED = ['config.json', 'merges.txt', 'model.safetensors', 'preprocessor_config.json', 'vocab.json'];

/** `length` bytes that differ for each seed and have no period a resume at a wrong offset could hide behind. */
function bytesOf(seed: string, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) => createHash('sha256').update(`${seed}${index}`).digest());
  return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
}

function tinyRepo(files = FILES): HubRepo {
  return { commits: { [FIRST]: files }, refs: { main: FIRST, 'v1.0': FIRST } };
}

/** Concurrent tests must register clean-up with their own context: the global hook may belong to another test. */
type OnTestFinished = TestContext['onTestFinished'];

async function temporaryFolder(onTestFinished: OnTestFinished): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'synseg-hub-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Setup {
  readonly onTestFinished: OnTestFinished;
  readonly server: HubServer;
  readonly cacheDir: string;
  readonly folder: string;
  readonly weightsBlob: string;
  download(options?: DownloadCheckpointOptions): Promise<string>;
  /** Names of unfinished downloads in the cache. */
  partials(): Promise<string[]>;
}

async function setUp(onTestFinished: OnTestFinished, repo: HubRepo = tinyRepo()): Promise<Setup> {
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
async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    (value) => `no error: ${String(value)}`,
    (error: unknown) => (isSynsegError(error) ? `${error.code}: ${error.message}` : String(error)),
  );
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** `downloadCheckpoint` in a process of its own; prints its loaded weight bytes line by line, then the folder. */
function spawnDownload(setup: Setup, prefix: readonly string[] = []): ChildProcess {
  const hub = new URL('../../../packages/core/src/checkpoint/hub.ts', import.meta.url).href;
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

async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return output.trim();
}

/** Resolves when the child has stored at least this many bytes of the weights. */
async function loadedAtLeast(child: ChildProcess, bytes: number): Promise<void> {
  let output = '';
  for await (const chunk of child.stdout ?? []) {
    output += String(chunk);
    if (output.split('\n').some((line) => Number(/^loaded (\d+)$/.exec(line)?.[1] ?? -1) >= bytes)) return;
  }
  throw new Error(`the child ended early: ${output}`);
}

describe.concurrent('downloadCheckpoint()', () => {
  it('downloads what a checkpoint needs into the standard cache layout', async ({ expect, onTestFinished }) => {
    const { server, folder, download, partials } = await setUp(onTestFinished);
    const snapshot = await download();
    expect(snapshot).toBe(join(folder, 'snapshots', FIRST));
    expect((await readdir(snapshot)).sort()).toEqual(WANTED);
    for (const file of WANTED) {
      const content = FILES[file] ?? text('');
      const etag = etagOf(file, content);
      expect(await readlink(join(snapshot, file))).toBe(`../../blobs/${etag}`);
      expect(Buffer.compare(await readFile(join(folder, 'blobs', etag)), content)).toBe(0);
    }
    expect(await readFile(join(folder, 'refs', 'main'), 'utf8')).toBe(FIRST);
    expect(await partials()).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['blobs', 'refs', 'snapshots']);
    expect(await readdir(join(folder, '..', '.locks', 'models--owner--clipseg-tiny'))).toEqual([]);
    expect(server.requests.filter((seen) => /README|pytorch/.test(seen.path))).toEqual([]);
  });

  it('reports growing progress from the first byte to the last of each file', async ({ expect, onTestFinished }) => {
    const { download } = await setUp(onTestFinished);
    const reports: DownloadProgress[] = [];
    await download({ onProgress: (progress) => void reports.push(progress) });
    for (const file of WANTED) {
      const loaded = reports.filter((report) => report.file === file).map((report) => report.loadedBytes);
      expect(loaded[0]).toBe(0);
      expect(loaded.at(-1)).toBe(FILES[file]?.length);
      expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    }
    expect(reports.at(-1)).toEqual({ file: 'model.safetensors', loadedBytes: 400_000, totalBytes: 400_000 });
  });

  it('asks once more for a branch that is cached and fetches no file again', async ({ expect, onTestFinished }) => {
    const { server, download } = await setUp(onTestFinished);
    const snapshot = await download();
    const before = server.requests.length;
    expect(await download()).toBe(snapshot);
    expect(server.requests.length - before).toBe(1);
  });

  it('fetches what a partly filled snapshot lacks and keeps the rest', async ({ expect, onTestFinished }) => {
    const { server, download } = await setUp(onTestFinished);
    const snapshot = await download();
    await rm(join(snapshot, 'preprocessor_config.json'));
    await rm(join(snapshot, 'model.safetensors'));
    expect(await download({ revision: FIRST })).toBe(snapshot);
    expect((await readdir(snapshot)).sort()).toEqual(WANTED);
    expect(server.fileRequests('model.safetensors').length).toBe(1);
  });

  it('prefers model.safetensors to shards and variants', async ({ expect, onTestFinished }) => {
    const shard = bytesOf('shard', 100);
    const { download } = await setUp(
      onTestFinished,
      tinyRepo({ ...FILES, 'model.fp16.safetensors': shard, 'model-00001-of-00001.safetensors': shard, 'model.safetensors.index.json': text('{}'), 'vocab.safetensors': shard, 'vision.onnx': shard }),
    );
    expect((await readdir(await download())).sort()).toEqual([...WANTED, 'vision.onnx', 'vocab.safetensors'].sort());
  });

  it('takes shards and their index where there is no single file', async ({ expect, onTestFinished }) => {
    const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const { 'model.safetensors': _, ...rest } = FILES;
    const index = { weight_map: { a: names[0], b: names[1] } };
    const { download } = await setUp(
      onTestFinished,
      tinyRepo({
        ...rest,
        ...Object.fromEntries(names.map((name) => [name, bytesOf(name, 1000)])),
        'model.safetensors.index.json': text(JSON.stringify(index)),
      }),
    );
    const snapshot = await download();
    expect(await readdir(snapshot)).toEqual(expect.arrayContaining([...names, 'model.safetensors.index.json']));
    await rm(join(snapshot, names[1] ?? ''));
    expect(await failureOf(download({ offline: true }))).toContain(`without ${names.join(' + ')}`);
  });

  describe('resume', () => {
    it('continues at the byte where the server cut the connection', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, download } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ holdAfter: 150_000, thenCut: true }]);
      const loaded: number[] = [];
      await download({
        onProgress({ file, loadedBytes }) {
          if (file !== 'model.safetensors') return;
          loaded.push(loadedBytes);
          if (loadedBytes === 150_000) server.release();
        },
      });
      expect(server.fileRequests('model.safetensors').map((seen) => seen.range)).toEqual([undefined, 'bytes=150000-']);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
      expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    });

    it('tries again after a 503 in mid-transfer', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, download } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ status: 503 }, { status: 429 }]);
      await download();
      expect(server.fileRequests('model.safetensors').length).toBe(3);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
    });

    it('starts over when the server answers a range request with the whole file', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, folder, download } = await setUp(onTestFinished);
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(`${weightsBlob}.old.synseg.incomplete`, WEIGHTS.subarray(0, 1000));
      server.fault('model.safetensors', [{ ignoreRange: true }]);
      await download();
      expect(server.fileRequests('model.safetensors').map((seen) => seen.range)).toEqual(['bytes=1000-']);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
    });

    it('starts over when the kept beginning turns out to be spoilt', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, folder, download, partials } = await setUp(onTestFinished);
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(`${weightsBlob}.old.synseg.incomplete`, new Uint8Array(5000));
      await download();
      expect(server.fileRequests('model.safetensors').map((seen) => seen.range)).toEqual(['bytes=5000-', undefined]);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
      expect(await partials()).toEqual([]);
    });

    it('starts over after a 416', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, folder, download } = await setUp(onTestFinished);
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(`${weightsBlob}.old.synseg.incomplete`, WEIGHTS.subarray(0, 1000));
      server.fault('model.safetensors', [{ body: WEIGHTS.subarray(0, 500) }]);
      await download();
      expect(server.fileRequests('model.safetensors').map((seen) => seen.range)).toEqual(['bytes=1000-', undefined]);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
    });

    it('takes the longest of several beginnings, drops the others and leaves the one of Python alone', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, folder, download, partials } = await setUp(onTestFinished);
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(`${weightsBlob}.a.synseg.incomplete`, WEIGHTS.subarray(0, 1000));
      await writeFile(`${weightsBlob}.b.synseg.incomplete`, WEIGHTS.subarray(0, 2000));
      await writeFile(`${weightsBlob}.c.synseg.incomplete`, new Uint8Array(WEIGHTS.length + 1));
      await writeFile(`${weightsBlob}.incomplete`, 'python');
      await download();
      expect(server.fileRequests('model.safetensors').map((seen) => seen.range)).toEqual(['bytes=2000-']);
      expect(await partials()).toEqual([`${etagOf('model.safetensors', WEIGHTS)}.incomplete`]);
    });

    it('needs no request for a beginning that is the whole file', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, folder, download } = await setUp(onTestFinished);
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(`${weightsBlob}.a.synseg.incomplete`, WEIGHTS);
      await download();
      expect(server.fileRequests('model.safetensors')).toEqual([]);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
    });

    it('continues after kill -9 of the downloading process', async ({ expect, onTestFinished }) => {
      const setup = await setUp(onTestFinished);
      setup.server.fault('model.safetensors', [{ holdAfter: 250_000 }]);
      const child = spawnDownload(setup);
      await loadedAtLeast(child, 250_000);
      child.kill('SIGKILL');
      await once(child, 'close');
      expect((await setup.partials()).length).toBe(1);
      await setup.download();
      expect(setup.server.fileRequests('model.safetensors').map((seen) => seen.range)).toEqual([undefined, 'bytes=250000-']);
      expect(Buffer.compare(await readFile(setup.weightsBlob), WEIGHTS)).toBe(0);
      expect(await setup.partials()).toEqual([]);
    });

    it('drops a connection that stalls and continues', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, folder } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ holdAfter: 100_000 }]);
      await fetchBlob(
        { path: 'model.safetensors', url: `${server.url}/${REPO}/resolve/${FIRST}/model.safetensors`, size: WEIGHTS.length, etag: etagOf('model.safetensors', WEIGHTS) },
        {
          address: { repo: REPO, revision: 'main', hubUrl: server.url, accessToken: undefined, signal: undefined },
          blobPath: weightsBlob,
          lockPath: join(folder, 'lock'),
          onProgress: () => undefined,
          stallMs: 300,
        },
      );
      expect(server.fileRequests('model.safetensors').map((seen) => seen.range)).toEqual([undefined, 'bytes=100000-']);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
    });
  });

  describe('revisions', () => {
    const twoCommits = (): HubRepo => ({
      commits: { [FIRST]: FILES, [SECOND]: { ...FILES, 'config.json': text('{"model_type":"clipseg","v":2}') } },
      refs: { main: SECOND, 'v1.0': FIRST, 'refs/pr/1': SECOND },
    });

    it('resolves a branch, a tag, a pull request and a commit', async ({ expect, onTestFinished }) => {
      const { server, folder, download } = await setUp(onTestFinished, twoCommits());
      expect(await download()).toBe(join(folder, 'snapshots', SECOND));
      expect(await download({ revision: 'v1.0' })).toBe(join(folder, 'snapshots', FIRST));
      expect(await download({ revision: FIRST })).toBe(join(folder, 'snapshots', FIRST));
      expect(await download({ revision: 'refs/pr/1' })).toBe(join(folder, 'snapshots', SECOND));
      expect(await readFile(join(folder, 'refs', 'v1.0'), 'utf8')).toBe(FIRST);
      expect(await readFile(join(folder, 'refs', 'refs', 'pr', '1'), 'utf8')).toBe(SECOND);
      expect(server.fileRequests('model.safetensors').length).toBe(1);
    });

    it('follows a branch that moved', async ({ expect, onTestFinished }) => {
      const repo = twoCommits();
      repo.refs['main'] = FIRST;
      const { folder, download } = await setUp(onTestFinished, repo);
      expect(await download()).toBe(join(folder, 'snapshots', FIRST));
      repo.refs['main'] = SECOND;
      expect(await download()).toBe(join(folder, 'snapshots', SECOND));
      expect(await readFile(join(folder, 'refs', 'main'), 'utf8')).toBe(SECOND);
    });

    it('sends nothing for a commit that is cached', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished, twoCommits());
      const snapshot = await download({ revision: FIRST });
      const before = server.requests.length;
      expect(await download({ revision: FIRST })).toBe(snapshot);
      expect(server.requests.length).toBe(before);
    });

    it('names a revision that does not exist', async ({ expect, onTestFinished }) => {
      const { download } = await setUp(onTestFinished);
      expect(await failureOf(download({ revision: 'nope' }))).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: revision must be a branch, tag or commit of the repository, got "nope"`,
      );
    });
  });

  describe('without network', () => {
    it('offline uses the cache and sends nothing', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      const snapshot = await download();
      const before = server.requests.length;
      expect(await download({ offline: true })).toBe(snapshot);
      expect(await download({ offline: true, revision: FIRST })).toBe(snapshot);
      expect(server.requests.length).toBe(before);
    });

    it('offline says what is missing and how to get it', async ({ expect, onTestFinished }) => {
      const { cacheDir, folder, download } = await setUp(onTestFinished);
      expect(await failureOf(download({ offline: true }))).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: revision must be in the cache when offline, got nothing cached for "main" in ${cacheDir}; ` +
          'download it once without offline and HF_HUB_OFFLINE, or pass a folder path',
      );
      const snapshot = await download();
      await rm(join(snapshot, 'model.safetensors'));
      expect(await failureOf(download({ offline: true }))).toContain(`got ${join(folder, 'snapshots', FIRST)} without model.safetensors;`);
    });

    it('offline reads a cache Python wrote', async ({ expect, onTestFinished }) => {
      const { folder, download } = await setUp(onTestFinished);
      const snapshot = join(folder, 'snapshots', FIRST);
      await mkdir(join(folder, 'refs'), { recursive: true });
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await mkdir(snapshot, { recursive: true });
      await writeFile(join(folder, 'refs', 'main'), FIRST);
      for (const file of ['config.json', 'model.safetensors']) {
        const content = FILES[file] ?? text('');
        await writeFile(join(folder, 'blobs', etagOf(file, content)), content);
        await symlink(`../../blobs/${etagOf(file, content)}`, join(snapshot, file));
      }
      expect(await download({ offline: true })).toBe(snapshot);
    });

    it('a hub that is down names host and cause', async ({ expect, onTestFinished }) => {
      const { cacheDir, download } = await setUp(onTestFinished);
      const port = await closedPort();
      expect(await failureOf(download({ hubUrl: `http://127.0.0.1:${port}` }))).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: hub 127.0.0.1:${port} must be reachable, got ECONNREFUSED ` +
          `and nothing cached for "main" in ${cacheDir}; a folder path works without network`,
      );
    });

    it('a hub that is down or overloaded leaves the snapshot cached last', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      const snapshot = await download();
      expect(await download({ hubUrl: `http://127.0.0.1:${await closedPort()}` })).toBe(snapshot);
      server.apiStatus = 503;
      expect(await download()).toBe(snapshot);
    });
  });

  describe('refusals', () => {
    it('names a repository that does not exist', async ({ expect, onTestFinished }) => {
      const { server, cacheDir } = await setUp(onTestFinished);
      const host = new URL(server.url).host;
      expect(await failureOf(downloadCheckpoint('owner/other', { hubUrl: server.url, cacheDir, offline: false }))).toBe(
        `HUB_DOWNLOAD: Cannot download owner/other: repository must exist at ${host}, got status 404 RepoNotFound; ` +
          'if it is private, set HF_TOKEN (or the accessToken option) to a token that may read it',
      );
    });

    it('asks for a token where the repository is gated and never prints the one it has', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished, { ...tinyRepo(), token: 'secret-good' });
      const failure = await failureOf(download({ accessToken: 'secret-bad' }));
      expect(failure).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: repository must be open to you, got status 401 GatedRepo; accept its terms ` +
          'on the hub if it is gated, and set HF_TOKEN (or the accessToken option) to a token that may read it',
      );
      await download({ accessToken: 'secret-good\n' });
      const storage = server.requests.filter((seen) => seen.storage);
      expect(storage.map((seen) => seen.authorization)).toEqual([undefined]);
    });

    it('names a file the token may not read', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      server.fault('config.json', [{ status: 403, errorCode: 'GatedRepo' }]);
      expect(await failureOf(download())).toContain('repository must be open to you, got status 403 GatedRepo;');
    });

    it('names a file the hub lists but does not have', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      server.fault('config.json', [{ status: 404, errorCode: 'EntryNotFound' }]);
      expect(await failureOf(download())).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: /${REPO}/resolve/${FIRST}/config.json must be readable at ${new URL(server.url).host}, got status 404 EntryNotFound`,
      );
    });

    it('does not load pickle weights', async ({ expect, onTestFinished }) => {
      const { download } = await setUp(onTestFinished, tinyRepo({ 'config.json': text('{}'), 'pytorch_model.bin': text('x') }));
      expect(await failureOf(download())).toBe(
        `CHECKPOINT_FORMAT: Cannot download ${REPO}: repository must have *.safetensors, got config.json, pytorch_model.bin; pickle weights (.bin, .pt) are not loaded`,
      );
    });

    it('refuses content with another digest and keeps none of it', async ({ expect, onTestFinished }) => {
      const { server, download, partials } = await setUp(onTestFinished);
      const other = bytesOf('other', WEIGHTS.length);
      server.fault('model.safetensors', [{ body: other }]);
      expect(await failureOf(download())).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: digest of model.safetensors must be ${etagOf('model.safetensors', WEIGHTS)}, got ${etagOf('model.safetensors', other)}`,
      );
      expect(await partials()).toEqual([]);
    });

    it('checks the digest of small files too', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      server.fault('vocab.json', [{ body: text('{"b":0}') }]);
      expect(await failureOf(download())).toContain('digest of vocab.json must be');
    });

    it('refuses content of another size', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      server.fault('config.json', [{ body: text('{"model_type":"clipseg"} ') }]);
      expect(await failureOf(download())).toBe(`HUB_DOWNLOAD: Cannot download ${REPO}: size of config.json must be 24 bytes, got at least 25`);
      server.fault('config.json', [{ body: text('{}') }], 'forever');
      expect(await failureOf(download())).toBe(`HUB_DOWNLOAD: Cannot download ${REPO}: size of config.json must be 24 bytes, got 2`);
    });

    it('gives up on a line that keeps breaking and says how to go on', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ holdAfter: 1000, thenCut: true }, { status: 502 }], 'forever');
      const failure = await failureOf(download({ onProgress: ({ loadedBytes }) => void (loadedBytes === 1000 && server.release()) }));
      expect(failure).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: hub ${new URL(server.url).host} must be reachable, got status 502 for model.safetensors ` +
          'at byte 1000 of 400000 after 5 tries; run again to resume; a folder path works without network',
      );
    });

    it('names a cache folder it cannot write', async ({ expect, onTestFinished }) => {
      const { cacheDir, download } = await setUp(onTestFinished);
      await writeFile(join(cacheDir, 'file'), '');
      expect(await failureOf(download({ cacheDir: join(cacheDir, 'file') }))).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: cache ${join(cacheDir, 'file')} must be a folder you can write, got ENOTDIR; set cacheDir or HF_HUB_CACHE to use another`,
      );
    });

    it.skipIf(process.platform === 'win32')('says so when the disk is full, and resumes', async ({ expect, onTestFinished }) => {
      const setup = await setUp(onTestFinished);
      // A file size limit of 100 KiB stands in for the full disk: the write fails in the same place.
      const output = await outputOf(spawnDownload(setup, ['bash', '-c', 'trap "" XFSZ; ulimit -f 100; exec "$@"', 'bash']));
      expect(output.split('\n').at(-1)).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: cache ${setup.cacheDir} must have room (free some, then run again to resume), got EFBIG; set cacheDir or HF_HUB_CACHE to use another`,
      );
      await setup.download();
      expect(setup.server.fileRequests('model.safetensors').at(-1)?.range).toBe(`bytes=${100 * 1024}-`);
      expect(Buffer.compare(await readFile(setup.weightsBlob), WEIGHTS)).toBe(0);
    });

    it('rejects malformed arguments before any request', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      expect(await failureOf(downloadCheckpoint('../up'))).toBe('RangeError: Cannot download checkpoint: repo must be "owner/name", got "../up"');
      expect(await failureOf(download({ revision: '../up' }))).toBe(
        `RangeError: Cannot download ${REPO}: revision must be a branch, tag or commit, got "../up"`,
      );
      expect(await failureOf(download({ hubUrl: 'ftp://x' }))).toBe(
        `RangeError: Cannot download ${REPO}: hubUrl must be a plain http or https URL, got "ftp://x"`,
      );
      expect(await failureOf(download({ hubUrl: 'http://user:secret@x' }))).toBe(
        `RangeError: Cannot download ${REPO}: hubUrl must be a plain http or https URL, got one with a user name or password`,
      );
      expect(await failureOf(download({ accessToken: 'sec\nret' }))).toBe(
        `RangeError: Cannot download ${REPO}: accessToken must be printable ASCII, got other characters`,
      );
      expect(server.requests).toEqual([]);
    });
  });

  describe('concurrency', () => {
    it('two processes at once end with the same correct files', async ({ expect, onTestFinished }) => {
      const setup = await setUp(onTestFinished);
      setup.server.fault('model.safetensors', [{ holdAfter: 100_000 }]);
      const children = [spawnDownload(setup), spawnDownload(setup)];
      const outputs = children.map(outputOf);
      // A child that fails ends without reaching the held answer.
      await Promise.race([setup.server.held, ...outputs]);
      setup.server.release();
      const snapshot = join(setup.folder, 'snapshots', FIRST);
      for (const output of await Promise.all(outputs)) expect(output.split('\n').at(-1)).toBe(snapshot);
      expect(Buffer.compare(await readFile(join(snapshot, 'model.safetensors')), WEIGHTS)).toBe(0);
      expect((await readdir(snapshot)).sort()).toEqual(WANTED);
      expect(await setup.partials()).toEqual([]);
    });

    it('a second call in the process waits for the first and downloads nothing twice', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, download } = await setUp(onTestFinished);
      const [one, two] = await Promise.all([download(), download()]);
      expect(one).toBe(two);
      expect(server.fileRequests('model.safetensors').length).toBe(1);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
    });

    it('a second call goes on where an aborted first one stopped', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, download } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ holdAfter: 100_000 }]);
      const abort = new AbortController();
      const first = failureOf(download({ signal: abort.signal }));
      await server.held;
      const second = download();
      abort.abort(new Error('enough'));
      expect(await first).toBe('Error: enough');
      await second;
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
    });

    it('is right even when a lock is taken from a writer that is still alive', async ({ expect, onTestFinished }) => {
      const { server, cacheDir, weightsBlob, download, partials } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ holdAfter: 100_000 }]);
      const first = download();
      await server.held;
      const lock = join(cacheDir, '.locks', 'models--owner--clipseg-tiny', `${etagOf('model.safetensors', WEIGHTS)}.synseg.lock`);
      // As after a long freeze of the first writer: the lock looks abandoned, its half-written file gets adopted.
      await rm(lock);
      const snapshot = await download();
      server.release();
      expect(await first).toBe(snapshot);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
      expect(await partials()).toEqual([]);
    });
  });

  describe('abort', () => {
    it('rejects with the reason in mid-transfer and leaves a resumable file', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, download, partials } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ holdAfter: 200_000 }]);
      const abort = new AbortController();
      const reason = new Error('user left');
      const running = download({
        signal: abort.signal,
        onProgress: ({ loadedBytes }) => void (loadedBytes === 200_000 && abort.abort(reason)),
      });
      await expect(running).rejects.toBe(reason);
      expect((await partials()).length).toBe(1);
      await download();
      expect(server.fileRequests('model.safetensors').at(-1)?.range).toBe('bytes=200000-');
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
    });

    it('rejects with the reason while it waits for another call', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ holdAfter: 1000 }]);
      const first = download();
      await server.held;
      const reason = new Error('no patience');
      await expect(download({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const abort = new AbortController();
      const second = download({ signal: abort.signal });
      setTimeout(() => abort.abort(reason), 50);
      await expect(second).rejects.toBe(reason);
      server.release();
      await first;
    });

    it('passes on what onProgress throws', async ({ expect, onTestFinished }) => {
      const { download } = await setUp(onTestFinished);
      const mine = new Error('mine');
      const running = download({
        onProgress() {
          throw mine;
        },
      });
      await expect(running).rejects.toBe(mine);
    });
  });
});

describe('hubDefaults()', () => {
  const NAMES = ['HF_ENDPOINT', 'HF_TOKEN', 'HF_HUB_OFFLINE', 'HF_HUB_CACHE', 'HF_HOME', 'HUGGINGFACE_HUB_CACHE', 'XDG_CACHE_HOME'];
  const under = <T>(environment: Record<string, string>, read: () => T): T => {
    const saved = NAMES.map((name) => [name, process.env[name]] as const);
    for (const name of NAMES) delete process.env[name];
    Object.assign(process.env, environment);
    try {
      return read();
    } finally {
      for (const [name, value] of saved) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  };

  it('reads the variables of huggingface_hub', ({ expect }) => {
    expect(under({ HF_ENDPOINT: 'http://hub', HF_TOKEN: 't', HF_HUB_OFFLINE: '1', HF_HOME: '/home/hf' }, hubDefaults)).toEqual({
      hubUrl: 'http://hub',
      cacheDir: join('/home/hf', 'hub'),
      accessToken: 't',
      offline: true,
    });
    expect(under({ HF_HUB_CACHE: '/cache', HF_HOME: '/home/hf' }, hubDefaults).cacheDir).toBe('/cache');
  });

  it('falls back to the public hub, online, without a token', ({ expect }) => {
    const { cacheDir, ...rest } = under({ HF_HUB_OFFLINE: '0', HF_TOKEN: '' }, hubDefaults);
    expect(rest).toEqual({ hubUrl: 'https://huggingface.co', accessToken: undefined, offline: false });
    expect(cacheDir.endsWith(join('.cache', 'huggingface', 'hub'))).toBe(true);
  });
});

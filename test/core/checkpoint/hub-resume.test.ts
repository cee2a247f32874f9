import { once } from 'node:events';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { fetchBlob } from '../../../packages/core/src/checkpoint/hub-transfer.ts';
import {
  REPO,
  FIRST,
  WEIGHTS,
  WANTED,
  setUp,
  failureOf,
  spawnDownload,
  outputOf,
  loadedAtLeast,
} from '../../support/hub-download.ts';
import { etagOf } from '../../support/hub-server.ts';

describe.concurrent('downloadCheckpoint()', () => {
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

    it('starts over when the server answers a range request with the whole file', async ({
      expect,
      onTestFinished,
    }) => {
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

    it('takes the longest of several beginnings, drops the others and leaves the one of Python alone', async ({
      expect,
      onTestFinished,
    }) => {
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
      expect(setup.server.fileRequests('model.safetensors').map((seen) => seen.range)).toEqual([
        undefined,
        'bytes=250000-',
      ]);
      expect(Buffer.compare(await readFile(setup.weightsBlob), WEIGHTS)).toBe(0);
      expect(await setup.partials()).toEqual([]);
    });

    it('drops a connection that stalls and continues', async ({ expect, onTestFinished }) => {
      const { server, weightsBlob, folder } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ holdAfter: 100_000 }]);
      await fetchBlob(
        {
          path: 'model.safetensors',
          url: `${server.url}/${REPO}/resolve/${FIRST}/model.safetensors`,
          size: WEIGHTS.length,
          etag: etagOf('model.safetensors', WEIGHTS),
        },
        {
          address: { repo: REPO, revision: 'main', hubUrl: server.url, accessToken: undefined, signal: undefined },
          blobPath: weightsBlob,
          lockPath: join(folder, 'lock'),
          onProgress: () => undefined,
          maxSilenceSeconds: 1,
        },
      );
      expect(server.fileRequests('model.safetensors').map((seen) => seen.range)).toEqual([undefined, 'bytes=100000-']);
      expect(Buffer.compare(await readFile(weightsBlob), WEIGHTS)).toBe(0);
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

    it('a second call in the process waits for the first and downloads nothing twice', async ({
      expect,
      onTestFinished,
    }) => {
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
      const lock = join(
        cacheDir,
        '.locks',
        'models--owner--clipseg-tiny',
        `${etagOf('model.safetensors', WEIGHTS)}.synseg.lock`,
      );
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

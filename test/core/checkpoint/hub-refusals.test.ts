import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import type { DownloadCheckpointOptions } from '../../../packages/core/src/checkpoint/hub-options.ts';
import { downloadCheckpoint } from '../../../packages/core/src/checkpoint/hub.ts';
import {
  REPO,
  FIRST,
  WEIGHTS,
  text,
  bytesOf,
  tinyRepo,
  setUp,
  failureOf,
  spawnDownload,
  outputOf,
} from '../../support/hub-download.ts';
import { etagOf } from '../../support/hub-server.ts';

/** A page of a hub's list. */
interface Page {
  readonly body: string | Buffer;
  /** Where the next one is said to be. */
  readonly next?: string;
}

/** A hub that names a commit rightly and lists what it is told to. */
async function startHub(pageOf: (url: string) => Page) {
  const server = createServer((request, response) => {
    if (request.url?.includes('/revision/') === true) return void response.end(JSON.stringify({ sha: FIRST }));
    const { body, next } = pageOf(`http://${host}${request.url ?? ''}`);
    response.writeHead(200, next === undefined ? {} : { link: `<${next}>; rel="next"` }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cacheDir = await mkdtemp(join(tmpdir(), 'synseg-hub-'));
  return {
    host,
    cacheDir,
    download: (options: DownloadCheckpointOptions = {}) =>
      downloadCheckpoint(REPO, { hubUrl: `http://${host}`, cacheDir, offline: false, ...options }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(cacheDir, { recursive: true });
    },
  };
}

describe.concurrent('downloadCheckpoint()', () => {
  describe('refusals', () => {
    it('names a repository that does not exist', async ({ expect, onTestFinished }) => {
      const { server, cacheDir } = await setUp(onTestFinished);
      const host = new URL(server.url).host;
      expect(await failureOf(downloadCheckpoint('owner/other', { hubUrl: server.url, cacheDir, offline: false }))).toBe(
        `HUB_DOWNLOAD: Cannot download owner/other: repository must exist at ${host}, got status 404 RepoNotFound; ` +
          'if it is private, set HF_TOKEN (or the accessToken option) to a token that may read it',
      );
    });

    it('asks for a token where the repository is gated and never prints the one it has', async ({
      expect,
      onTestFinished,
    }) => {
      const { server, download } = await setUp(onTestFinished, { ...tinyRepo(), token: 'secret-good' });
      const failure = await failureOf(download({ accessToken: 'secret-bad' }));
      expect(failure).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: repository must be open to you, got status 401 GatedRepo; accept ` +
          'its terms ' +
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
        `HUB_DOWNLOAD: Cannot download ${REPO}: /${REPO}/resolve/${FIRST}/config.json must be readable at ` +
          `${new URL(server.url).host}, got status 404 EntryNotFound`,
      );
    });

    it('does not load pickle weights', async ({ expect, onTestFinished }) => {
      const { download } = await setUp(
        onTestFinished,
        tinyRepo({ 'config.json': text('{}'), 'pytorch_model.bin': text('x') }),
      );
      expect(await failureOf(download())).toBe(
        `CHECKPOINT_FORMAT: Cannot download ${REPO}: repository must have *.safetensors, got config.json, ` +
          'pytorch_model.bin; pickle weights (.bin, .pt) are not loaded',
      );
    });

    it('refuses content with another digest and keeps none of it', async ({ expect, onTestFinished }) => {
      const { server, download, partials } = await setUp(onTestFinished);
      const other = bytesOf('other', WEIGHTS.length);
      server.fault('model.safetensors', [{ body: other }]);
      expect(await failureOf(download())).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: digest of model.safetensors must be ` +
          `${etagOf('model.safetensors', WEIGHTS)}, got ${etagOf('model.safetensors', other)}`,
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
      expect(await failureOf(download())).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: size of config.json must be 24 bytes, got at least 25`,
      );
      server.fault('config.json', [{ body: text('{}') }], 'forever');
      expect(await failureOf(download())).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: size of config.json must be 24 bytes, got 2`,
      );
    });

    it('gives up on a line that keeps breaking and says how to go on', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      server.fault('model.safetensors', [{ holdAfter: 1000, thenCut: true }, { status: 502 }], 'forever');
      const failure = await failureOf(
        download({ onProgress: ({ loadedBytes }) => void (loadedBytes === 1000 && server.release()) }),
      );
      expect(failure).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: hub ${new URL(server.url).host} must be reachable, got status 502 ` +
          'for model.safetensors ' +
          'at byte 1000 of 400000 after 5 tries; run again to resume; a folder path works without network',
      );
    });

    it('names a cache folder it cannot write', async ({ expect, onTestFinished }) => {
      const { cacheDir, download } = await setUp(onTestFinished);
      await writeFile(join(cacheDir, 'file'), '');
      expect(await failureOf(download({ cacheDir: join(cacheDir, 'file') }))).toBe(
        `HUB_DOWNLOAD: Cannot download ${REPO}: cache ${join(cacheDir, 'file')} must be a folder you can write, ` +
          'got ENOTDIR; set cacheDir or HF_HUB_CACHE to use another',
      );
    });

    it.skipIf(process.platform === 'win32')(
      'says so when the disk is full, and resumes',
      async ({ expect, onTestFinished }) => {
        const setup = await setUp(onTestFinished);
        // A file size limit of 100 KiB stands in for the full disk: the write fails in the same place.
        const output = await outputOf(
          spawnDownload(setup, ['bash', '-c', 'trap "" XFSZ; ulimit -f 100; exec "$@"', 'bash']),
        );
        expect(output.split('\n').at(-1)).toBe(
          `HUB_DOWNLOAD: Cannot download ${REPO}: cache ${setup.cacheDir} must have room (free some, then run ` +
            'again to resume), got EFBIG; set cacheDir or HF_HUB_CACHE to use another',
        );
        await setup.download();
        expect(setup.server.fileRequests('model.safetensors').at(-1)?.range).toBe(`bytes=${100 * 1024}-`);
        expect(Buffer.compare(await readFile(setup.weightsBlob), WEIGHTS)).toBe(0);
      },
    );

    describe('what the hub lists', () => {
      const entry = { type: 'file', path: 'config.json', size: 24, oid: 'a'.repeat(40) };
      const weights = { ...entry, path: 'model.safetensors' };

      it.for<[string, unknown[], string]>([
        [
          'a size as text',
          [{ ...entry, size: '7' }, weights],
          'size of config.json must be a whole number of bytes, got "7"',
        ],
        [
          'a negative size',
          [{ ...entry, size: -1 }, weights],
          'size of config.json must be a whole number of bytes, got -1',
        ],
        [
          'no size',
          [{ ...entry, size: null }, weights],
          'size of config.json must be a whole number of bytes, got null',
        ],
        [
          'half a byte',
          [{ ...entry, size: 0.5 }, weights],
          'size of config.json must be a whole number of bytes, got 0.5',
        ],
        [
          'a size beyond all numbers',
          [{ ...entry, size: 2 ** 60 }, weights],
          'size of config.json must be a whole number of bytes, got 1152921504606847000',
        ],
        [
          'a size of the pointer alone',
          [entry, { ...weights, size: undefined, lfs: { oid: 'b'.repeat(64) } }],
          'size of model.safetensors must be a whole number of bytes, got undefined',
        ],
        [
          'more than maxDownloadBytes',
          [entry, { ...weights, size: 2 ** 50 }],
          'files must have at most 53687091200 bytes together (maxDownloadBytes), got 1125899906842648',
        ],
        [
          'a digest that is none',
          [{ ...entry, oid: '../../x' }, weights],
          'digest of config.json must be listed by the hub, got "../../x"',
        ],
        [
          'a digest that is no text',
          [{ ...entry, oid: 7 }, weights],
          'digest of config.json must be listed by the hub, got 7',
        ],
        ['nothing where a file should be', [null], 'each entry of the list must have a type and a path, got null'],
        [
          'a path that is no text',
          [{ ...entry, path: 5 }],
          'each entry of the list must have a type and a path, got {"type":"file","path":5',
        ],
      ])('must not be %s', async ([, listing, rest], { expect }) => {
        await using hub = await startHub(() => ({ body: JSON.stringify(listing) }));
        expect(await failureOf(hub.download())).toContain(`HUB_DOWNLOAD: Cannot download ${REPO}: ${rest}`);
        expect(await readdir(hub.cacheDir).catch(() => [])).toEqual([]);
      });

      it('must end: pages without a file, and more files than maxListedFiles', async ({ expect }) => {
        await using hub = await startHub((url) => ({ body: '[]', next: url }));
        expect(await failureOf(hub.download())).toBe(
          `HUB_DOWNLOAD: Cannot download ${REPO}: page of the list must name a file where another page follows, ` +
            'got an empty one',
        );
        await using full = await startHub((url) => ({ body: JSON.stringify([entry]), next: url }));
        expect(await failureOf(full.download({ maxListedFiles: 50 }))).toBe(
          `HUB_DOWNLOAD: Cannot download ${REPO}: repository must list at most 50 files (maxListedFiles), got more`,
        );
      });

      it('must be JSON, and of a size that can be held', async ({ expect }) => {
        await using page = await startHub(() => ({ body: '<html>Welcome to our airport</html>' }));
        expect(await failureOf(page.download())).toBe(
          `HUB_DOWNLOAD: Cannot download ${REPO}: hub ${page.host} must be reachable, got an answer that is no ` +
            'JSON object or list; a folder path works without network',
        );
        await using endless = await startHub(() => ({ body: Buffer.alloc(17 * 2 ** 20, ' ') }));
        expect(await failureOf(endless.download())).toBe(
          `HUB_DOWNLOAD: Cannot download ${REPO}: answer of the hub must have at most 16777216 bytes, got more`,
        );
      });
    });

    it('checks the kinds of its arguments, and knows the names of its options', async ({ expect }) => {
      expect(await failureOf(downloadCheckpoint(undefined as never))).toBe(
        'TypeError: Cannot download checkpoint: repo must be "owner/name", got undefined',
      );
      expect(await failureOf(downloadCheckpoint(REPO, { cachedir: '/x' } as never))).toBe(
        'TypeError: Cannot download checkpoint: options must have known names, got "cachedir" (did you mean ' +
          '"cacheDir"?)',
      );
      expect(await failureOf(downloadCheckpoint(REPO, { onProgress: true } as never))).toBe(
        'TypeError: Cannot download checkpoint: onProgress must be a function, got true',
      );
      expect(await failureOf(downloadCheckpoint(REPO, { accessToken: 5 } as never))).toBe(
        'TypeError: Cannot download checkpoint: accessToken must be a string that is not empty, got "number"',
      );
      expect(await failureOf(downloadCheckpoint(REPO, { maxDownloadBytes: 0 }))).toBe(
        'RangeError: Cannot download checkpoint: maxDownloadBytes must be a positive integer, got 0',
      );
    });

    it('rejects malformed arguments before any request', async ({ expect, onTestFinished }) => {
      const { server, download } = await setUp(onTestFinished);
      expect(await failureOf(downloadCheckpoint('../up'))).toBe(
        'RangeError: Cannot download checkpoint: repo must be "owner/name", got "../up"',
      );
      expect(await failureOf(download({ revision: '../up' }))).toBe(
        `RangeError: Cannot download ${REPO}: revision must be a branch, tag or commit, got "../up"`,
      );
      expect(await failureOf(download({ hubUrl: 'ftp://x' }))).toBe(
        `RangeError: Cannot download ${REPO}: hubUrl must be a plain http or https URL, got "ftp://x"`,
      );
      expect(await failureOf(download({ hubUrl: 'http://user:secret@x' }))).toBe(
        `RangeError: Cannot download ${REPO}: hubUrl must be a plain http or https URL, got one with a user name ` +
          'or password',
      );
      expect(await failureOf(download({ accessToken: 'sec\nret' }))).toBe(
        `RangeError: Cannot download ${REPO}: accessToken must be printable ASCII, got other characters`,
      );
      expect(server.requests).toEqual([]);
    });
  });
});

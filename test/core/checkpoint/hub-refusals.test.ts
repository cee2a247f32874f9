import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { downloadCheckpoint } from '../../../packages/core/src/checkpoint/hub.ts';
import { REPO, FIRST, WEIGHTS, text, bytesOf, tinyRepo, setUp, failureOf, spawnDownload, outputOf } from '../../support/hub-download.ts';
import { etagOf } from '../../support/hub-server.ts';

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
});

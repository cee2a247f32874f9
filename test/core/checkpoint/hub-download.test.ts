import { mkdir, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import type { DownloadProgress } from '../../../packages/core/src/checkpoint/hub-options.ts';
import { hubDefaults } from '../../../packages/core/src/checkpoint/hub.ts';
import {
  REPO,
  FIRST,
  SECOND,
  text,
  FILES,
  WANTED,
  bytesOf,
  tinyRepo,
  setUp,
  failureOf,
  closedPort,
} from '../../support/hub-download.ts';
import { etagOf, type HubRepo } from '../../support/hub-server.ts';

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
      tinyRepo({
        ...FILES,
        'model.fp16.safetensors': shard,
        'model-00001-of-00001.safetensors': shard,
        'model.safetensors.index.json': text('{}'),
        'vocab.safetensors': shard,
        'vision.onnx': shard,
        'words.json': text('{}'),
      }),
    );
    const more = ['vision.onnx', 'vocab.safetensors', 'words.json'];
    expect((await readdir(await download())).sort()).toEqual([...WANTED, ...more].sort());
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

  describe('revisions', () => {
    const twoCommits = (): HubRepo => ({
      commits: { [FIRST]: FILES, [SECOND]: { ...FILES, 'config.json': text('{"model_type":"clipseg","v":2}') } },
      refs: { 'main': SECOND, 'v1.0': FIRST, 'refs/pr/1': SECOND },
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
        `HUB_DOWNLOAD: Cannot download ${REPO}: revision must be in the cache when offline, got nothing cached for ` +
          `"main" in ${cacheDir}; ` +
          'download it once without offline and HF_HUB_OFFLINE, or pass a folder path',
      );
      const snapshot = await download();
      await rm(join(snapshot, 'model.safetensors'));
      expect(await failureOf(download({ offline: true }))).toContain(
        `got ${join(folder, 'snapshots', FIRST)} without model.safetensors;`,
      );
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
});

describe('hubDefaults()', () => {
  const NAMES = [
    'HF_ENDPOINT',
    'HF_TOKEN',
    'HF_HUB_OFFLINE',
    'HF_HUB_CACHE',
    'HF_HOME',
    'HUGGINGFACE_HUB_CACHE',
    'XDG_CACHE_HOME',
  ];
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
    expect(
      under({ HF_ENDPOINT: 'http://hub', HF_TOKEN: 't', HF_HUB_OFFLINE: '1', HF_HOME: '/home/hf' }, hubDefaults),
    ).toEqual({ hubUrl: 'http://hub', cacheDir: join('/home/hf', 'hub'), accessToken: 't', offline: true });
    expect(under({ HF_HUB_CACHE: '/cache', HF_HOME: '/home/hf' }, hubDefaults).cacheDir).toBe('/cache');
    expect(under({ HF_HUB_CACHE: '', HF_HOME: '/home/hf' }, hubDefaults).cacheDir).toBe(join('/home/hf', 'hub'));
  });

  it('falls back to the public hub, online, without a token', ({ expect }) => {
    const { cacheDir, ...rest } = under({ HF_HUB_OFFLINE: '0', HF_TOKEN: '' }, hubDefaults);
    expect(rest).toEqual({ hubUrl: 'https://huggingface.co', accessToken: undefined, offline: false });
    expect(cacheDir.endsWith(join('.cache', 'huggingface', 'hub'))).toBe(true);
  });
});

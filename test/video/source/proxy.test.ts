/** Videos on web servers come through the proxy of the environment, which ffmpeg would overlook. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import { proxyEnvironment } from '../../../packages/video/src/process/locate.ts';
import { probe } from '../../../packages/video/src/decode/probe.ts';
import { temporaryFolder, testClip } from '../clips.ts';

const folder = temporaryFolder();
/** What the proxy was asked for, with the login it was given. */
const asked: { readonly url: string | undefined; readonly login: string | undefined }[] = [];
let clip: Buffer;
const proxy = createServer((request, response) => {
  // ffmpeg says its login when it is asked to.
  if (request.headers['proxy-authorization'] === undefined)
    return void response.writeHead(407, { 'proxy-authenticate': 'Basic realm="gate"' }).end();
  asked.push({ url: request.url, login: request.headers['proxy-authorization'] });
  response.end(clip);
}).on('connect', (request, socket) => {
  asked.push({ url: request.url, login: request.headers['proxy-authorization'] });
  socket.on('error', () => undefined).end('HTTP/1.1 403 Forbidden\r\n\r\n');
});
let address = '';

beforeAll(async () => {
  clip = readFileSync(testClip(join(folder.path, 'clip.mp4'), { more: ['-movflags', '+faststart'] }));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  address = `http://robot:gate@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
beforeEach(() => {
  for (const name of [
    'HTTP_PROXY',
    'http_proxy',
    'HTTPS_PROXY',
    'https_proxy',
    'ALL_PROXY',
    'all_proxy',
    'NO_PROXY',
    'no_proxy',
  ])
    vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  asked.length = 0;
});
afterAll(() => {
  proxy.close();
  proxy.closeAllConnections();
  folder.remove();
});

const login = `Basic ${Buffer.from('robot:gate').toString('base64')}`;

it('HTTP_PROXY, with its login', async () => {
  vi.stubEnv('HTTP_PROXY', address);
  const url = 'http://camera.example/clip.mp4';
  expect((await probe(url)).width).toBe(160);
  for await (const { index } of decodeFrames(url, { size: { width: 32, height: 32 } })) if (index === 1) break;
  expect(asked.length).toBeGreaterThanOrEqual(2);
  for (const each of asked) expect(each).toEqual({ url: 'http://camera.example:80/clip.mp4', login });
});

it('HTTPS_PROXY for https, and HTTP_PROXY not', async () => {
  vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
  vi.stubEnv('HTTPS_PROXY', address);
  await expect(probe('https://camera.example/clip.mp4')).rejects.toMatchObject({
    code: 'VIDEO_DECODE',
    message: expect.not.stringContaining('gate') as unknown,
  });
  expect(asked[0]?.url).toBe('camera.example:443');
});

it('none for hosts of NO_PROXY, and for what is no web address', () => {
  vi.stubEnv('HTTP_PROXY', address);
  vi.stubEnv('NO_PROXY', 'camera.example');
  expect(proxyEnvironment('http://camera.example/clip.mp4')).toMatchObject({
    http_proxy: '',
    no_proxy: 'camera.example',
  });
  expect(proxyEnvironment('http://other.example/clip.mp4')).toMatchObject({ http_proxy: address });
  expect(proxyEnvironment('rtsp://camera.example/1')['http_proxy']).toBeUndefined();
});

import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as Guards from '@synseg/core/guards';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import { probe } from '../../../packages/video/src/decode/probe.ts';
import { publicAddress } from '../../../packages/video/src/source/public-address.ts';

/** This machine counts as public where a test says so: there is no other server to ask. */
const open = vi.hoisted(() => ({ hosts: new Set<string>() }));
vi.mock('@synseg/core/guards', async (original) => {
  const guards = await original<typeof Guards>();
  return { ...guards, isPublicHost: async (host: string) => open.hosts.has(host) || guards.isPublicHost(host) };
});
const servers: Server[] = [];
afterEach(() => {
  open.hosts.clear();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

describe('publicOnly', () => {
  it.each([
    'rtsp://127.0.0.1/live',
    'rtsp://user:pass@192.168.1.10:554/live',
    'http://[::1]:8080/a.mp4',
    'http://2130706433/',
    'tcp://localhost:9',
    'srt://169.254.169.254:9000',
    'rtsp://name.invalid/1',
  ])('refuses %s', async (url) => {
    await expect(publicAddress(url, 1)).rejects.toMatchObject({
      code: 'VIDEO_DECODE',
      message: expect.stringMatching(/with publicOnly its address must be public, got [a-z]+:\/\/(?!.*pass)/),
    });
  });

  it.each(['http://8.8.8.8\\@127.0.0.1/', 'http://8.8.8.8/\n', 'rtsp://8.8.8.8 /', 'rtsp://:@'])(
    'refuses what can be read in two ways: %j',
    async (url) => {
      await expect(publicAddress(url, 1)).rejects.toThrow('must be written plainly');
    },
  );

  it('takes public addresses, but no playlists', async () => {
    expect(await publicAddress('rtsp://user:pass@8.8.8.8:80/live', 1)).toBe('rtsp://user:pass@8.8.8.8:80/live');
    await expect(publicAddress('https://8.8.8.8/list.m3u8?x', 1)).rejects.toThrow('must be no playlist');
  });

  it('follows redirects, and refuses those that lead inside', async () => {
    const server = createServer((request, response) => {
      const to = new URL(request.url ?? '/', 'http://h').searchParams.get('to');
      if (to === null) response.writeHead(request.headers.authorization === undefined ? 401 : 200).end();
      else response.writeHead(302, { location: to }).end();
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    open.hosts.add('127.0.0.1');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await publicAddress(`${base}/?to=/end`, 5)).toBe(`${base}/end`);
    expect(await publicAddress(`${base}/end`, 5)).toBe(`${base}/end`);
    await expect(publicAddress(`${base}/?to=http://10.0.0.1/x`, 5)).rejects.toThrow(
      'must be public, got http://10.0.0.1/x',
    );
    await expect(publicAddress(`${base}/?to=file:///etc/passwd`, 5)).rejects.toThrow('must stay on the web');
    await expect(publicAddress(`${base}/?to=/list.m3u8`, 5)).rejects.toThrow('must be no playlist');
    await expect(publicAddress(`${base}/?to=${encodeURIComponent('?to=?')}`, 5)).resolves.toContain(base);
    const circle = createServer((_request, response) => void response.writeHead(302, { location: '/' }).end()).listen(
      0,
      '127.0.0.1',
    );
    servers.push(circle);
    await once(circle, 'listening');
    await expect(publicAddress(`http://127.0.0.1:${(circle.address() as AddressInfo).port}/`, 5)).rejects.toThrow(
      'must need at most 5 redirects',
    );
  });

  it('is for network sources', async () => {
    expect(() => decodeFrames('a.mp4', { size: { width: 8, height: 8 }, publicOnly: true })).toThrow(
      'Cannot decode video: publicOnly must be used with a network source, got a file',
    );
    await expect(probe('rtsp://127.0.0.1/1', { publicOnly: true })).rejects.toThrow('must be public');
    await expect(
      decodeFrames('rtsp://127.0.0.1/1', { size: { width: 8, height: 8 }, publicOnly: true }).next(),
    ).rejects.toMatchObject({ code: 'VIDEO_DECODE' });
  });
});

/** What ffmpeg may open for a source: playlists in disguise read nothing, those that are called so do. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import { allowedArguments } from '../../../packages/video/src/source/allowed.ts';
import { probe } from '../../../packages/video/src/decode/probe.ts';
import type { VideoSource } from '../../../packages/video/src/source/source.ts';
import { audioCodecOf } from '../../../packages/video/src/sinks/sound.ts';
import { temporaryFolder, testClip } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const clip = testClip(at('secret.ts'), { more: ['-f', 'mpegts'] });

async function count(source: VideoSource): Promise<number> {
  let frames = 0;
  for await (const _ of decodeFrames(source, { size: { width: 8, height: 8 } })) frames += 1;
  return frames;
}

const playlist = (target: string): string =>
  `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\n${target}\n#EXT-X-ENDLIST\n`;
const disguises: readonly (readonly [string, string])[] = [
  ['an HLS playlist', playlist('secret.ts')],
  ['an HLS playlist with an absolute path', playlist(clip)],
  ['a list of concat', `ffconcat version 1.0\nfile secret.ts\n`],
  [
    'a DASH manifest',
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" ' +
      'mediaPresentationDuration="PT1S" minBufferTime="PT1S" ' +
      'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet ' +
      'mimeType="video/mp2t"><Representation id="1" bandwidth="1"><BaseURL>secret.ts</BaseURL></Representation>' +
      '</AdaptationSet></Period></MPD>',
  ],
  [
    'a session description',
    'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n',
  ],
];

describe('a file that came from somebody else', () => {
  it.each(disguises)('reads no other file when it is %s', async (_what, text) => {
    for (const name of ['upload.mp4', 'upload.txt', 'upload.png', 'upload']) {
      writeFileSync(at(name), text);
      await expect(count(at(name))).rejects.toMatchObject({ code: 'VIDEO_DECODE' });
      await expect(probe(at(name))).rejects.toMatchObject({ code: 'VIDEO_DECODE' });
      expect(await audioCodecOf('ffmpeg', at(name))).toBeUndefined();
    }
  });

  it('is read as a playlist when it is called one, or asked for', async () => {
    writeFileSync(at('list.m3u8'), playlist('secret.ts'));
    writeFileSync(at('list.ffconcat'), 'ffconcat version 1.0\nfile secret.ts\n');
    copyFileSync(at('list.ffconcat'), at('list.txt'));
    expect(await count(at('list.m3u8'))).toBe(25);
    expect(await count(at('list.ffconcat'))).toBe(25);
    await expect(count(at('list.txt'))).rejects.toThrow(
      /no frame could be decoded\. ffmpeg said: Format concat not on whitelist\n/,
    );
    expect(await count({ url: `file:${at('list.txt')}`, inputOptions: ['-f', 'concat'] })).toBe(25);
  });
});

describe('a source on the web', () => {
  it('is read as a playlist only when it is called one, and never reaches files', async () => {
    const clipBytes = readFileSync(clip);
    const pages = new Map<string, string>([
      ['/list.m3u8', playlist('/clip.ts')],
      ['/hidden', playlist('/clip.ts')],
      ['/file.m3u8', playlist(`file://${clip}`)],
    ]);
    const server = createServer((request, response) => {
      const text = pages.get((request.url ?? '').split('?')[0] ?? '');
      if (request.url === '/redirect') response.writeHead(302, { location: `file://${clip}` }).end();
      else if (text === undefined) response.end(clipBytes);
      else response.end(text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await count(`${base}/list.m3u8`)).toBe(25);
    expect(await count(`${base}/list.m3u8?token=x`)).toBe(25);
    for (const page of ['hidden', 'file.m3u8', 'redirect'])
      await expect(count(`${base}/${page}`)).rejects.toMatchObject({ code: 'VIDEO_DECODE' });
    expect(await count({ url: `${base}/hidden`, inputOptions: ['-f', 'hls'] })).toBe(25);
    server.close();
  });
});

describe('allowedArguments()', () => {
  const protocols = (...args: Parameters<typeof allowedArguments>): string | undefined => allowedArguments(...args)[1];

  it('fits the protocols to the source', () => {
    expect(protocols('file', 'file:a.mp4', undefined)).toBe('file');
    expect(protocols('file', 'file:a.m3u8', undefined)).toBe('file,http,https,httpproxy,tcp,tls,crypto,data');
    expect(protocols('file', 'concat:a|b', undefined)).toBe('concat,file');
    expect(protocols('stdin', 'pipe:0', undefined)).toBe('pipe,fd');
    expect(protocols('network', 'https://h/a.mp4', undefined)).toBe('https,http,httpproxy,tcp,tls,crypto,data');
    expect(protocols('network', 'rtsp://h/a', undefined)).toMatch(/^rtsp,.*\btcp\b.*\budp\b.*\brtp\b/);
    expect(protocols('network', 'rtsp://h/a', undefined)).not.toMatch(/\bfile\b|\bpipe\b/);
  });

  it('lets playlists in by name or by format', () => {
    const formats = (...args: Parameters<typeof allowedArguments>): string => `,${allowedArguments(...args)[3]},`;
    for (const [text, format] of [
      ['file:a.M3U8', 'hls'],
      ['file:a.mpd', 'dash'],
      ['file:a.sdp', 'sdp'],
      ['file:a.ffconcat', 'concat'],
    ] as const) {
      expect(formats('file', text, undefined)).toContain(`,${format},`);
    }
    expect(formats('network', 'http://h/a.m3u8?x=.mp4', undefined)).toContain(',hls,');
    expect(formats('network', 'http://h/a.mp4?x=.m3u8', undefined)).not.toContain(',hls,');
    expect(formats('file', 'file:a.mp4', undefined)).not.toMatch(
      /,(?:hls|dash|concat|sdp|rtsp|image2|lavfi|imf|svg_pipe|tty),/,
    );
    expect(formats('file', 'testsrc', 'lavfi')).toContain(',lavfi,');
    for (const [kind, text] of [
      ['file', 'file:a.jpg'],
      ['network', 'http://h/a.png?x=.mp4'],
    ] as const)
      expect(formats(kind, text, undefined)).toContain(',image2,');
    expect(formats('network', 'http://h/a.mp4?x=.png', undefined)).not.toContain(',image2,');
  });
});

/** Pictures from every kind of source, as upright RGB bytes. Values are exact: the sources are lossless. */
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openImage, type ImageInput } from '../../../packages/core/src/image/image.ts';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const source = picture(7, 5, 1);
const encode = (format: 'png' | 'webp' | 'tiff' = 'png'): Promise<Buffer> =>
  sharp(source.data, { raw: { width: 7, height: 5, channels: 3 } })
    .toFormat(format, { webp: { lossless: true }, tiff: { compression: 'lzw' }, png: {} }[format])
    .toBuffer();

let png: Buffer;
let server: Server;
let url: string;
const path = join(folder, 'pïcture 1.png');
beforeAll(async () => {
  png = await encode();
  writeFileSync(path, png);
  server = createServer((request, response) => {
    if (request.url?.startsWith('/slow') === true) return;
    if (request.url?.startsWith('/drip') === true) {
      const timer = setInterval(() => response.write('x'), 100);
      return void response.on('close', () => clearInterval(timer));
    }
    const login = `Basic ${Buffer.from('admin:s3cret#1').toString('base64')}`;
    if (request.url?.startsWith('/locked') === true && request.headers.authorization !== login)
      return void response.writeHead(401).end();
    if (request.url?.startsWith('/missing') === true) return void response.writeHead(404).end();
    if (request.url?.startsWith('/endless') === true)
      return void pipeline(createReadStream('/dev/zero'), response).catch(() => undefined);
    response.end(png);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function pixels(input: ImageInput): Promise<{ width: number; height: number; data: number[] }> {
  const { width, height, pixels: decode } = await openImage(input);
  return { width, height, data: [...(await decode())] };
}

const expected = { width: 7, height: 5, data: [...source.data] };

describe('openImage() reads', () => {
  it('a path', async () => expect(await pixels(path)).toEqual(expected));
  it('a file: URL, also as text', async () => {
    expect(await pixels(pathToFileURL(path))).toEqual(expected);
    expect(await pixels(pathToFileURL(path).href)).toEqual(expected);
  });
  it('a file whose name begins as an address does', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      for (const name of ['data:1.png', 'file:1.png', 'http:1.png']) {
        writeFileSync(join(folder, name), png);
        expect(await pixels(name), name).toEqual(expected);
      }
    } finally {
      process.chdir(before);
    }
  });
  it('an http: URL, also as text', async () => {
    expect(await pixels(new URL(`${url}/a.png?token=1`))).toEqual(expected);
    expect(await pixels(`${url}/a`)).toEqual(expected);
  });
  it('an http: URL with a login', async () => {
    expect(await pixels(`${url.replace('//', '//admin:s3cret#1@')}/locked.png`)).toEqual(expected);
    expect(await pixels(new URL(`${url.replace('//', '//admin:s3cret%231@')}/locked.png`))).toEqual(expected);
  });
  it('a data: URL', async () =>
    expect(await pixels(`data:image/png;base64,${png.toString('base64')}`)).toEqual(expected));
  it('encoded bytes, whatever the format', async () => {
    for (const format of ['png', 'webp', 'tiff'] as const)
      expect(await pixels(await encode(format)), format).toEqual(expected);
  });
  it('an ArrayBuffer', async () => expect(await pixels(Uint8Array.from(png).buffer)).toEqual(expected));
  it('a part of a larger buffer', async () =>
    expect(await pixels(Buffer.concat([Buffer.alloc(5, 1), png]).subarray(5))).toEqual(expected));
});

describe('openImage() reads raw pixels:', () => {
  const gray = Uint8Array.of(0, 100, 255, 7, 8, 9);
  const threefold = [...gray].flatMap((value) => [value, value, value]);

  it('RGB', async () => expect(await pixels(source)).toEqual(expected));
  it('gray, three times the same', async () => {
    expect(await pixels({ data: gray, width: 3, height: 2 })).toEqual({ width: 3, height: 2, data: threefold });
    expect(await pixels({ data: gray, width: 3, height: 2, channels: 1 })).toEqual({
      width: 3,
      height: 2,
      data: threefold,
    });
  });
  it('RGBA, whose alpha is dropped and not blended', async () => {
    const data = Uint8ClampedArray.from({ length: 35 * 4 }, (_, index) =>
      index % 4 === 3 ? index : (source.data[Math.floor(index / 4) * 3 + (index % 4)] as number),
    );
    expect(await pixels({ data, width: 7, height: 5 })).toEqual(expected);
  });
  it('RGBA resampled as if there were no alpha', async () => {
    const rgba = Uint8Array.from({ length: 35 * 4 }, (_, index) =>
      index % 4 === 3 ? 0 : (source.data[Math.floor(index / 4) * 3 + (index % 4)] as number),
    );
    const [opaque, transparent] = await Promise.all(
      [source, { data: rgba, width: 7, height: 5 }].map(async (input) => (await openImage(input)).resized(14, 3)),
    );
    expect([...(transparent as Uint8Array)]).toEqual([...(opaque as Uint8Array)]);
  });
});

describe('openImage() reads a sharp pipeline', () => {
  it('as it is', async () => expect(await pixels(sharp(png))).toEqual(expected));

  it('with what it still has to do: crop, turn, resize', async () => {
    const cropped = sharp(png).extract({ left: 2, top: 1, width: 3, height: 2 });
    const reference = [1, 2].flatMap((y) =>
      [2, 3, 4].flatMap((x) => [...source.data.slice((y * 7 + x) * 3, (y * 7 + x) * 3 + 3)]),
    );
    expect(await pixels(cropped)).toEqual({ width: 3, height: 2, data: reference });
    expect(await pixels(sharp(png).rotate(90))).toMatchObject({ width: 5, height: 7 });
    expect(await pixels(sharp(png).resize(21, 10))).toMatchObject({ width: 21, height: 10 });
    expect((await pixels(sharp(png).extractChannel(0))).data).toHaveLength(105);
  });

  it('twice, and leaves it usable', async () => {
    const pipeline = sharp(png);
    await pixels(pipeline);
    expect(await pixels(pipeline)).toEqual(expected);
    expect((await pipeline.metadata()).width).toBe(7);
  });

  it('and says IMAGE_DECODE when it yields none', async () => {
    await expect(openImage(sharp(Buffer.from('no picture')))).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
      message: expect.stringMatching(/^Cannot decode image from sharp: pipeline must yield a picture, got /),
    });
  });
});

describe('resized()', () => {
  it('returns the pixels themselves at their own size', async () => {
    expect([...(await (await openImage(png)).resized(7, 5))]).toEqual(expected.data);
  });

  it('crops a region first', async () => {
    const opened = await openImage(png);
    expect([...(await opened.resized(2, 1, { left: 3, top: 4, width: 2, height: 1 }))]).toEqual(
      expected.data.slice((4 * 7 + 3) * 3, (4 * 7 + 5) * 3),
    );
  });

  it('squeezes to any aspect without cropping', async () => {
    const two = {
      data: Uint8Array.from({ length: 40 * 10 * 3 }, (_, index) => (Math.floor(index / 3) % 40 < 20 ? 0 : 200)),
      width: 40,
      height: 10,
    };
    const small = await (await openImage(two)).resized(4, 4);
    expect([small[0], small[9], small[36], small[45]]).toEqual([0, 200, 0, 200]);
  });
});

describe('openImage() refuses', () => {
  it.each<[string, unknown, ErrorConstructor, string]>([
    [
      'null',
      null,
      TypeError,
      'input must be a path, URL, bytes, { data, width, height } or a sharp instance, got null',
    ],
    ['a number', 5, TypeError, 'input must be a path, URL, bytes, { data, width, height } or a sharp instance, got 5'],
    [
      'a promise',
      Promise.resolve('a.png'),
      TypeError,
      'input must be a path, URL, bytes, { data, width, height } or a sharp instance, got a Promise (did you ' +
        'forget await?)',
    ],
    [
      'a file: URL of another machine',
      'file://host/a.png',
      TypeError,
      'input must be a file: URL of this machine, got "file://host/a.png"',
    ],
    [
      'data that is no bytes',
      { data: [1, 2, 3], width: 1, height: 1 },
      TypeError,
      'input must be a path, URL, bytes, { data, width, height } or a sharp instance, got an object',
    ],
    ['no width', { data: new Uint8Array(3), height: 1 }, RangeError, 'width must be a positive integer, got undefined'],
    [
      'a fractional height',
      { data: new Uint8Array(3), width: 1, height: 1.5 },
      RangeError,
      'height must be a positive integer, got 1.5',
    ],
    [
      'data of no channel count',
      { data: new Uint8Array(7), width: 2, height: 1 },
      RangeError,
      'data must be one of 2, 6, 8 bytes for 2×1, got 7',
    ],
    [
      'data of two channels',
      { data: new Uint8Array(4), width: 2, height: 1 },
      RangeError,
      'data must be one of 2, 6, 8 bytes for 2×1, got 4',
    ],
    [
      'channels of their own count',
      { data: new Uint8Array(4), width: 2, height: 1, channels: 2 },
      RangeError,
      'channels must be 1, 3 or 4, got 2',
    ],
    [
      'a side that is no number',
      { data: new Uint8Array(3), width: new Map(), height: 1 },
      RangeError,
      'width must be a positive integer, got an instance of Map',
    ],
    [
      'data that does not match its channels',
      { data: new Uint8Array(6), width: 2, height: 1, channels: 4 },
      RangeError,
      'data must be 8 bytes for 2×1, got 6',
    ],
  ])('%s', async (_, input, kind, message) => {
    await expect(openImage(input as ImageInput)).rejects.toThrow(kind);
    await expect(openImage(input as ImageInput)).rejects.toThrow(`Cannot open image: ${message}`);
  });

  it.each<[string, () => ImageInput, RegExp]>([
    [
      'a path that is not there',
      () => join(folder, 'none.png'),
      /^Cannot open image: path must be a readable file, got ".*none\.png" \(ENOENT/,
    ],
    ['a folder', () => folder, /^Cannot open image: path must be a readable file, got .* \(EISDIR/],
    [
      'a device',
      () => '/dev/zero',
      /^Cannot open image: path must be a readable file, got "\/dev\/zero" \(a device\)$/,
    ],
    ['a path with a zero byte', () => 'a\0.png', /^Cannot open image: path must be a readable file, got "a\0\.png" \(/],
    [
      'a password in what is no URL to read',
      () => 'rtsp://me:hunter2@cam/live',
      /^Cannot open image: path must be a readable file, got "rtsp:\/\/cam\/live" \((?!.*hunter2)/,
    ],
    [
      'an HTTP error, without telling the query',
      () => `${url}/missing.png?token=secret`,
      /^Cannot open image: URL must answer with a picture, got HTTP status 404 from http:\/\/127\.0\.0\.1:\d+\/missing\.png$/,
    ],
    [
      'a host that does not answer',
      () => 'http://127.0.0.1:1/a.png',
      /^Cannot open image: URL must answer with a picture, got .* from http:\/\/127\.0\.0\.1:1\/a\.png$/,
    ],
    ['no bytes', () => new Uint8Array(0), /^Cannot decode image from bytes: file must not be empty, got 0 bytes$/],
    [
      'bytes that are no picture',
      () => Buffer.from('hello'),
      /^Cannot decode image from bytes: file must be a whole, valid picture, got /,
    ],
    [
      'a broken data: URL, without repeating it',
      () => 'data:image/png;base64,AAAA',
      /^Cannot decode image data: URL: file must be a whole, valid picture, got /,
    ],
  ])('%s', async (_, input, message) => {
    await expect(openImage(input())).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
      message: expect.stringMatching(message),
    });
  });

  it('half a picture, when its pixels are asked for', async () => {
    const opened = await openImage(png.subarray(0, png.length - 20));
    for (const decode of [() => opened.pixels(), () => opened.resized(3, 3)]) {
      await expect(decode()).rejects.toMatchObject({
        code: 'IMAGE_DECODE',
        message: expect.stringMatching(/^Cannot decode image from bytes: file must be a whole, valid picture, got /),
      });
    }
  });

  it('drawings, whatever they are called, unless they are asked for', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><rect width="4" height="3" fill="#f00"/></svg>';
    const message =
      'Cannot decode image from bytes: file must be a whole, valid picture, got SVG or other XML (SVG is taken ' +
      'with allowSVG)';
    const forms = [svg, `\ufeff  \n${svg}`, `<?xml version="1.0"?><!-- ${'x'.repeat(900)} -->${svg}`].map((text) =>
      Buffer.from(text),
    );
    for (const bytes of [...forms, gzipSync(svg)]) {
      await expect(openImage(bytes)).rejects.toMatchObject({ code: 'IMAGE_DECODE', message });
      expect([...(await (await openImage(bytes, { allowSVG: true })).pixels()).subarray(0, 3)]).toEqual([255, 0, 0]);
    }
    await expect(openImage(Buffer.from(`\ufeff${svg}`, 'utf16le'))).rejects.toThrow(message);
    await expect(openImage(Buffer.from('%PDF-1.7'), { allowSVG: true })).rejects.toThrow(
      'Cannot decode image from bytes: file must be a whole, valid picture, got Input buffer contains unsupported ' +
        'image format',
    );
  });

  it('a file longer than maxImageBytes, before reading it', async () => {
    const message =
      `Cannot open image: ${path} must be at most ${String(png.length - 1)} bytes (maxImageBytes), ` +
      `got ${String(png.length)}`;
    await expect(openImage(path, { maxImageBytes: png.length - 1 })).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
      message,
    });
    expect((await openImage(path, { maxImageBytes: png.length })).width).toBe(7);
    await expect(openImage(path, { maxImageBytes: 0 })).rejects.toThrow(
      new RangeError('Cannot open image: maxImageBytes must be a positive integer, got 0'),
    );
  });

  it('an answer longer than maxImageBytes, without reading on', async () => {
    const message = `Cannot open image: ${url}/endless.png must be at most 1000000 bytes (maxImageBytes), got more`;
    await expect(openImage(`${url}/endless.png?token=secret`, { maxImageBytes: 1_000_000 })).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
      message,
    });
    expect((await openImage(`${url}/a.png`, { maxImageBytes: png.length })).width).toBe(7);
  });

  it('a wrong login in a URL, without telling it', async () => {
    const error: unknown = await openImage(`${url.replace('//', '//me:wrong-hunter2@')}/locked.png?key=abcdefgh`).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({
      code: 'IMAGE_DECODE',
      message: `Cannot open image: URL must answer with a picture, got HTTP status 401 from ${url}/locked.png`,
    });
    expect(inspect(error, { depth: 9 })).not.toMatch(/hunter2|abcdefgh/);
  });

  it.each(['slow', 'drip'])('an answer that is not whole within maxFetchSeconds (%s)', async (path) => {
    const message =
      'Cannot open image: URL must answer with a picture, got no whole answer within 1 seconds ' +
      `(maxFetchSeconds) from ${url}/${path}`;
    await expect(openImage(`${url}/${path}`, { maxFetchSeconds: 1 })).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
      message,
    });
  });

  it('files and this machine, with publicOnly', async () => {
    const rule = 'Cannot open image: with publicOnly it must be an http, https or data URL, got';
    for (const file of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      await expect(openImage(file, { publicOnly: true })).rejects.toMatchObject({
        code: 'IMAGE_DECODE',
        message: `${rule} "${String(file)}"`,
      });
    }
    const message =
      'Cannot open image: URL must answer with a picture, got 127.0.0.1, which is no public address ' +
      `(publicOnly) from ${url}/a.png`;
    await expect(openImage(`${url}/a.png`, { publicOnly: true })).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
      message,
    });
    expect((await openImage(`data:image/png;base64,${png.toString('base64')}`, { publicOnly: true })).width).toBe(7);
    expect((await openImage(png, { publicOnly: true })).width).toBe(7);
  });

  it('more than maxPixels, before decoding', async () => {
    const message = (name: string): string =>
      `Cannot decode image ${name}: it must have at most 34 pixels (maxPixels), got 7×5`;
    await expect(openImage(png, { maxPixels: 34 })).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
      message: message('from bytes'),
    });
    await expect(openImage(source, { maxPixels: 34 })).rejects.toThrow(message('from raw pixels'));
    await expect(openImage(sharp(png), { maxPixels: 34 })).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
      message: message('from sharp'),
    });
    expect((await openImage(png, { maxPixels: 35 })).width).toBe(7);
  });
});

describe('aborting', () => {
  const reason = new Error('changed my mind');

  it("rejects with the signal's reason while a server lets it wait", async () => {
    const controller = new AbortController();
    const opening = openImage(`${url}/slow`, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(opening).rejects.toBe(reason);
  });

  it('rejects at once while a pipe has no writer; one that has is a picture as long as its limit allows', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const read = async (maxImageBytes: number): Promise<number> => {
      const opened = openImage(pipe, { maxImageBytes });
      // A reader that has enough closes its end.
      void pipeline(createReadStream(path), createWriteStream(pipe)).catch(() => undefined);
      return (await opened).width;
    };
    expect(await read(png.length)).toBe(7);
    await expect(read(png.length - 1)).rejects.toThrow(
      `Cannot open image: ${pipe} must be at most ${String(png.length - 1)} bytes (maxImageBytes), got more`,
    );
    const controller = new AbortController();
    const opening = openImage(pipe, { signal: controller.signal });
    setTimeout(() => controller.abort('no error'), 20);
    await expect(opening).rejects.toBe('no error');
  });

  it("rejects with the signal's reason before reading a file", async () => {
    await expect(openImage(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("rejects with the signal's reason while decoding, not as a broken picture", async () => {
    const controller = new AbortController();
    const opened = await openImage(png, { signal: controller.signal });
    const decoding = opened.pixels();
    controller.abort(reason);
    await expect(decoding).rejects.toBe(reason);
  });
});

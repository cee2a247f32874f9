/** The server as programs see it: what it answers, what it tells, how it ends. */
import { once } from 'node:events';
import { isSynsegError } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { PreviewServer } from '../../../packages/video/src/preview/preview-server.ts';
import type { PreviewLabels, PreviewOptions } from '../../../packages/video/src/preview/preview-options.ts';
import { pictureOf, rawAnswer, rawRequest, startPreview, streetLabels, until, watch } from './viewing.ts';

describe('PreviewServer.start()', () => {
  const start = (options: Partial<PreviewOptions>): Promise<PreviewServer> =>
    PreviewServer.start({
      sources: ['a'],
      labels: streetLabels,
      onLabels: () => Promise.resolve(streetLabels),
      ...options,
    });

  it('rejects what it cannot serve', async () => {
    await expect(start({ sources: [] })).rejects.toThrow(
      new RangeError('Cannot start preview: sources must be a list that is not empty, got an empty list'),
    );
    await expect(start({ port: 70_000 })).rejects.toThrow(
      new RangeError('Cannot start preview: port must be an integer from 0 to 65535, got 70000'),
    );
    await expect(start({ token: 'abc' })).rejects.toThrow(
      new RangeError('Cannot start preview: token must be a string of at least 8 characters, got "string"'),
    );
  });

  it('says which address is taken', async () => {
    const first = await startPreview();
    const { port } = new URL(first.url);
    const failure: unknown = await start({ port: Number(port) }).catch((error: unknown) => error);
    expect(isSynsegError(failure) && [failure.code, failure.message]).toEqual([
      'VIDEO_ENCODE',
      `Cannot start preview: 127.0.0.1:${port} must be free to listen on, got EADDRINUSE`,
    ]);
  });
});

describe('the page', () => {
  it('comes with its files, and no leave to load anything else', async () => {
    const preview = await startPreview();
    const page = await fetch(preview.url);
    expect(await page.text()).toContain('<title>synseg</title>');
    expect(page.headers.get('Content-Security-Policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action " +
        "'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(page.headers.get('X-Content-Type-Options')).toBe('nosniff');
    for (const [file, type] of [
      ['page.js', 'text/javascript'],
      ['page.css', 'text/css'],
      ['icon.svg', 'image/svg+xml'],
    ] as const) {
      const answer = await fetch(new URL(file, preview.url));
      expect([answer.status, answer.headers.get('Content-Type')?.split(';')[0]]).toEqual([200, type]);
      const text = await answer.text();
      expect(text.length).toBeGreaterThan(100);
      const addresses = text.match(/\bhttps?:\/\/[^\s"')]+/g) ?? [];
      expect(addresses.filter((address) => address !== 'http://www.w3.org/2000/svg')).toEqual([]);
    }
  });

  it('is all there is', async () => {
    const preview = await startPreview();
    for (const path of [
      'nothing',
      'toString',
      'stream/1',
      'snapshot/0.jpg',
      'stream/x',
      'live',
      'events',
      'locked.html/',
      '../package.json',
      '%2e%2e/package.json',
    ]) {
      expect((await fetch(new URL(path, preview.url))).status).toBe(404);
    }
    expect((await fetch(preview.url, { method: 'DELETE' })).status).toBe(405);
    const post = await fetch(preview.url, { method: 'POST', body: '{}' });
    expect([post.status, post.headers.get('Allow')]).toEqual([405, 'GET']);
    expect(await rawAnswer(preview, 'GET // HTTP/1.1', 'Host: localhost')).toContain('HTTP/1.1 404');
  });
});

describe('watching', () => {
  it('tells a new viewer how things stand, then what changes', async () => {
    const preview = await startPreview({
      sources: ['rtsp://me:secret@cam/1', 'b'],
      title: 'Two',
      vocabulary: ['tree', 'truck'],
    });
    preview.publishState(0, 'reconnecting', 'Cannot open rtsp://me:secret@cam/1');
    preview.publish(pictureOf(7));
    const { messages, of } = watch(preview);
    await until(() => messages.length >= 6);
    expect(messages.slice(0, 6).map(({ data }) => data)).toEqual([
      { type: 'hello', title: 'Two', sources: ['rtsp://cam/1', 'b'], vocabulary: ['tree', 'truck'] },
      { type: 'labels', revision: 1, ...streetLabels },
      { type: 'state', source: 0, state: 'reconnecting', reason: 'Cannot open rtsp://cam/1' },
      {
        type: 'history',
        source: 0,
        samples: [{ ageSeconds: expect.any(Number), areas: { road: 0.5, car: 0.1, sky: 0.2 } }],
      },
      {
        type: 'picture',
        source: 0,
        index: 7,
        timeSeconds: 0.7,
        areas: { road: 0.5, car: 0.1, sky: 0.2 },
        latencySeconds: 0.04,
        dropped: 0,
        framesPerSecond: 10,
        pixelAspect: 1,
      },
      { type: 'history', source: 1, samples: [] },
    ]);
    expect([...(messages[4]?.jpeg ?? [])]).toEqual([0xff, 0xd8, 7]);
    preview.publish(pictureOf(3, { source: 1 }));
    preview.publishState(1, 'running');
    await until(() => of('state').length === 2);
    expect(of('picture').map(({ data }) => [data['source'], data['index']])).toEqual([
      [0, 7],
      [1, 3],
    ]);
    expect(of('sample').map(({ data }) => data['source'])).toEqual([1]);
  });

  it('counts open picture streams', async () => {
    const preview = await startPreview();
    expect(preview.viewers).toBe(0);
    const first = watch(preview);
    const second = watch(preview);
    const stream = await rawRequest(preview, 'GET /stream/0 HTTP/1.1', 'Host: localhost');
    await until(() => first.messages.length > 0 && second.messages.length > 0);
    await until(() => preview.viewers === 3);
    first.socket.close();
    await until(() => preview.viewers === 2);
    second.socket.terminate();
    stream.destroy();
    await until(() => preview.viewers === 0);
  });

  it('streams one source as MJPEG, each picture complete as soon as it is there', async () => {
    const preview = await startPreview({ sources: ['a', 'b'] });
    const response = await fetch(new URL('stream/1', preview.url));
    expect(response.headers.get('Content-Type')).toBe('multipart/x-mixed-replace; boundary=synseg-picture');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    const read = async (parts: number): Promise<void> => {
      while (text.split('image/jpeg\r\n\r\n').length < parts + 2)
        text += Buffer.from((await reader.read()).value ?? []).toString('latin1');
    };
    preview.publish(pictureOf(1, { source: 0 }));
    preview.publish(pictureOf(2, { source: 1 }));
    await read(1);
    preview.publish(pictureOf(3, { source: 1 }));
    await read(2);
    const head = '--synseg-picture\r\nContent-Type: image/jpeg\r\n\r\n';
    expect(text).toBe(`${head}\xff\xd8\x02\r\n${head}\xff\xd8\x03\r\n${head}`);
    await reader.cancel();
  });

  it('gives the newest picture to scripts', async () => {
    const preview = await startPreview();
    preview.publish(pictureOf(1));
    preview.publish(pictureOf(2));
    const snapshot = await fetch(new URL('snapshot/0.jpg', preview.url));
    expect([snapshot.headers.get('Content-Type'), ...new Uint8Array(await snapshot.arrayBuffer())]).toEqual([
      'image/jpeg',
      0xff,
      0xd8,
      2,
    ]);
  });

  it('says what an option must be', async () => {
    const options = {
      sources: ['a'],
      labels: { names: [], colors: [], thresholds: [] },
      onLabels: () => Promise.reject(new Error('none')),
    };
    const start = (change: object) => PreviewServer.start({ ...options, ...change });
    await expect(start({ prot: 1 })).rejects.toThrow(
      'Cannot start preview: options must have known names, got "prot" (did you mean "port"?)',
    );
    await expect(start({ sources: 'a' })).rejects.toThrow(
      'Cannot start preview: sources must be a list that is not empty, got "a"',
    );
    await expect(start({ onLabels: undefined })).rejects.toThrow(
      'Cannot start preview: onLabels must be a function, got undefined',
    );
    await expect(start({ labels: { names: ['a'], colors: [], thresholds: [] } })).rejects.toThrow(
      'labels must hold names, colors, thresholds and defaultThresholds of one length, got 1, 0, 0',
    );
    await expect(PreviewServer.start(undefined as never)).rejects.toThrow(
      'Cannot start preview: options must be an object, got undefined',
    );
    const preview = await startPreview();
    const publish = (change: object) => () => preview.publish({ ...pictureOf(0), ...change });
    expect(() => preview.publish(undefined as never)).toThrow(
      'Cannot show picture: picture must be an object, got undefined',
    );
    expect(publish({ jpeg: 'x' })).toThrow(
      'Cannot show picture: picture.jpeg must be a JPEG file as Uint8Array, got "x"',
    );
    expect(publish({ timeSeconds: 3n })).toThrow(
      'Cannot show picture: picture.timeSeconds must be a number, got a bigint',
    );
    expect(publish({ areas: undefined })).toThrow(
      'Cannot show picture: picture.areas must be an object of numbers, got undefined',
    );
    expect(publish({ pixelAspect: 0 })).toThrow(
      'Cannot show picture: picture.pixelAspect must be a number above 0, got 0',
    );
    expect(publish({ source: Object.create(null) })).toThrow(
      'Cannot show picture: picture.source must be an integer of at least 0, got an object',
    );
    expect(() => preview.publishState(0, 3 as never)).toThrow('Cannot show state: state must be a string, got 3');
    expect(() => preview.publishState(0, 'stalled', {} as never)).toThrow(
      'Cannot show state: reason must be a string, got an object',
    );
    expect(() => preview.publishState({} as never, 'stalled')).toThrow(
      'Cannot show state: source must be an integer from 0 to 0, got an object',
    );
    expect(() => preview.publishLabels([] as never)).toThrow('Cannot show labels: labels must be an object');
    const labels = { names: ['a'], colors: [[1, 2, 3]], thresholds: [null] };
    const show = (change: object) => () => preview.publishLabels({ ...labels, ...change } as never);
    expect(show({ colors: ['red'] })).toThrow('Cannot show labels: labels.colors[0] must be three numbers, got "red"');
    expect(show({ thresholds: [1n] })).toThrow(
      'Cannot show labels: labels.thresholds[0] must be a number or null, got a bigint',
    );
    expect(show({ defaultThresholds: ['1'] })).toThrow(
      'Cannot show labels: labels.defaultThresholds[0] must be a number from 0 to 1, got "1"',
    );
    expect(show({ defaultThresholds: [0.5, 0.5] })).toThrow(
      'labels must hold names, colors, thresholds and defaultThresholds of one length, got 1, 1, 1, 2',
    );
    expect(show({ backgroundRule: 3 })).toThrow('Cannot show labels: labels.backgroundRule must be a string, got 3');
  });

  it('refuses sources that are not there', async () => {
    const preview = await startPreview();
    expect(() => preview.publish(pictureOf(0, { source: 1 }))).toThrow(
      new RangeError('Cannot show picture: source must be an integer from 0 to 0, got 1'),
    );
    expect(() => preview.publishState(-1, 'running')).toThrow(
      new RangeError('Cannot show state: source must be an integer from 0 to 0, got -1'),
    );
  });
});

describe('close()', () => {
  it('ends every connection, gives the port back, and makes publishing a no-op', async () => {
    const preview = await startPreview();
    const idle = await rawRequest(preview, 'GET /stream/0 HTTP/1.1', 'Host: localhost');
    const half = await rawRequest(preview, 'GET / HTTP/1.1');
    const { of } = watch(preview);
    await until(() => preview.viewers === 2 && of('hello').length === 1);
    const ended = Promise.all([once(idle.resume(), 'close'), once(half.resume(), 'close')]);
    await Promise.all([preview.close(), preview.close()]);
    await ended;
    expect(preview.viewers).toBe(0);
    preview.publish(pictureOf(1));
    preview.publishState(0, 'ended');
    preview.publishLabels(streetLabels);
    const { port } = new URL(preview.url);
    const next = await startPreview({ port: Number(port) });
    expect((await fetch(next.url)).status).toBe(200);
  });

  it('does not wait for a change of labels under way', async () => {
    let finish: (labels: PreviewLabels) => void = () => undefined;
    let asked = false;
    const preview = await startPreview({
      onLabels: () => {
        asked = true;
        return new Promise((resolve) => (finish = resolve));
      },
    });
    const { of, socket, send } = watch(preview);
    await until(() => of('labels').length === 1);
    send({ type: 'labels', revision: 1, labels: [{ name: 'bus' }] });
    await until(() => asked);
    await Promise.all([once(socket, 'close'), preview.close()]);
    expect(of('answer')).toEqual([]);
    finish(streetLabels);
    await new Promise((resolve) => setTimeout(resolve, 20)); // nothing is thrown where nobody could catch it
    expect(preview.viewers).toBe(0);
  });
});

/** What slow viewers do to the server, and to everybody else: nothing. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openLive, pictureOf, rawRequest, startPreview, until, watch } from './viewing.ts';

/** Reads a connection up to the picture `last`; the number of pictures on the way. */
async function countPictures(socket: Socket, last: Uint8Array): Promise<number> {
  const between = '--synseg-picture\r\n';
  const end = `${Buffer.from(last).toString('latin1')}\r\n${between}`;
  let count = -1; // one stands before the first picture
  let text = '';
  for await (const part of socket as AsyncIterable<Buffer>) {
    const before = text.slice(1 - between.length); // too short to be counted twice
    const head = text.slice(1 - end.length);
    text = part.toString('latin1');
    count += (before + text).split(between).length - 1;
    if ((head + text).includes(end)) return count;
    text = (head + text).slice(-end.length);
  }
  throw new Error('the connection ended before the last picture');
}

describe('slow viewers', () => {
  it('20 that read nothing lose pictures, hold nobody up, and get the newest when they read again', async () => {
    const preview = await startPreview();
    const jpeg = new Uint8Array(256 * 1024);
    const pictures = 150;
    const sleepers = await Promise.all(
      Array.from({ length: 20 }, () => rawRequest(preview, 'GET /stream/0 HTTP/1.0', 'Host: localhost')),
    ); // 1.0: no chunks
    const reader = watch(preview);
    await until(() => preview.viewers === 21 && reader.messages.length > 0);
    for (let index = 0; index < pictures; index++) {
      preview.publish(pictureOf(index, { jpeg }));
      await until(() => reader.of('picture').length === index + 1);
    }
    expect(reader.of('picture').map(({ data }) => data.index)).toEqual(
      Array.from({ length: pictures }, (_, index) => index),
    );
    // The kernel keeps up to some 10 MB of a connection that nobody reads, 40 of these pictures.
    const lost = preview.picturesLost;
    expect(lost).toBeGreaterThan(20 * (pictures - 80));

    const last = Uint8Array.of(0xff, 0xd8, 0x77, 0x77);
    const received = sleepers.map((socket) => countPictures(socket, last));
    preview.publish(pictureOf(pictures, { jpeg: last }));
    const counts = await Promise.all(received);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20 * (pictures + 1) - preview.picturesLost);
    expect(preview.picturesLost - lost).toBeLessThanOrEqual(20);
  });

  it('publish() returns although nobody reads, and pictures of all sources take turns', async () => {
    const preview = await startPreview({ sources: ['a', 'b'] });
    const { messages, of, send } = watch(preview, { draws: false });
    await until(() => messages.length >= 4);
    for (let index = 0; index < 50; index++) {
      preview.publish(pictureOf(index, { source: 0 }));
      preview.publish(pictureOf(index, { source: 1 }));
    }
    await until(() => of('picture').length === 4);
    send({ type: 'drawn', source: 0 });
    await until(() => of('picture').length === 5);
    for (const source of [1, 7, 'x', undefined]) send({ type: 'drawn', source } as never);
    await until(() => of('picture').length === 6);
    expect(of('picture').map(({ data }) => [data['source'], data['index']])).toEqual([
      ...[0, 1].flatMap((index) => [
        [0, index],
        [1, index],
      ]),
      [0, 49],
      [1, 49],
    ]);
    expect(preview.picturesLost).toBe(2 * 47);
  });

  it('one that reports everything as drawn and reads nothing holds little memory', async () => {
    const preview = await startPreview();
    const socket = openLive(preview);
    await once(socket, 'open');
    socket.pause();
    const jpeg = new Uint8Array(256 * 1024);
    const pictures = 200;
    for (let index = 0; index < pictures; index++) {
      preview.publish(pictureOf(index, { jpeg }));
      socket.send('{"type":"drawn","source":0}');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    // The kernel takes some 10 MB, 40 of these pictures; here there wait one or two more.
    expect(preview.picturesLost).toBeGreaterThan(pictures - 80);
  });

  it('remembers what was lost by viewers who left', async () => {
    const preview = await startPreview();
    const viewer = watch(preview, { draws: false });
    await until(() => viewer.messages.length >= 3);
    for (let index = 0; index < 6; index++) preview.publish(pictureOf(index));
    expect(preview.picturesLost).toBe(3);
    viewer.socket.close();
    await until(() => preview.viewers === 0);
    expect(preview.picturesLost).toBe(3);
  });
});

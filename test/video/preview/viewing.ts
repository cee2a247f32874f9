/** Previews to test against, pictures to show, and connections that read them or do not. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import { PreviewServer } from '../../../packages/video/src/preview/preview-server.ts';
import type {
  PreviewLabels,
  PreviewOptions,
  PreviewPicture,
} from '../../../packages/video/src/preview/preview-types.ts';

export const streetLabels: PreviewLabels = {
  names: ['road', 'car', 'sky'],
  colors: [
    [46, 125, 225],
    [245, 130, 32],
    [60, 170, 75],
  ],
  thresholds: [null, 0.4, null],
};

/** A preview that is closed after the test. */
export async function startPreview(options: Partial<PreviewOptions> = {}): Promise<PreviewServer> {
  const preview = await PreviewServer.start({
    sources: ['front.mp4'],
    labels: streetLabels,
    onLabels: () => Promise.resolve(streetLabels),
    ...options,
  });
  onTestFinished(() => preview.close());
  return preview;
}

/** A JPEG of one color. */
export function jpegOf(color: string, width = 160, height = 90): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: color } })
    .jpeg()
    .toBuffer();
}

/** A picture with numbers; the JPEG is three bytes that no browser would draw, unless given. */
export function pictureOf(index: number, more: Partial<PreviewPicture> = {}): PreviewPicture {
  const jpeg = Uint8Array.of(0xff, 0xd8, index % 256);
  return {
    source: 0,
    index,
    timeSeconds: index / 10,
    jpeg,
    areas: { road: 0.5, car: 0.1, sky: 0.2 },
    latencySeconds: 0.04,
    dropped: 0,
    framesPerSecond: 10,
    ...more,
  };
}

/** A message of `/live`. */
export interface LiveMessage {
  readonly data: Record<string, unknown> & { readonly type: string };
  readonly jpeg: Uint8Array;
}

/** Reads `/live` as the page does. */
export async function* readLive(address: string, signal: AbortSignal): AsyncGenerator<LiveMessage, void, undefined> {
  const response = await fetch(address, { signal });
  let held = Buffer.alloc(0);
  for await (const part of response.body ?? []) {
    held = Buffer.concat([held, part as Uint8Array]);
    while (held.length >= 8) {
      const pictureAt = 8 + held.readUInt32BE(0);
      const end = pictureAt + held.readUInt32BE(4);
      if (held.length < end) break;
      const data = JSON.parse(held.subarray(8, pictureAt).toString()) as LiveMessage['data'];
      const jpeg = Uint8Array.from(held.subarray(pictureAt, end));
      held = held.subarray(end);
      yield { data, jpeg };
    }
  }
}

/** Sends a request of exactly these header lines and reads nothing until told to. */
export async function rawRequest(preview: PreviewServer, ...lines: readonly string[]): Promise<Socket> {
  const { hostname, port } = new URL(preview.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => socket.destroy());
  socket.pause();
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return socket;
}

/** The head of the answer to a raw request. */
export async function rawAnswer(preview: PreviewServer, ...lines: readonly string[]): Promise<string> {
  const socket = await rawRequest(preview, ...lines, 'Connection: close');
  let text = '';
  socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
  socket.resume();
  await once(socket, 'close');
  return text;
}

/** Waits until something holds, for at most 20 s. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error(`waited in vain until ${holds.toString()}`);
}

const json = { 'Content-Type': 'application/json' };

/** Posts to the preview; `body` is sent as it is when it is a string. */
export function post(
  preview: PreviewServer,
  path: string,
  body: unknown,
  headers: Record<string, string> = json,
): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(new URL(path, preview.url), { method: 'POST', headers, body: text });
}

/** Everything that comes on a connection, for as long as the test runs. */
export function watch(
  preview: PreviewServer,
  path: string,
): { messages: LiveMessage[]; of: (type: string) => LiveMessage[]; leave: () => void } {
  const leaving = new AbortController();
  const messages: LiveMessage[] = [];
  const leave = (): void => leaving.abort();
  onTestFinished(leave);
  void (async () => {
    for await (const message of readLive(new URL(path, preview.url).href, leaving.signal)) messages.push(message);
  })().catch(() => undefined);
  return { messages, of: (type) => messages.filter(({ data }) => data.type === type), leave };
}

/** Previews to test against, pictures to show, and connections that read them or do not. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { PreviewServer } from '../../../packages/video/src/preview/preview-server.ts';
import type { ServerMessage, ViewerMessage } from '../../../packages/video/src/preview/protocol.ts';
import type {
  PreviewLabels,
  PreviewOptions,
  PreviewPicture,
} from '../../../packages/video/src/preview/preview-options.ts';

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

/** A message as the page gets it. */
interface LiveMessage {
  readonly data: Record<string, unknown> & Pick<ServerMessage, 'type'>;
  jpeg?: Uint8Array;
}

/** A viewer that keeps everything it gets. */
export interface Watcher {
  readonly socket: WebSocket;
  readonly messages: readonly LiveMessage[];
  of(type: ServerMessage['type']): readonly LiveMessage[];
  send(message: ViewerMessage): void;
  /** Asks for a change of the labels; the answer to it. */
  change(revision: unknown, labels: unknown): Promise<Record<string, unknown>>;
}

/**
 * Watches as the page does, for as long as the test runs.
 *
 * @param draws - reports every picture as drawn
 */
export function watch(preview: PreviewServer, { draws = true }: { readonly draws?: boolean } = {}): Watcher {
  const socket = openLive(preview);
  const messages: LiveMessage[] = [];
  const of: Watcher['of'] = (type) => messages.filter(({ data }) => data.type === type);
  const send = (message: object): void => socket.send(JSON.stringify(message));
  socket.on('message', (bytes: Buffer, isBinary) => {
    const last = messages.at(-1);
    if (!isBinary) messages.push({ data: JSON.parse(bytes.toString()) as LiveMessage['data'] });
    else if (last !== undefined) {
      last.jpeg = Uint8Array.from(bytes);
      if (draws) send({ type: 'drawn', source: last.data['source'] });
    }
  });
  let asked = 0;
  const change: Watcher['change'] = async (revision, labels) => {
    const turn = asked++;
    send({ type: 'labels', revision, labels });
    await until(() => of('answer').length > turn);
    return of('answer')[turn]?.data ?? {};
  };
  return { socket, messages, of, send, change };
}

/** A WebSocket to the preview. */
export function openLive(preview: PreviewServer, headers: Readonly<Record<string, string>> = {}): WebSocket {
  const socket = new WebSocket(new URL('live', preview.url.replace('http', 'ws')), { headers });
  socket.on('error', () => undefined);
  onTestFinished(() => socket.terminate());
  return socket;
}

/** The status of a refused WebSocket and its reason; 101 and nothing if it is opened. */
export async function handshake(preview: PreviewServer, headers?: Readonly<Record<string, string>>) {
  const socket = openLive(preview, headers);
  return new Promise<[number, string]>((resolve) => {
    socket.on('open', () => resolve([101, '']));
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => resolve([response.statusCode ?? 0, text]));
    });
  });
}

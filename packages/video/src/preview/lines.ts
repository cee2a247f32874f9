/** The two kinds of connection that pictures go to: the page's WebSocket, and streams of pictures alone. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Hub } from './hub.ts';
import type { ViewerMessage } from './protocol.ts';

/** Bytes of a message from the page. */
const MAX_MESSAGE = 64 * 1024;
/** Bytes for one viewer that may wait in this process before messages are held back. */
const MAX_BUFFERED = 256 * 1024;
/** Pictures of one source that may be on their way to a page. */
const WINDOW = 2;
/** Close code for data that is not what it should be, of RFC 6455. */
const INVALID_DATA = 1007;

const sockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: MAX_MESSAGE });

/** Makes a request that may be answered the page's WebSocket. */
export function openSocket(request: IncomingMessage, connection: Duplex, head: Buffer, hub: Hub): void {
  sockets.handleUpgrade(request, connection, head, (socket) => attend(socket, hub));
}

function attend(socket: WebSocket, hub: Hub): void {
  const ready = (): boolean => socket.readyState === socket.OPEN && socket.bufferedAmount <= MAX_BUFFERED;
  const viewer = hub.join({
    window: WINDOW,
    ready,
    wants: () => true,
    send: ({ json, jpeg }, done) => {
      socket.send(json, done);
      if (jpeg !== undefined) socket.send(jpeg, done);
    },
    end: () => socket.terminate(),
  });
  socket.on('error', () => socket.terminate()); // the other end left, or broke the rules
  socket.on('close', () => hub.leave(viewer));
  socket.on('ping', () => ready() || socket.terminate()); // each is answered, even when nobody reads the answers
  socket.on('message', (bytes, isBinary) => {
    const message = isBinary ? undefined : parsed(bytes);
    if (message?.type === 'drawn') viewer.drawn(message.source);
    else if (message?.type === 'labels') void hub.change(viewer, message);
    else socket.close(INVALID_DATA, 'Cannot read message: it must be JSON with type "drawn" or "labels"');
  });
}

/** A message as it came: anything may be in it. */
function parsed(bytes: RawData): (Partial<ViewerMessage> & { readonly source: number }) | undefined {
  try {
    return (JSON.parse((bytes as Buffer).toString()) ?? undefined) as ReturnType<typeof parsed>;
  } catch {
    return undefined;
  }
}

const BOUNDARY = 'synseg-picture';
const PART_HEAD = `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n`;

/**
 * Streams the pictures of one source as `multipart/x-mixed-replace`, for whatever plays MJPEG. The head of the next
 * part is sent right behind a picture, because Chromium draws it only then; so no part can say how long it is.
 */
export function openStream(response: ServerResponse, source: number, hub: Hub): void {
  const type = `multipart/x-mixed-replace; boundary=${BOUNDARY}`;
  response.writeHead(200, { 'Content-Type': type, 'X-Accel-Buffering': 'no' });
  response.write(PART_HEAD);
  let ready = true;
  let resume = (): void => undefined;
  response.on('drain', () => {
    ready = true;
    resume();
  });
  response.on('error', () => response.destroy()); // the other end left; 'close' follows
  const viewer = hub.join({
    window: Infinity,
    ready: () => ready && !response.destroyed,
    wants: ({ data }) => data.type === 'picture' && data.source === source,
    send: ({ jpeg }, done) => {
      resume = done;
      response.write(jpeg);
      ready = response.write(`\r\n${PART_HEAD}`);
    },
    end: () => response.destroy(),
  });
  response.on('close', () => hub.leave(viewer));
}

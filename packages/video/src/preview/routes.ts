/** Requests to the preview and their answers. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { answerPage, pathOf, refusalOf, sendPage, type PageFiles } from '@synseg/core/guards';
import type { Hub } from './hub.ts';
import { openSocket, openStream } from './lines.ts';

const NOTHING = 'Cannot answer: there is nothing at this address\n';
/** What refusals call it. */
const name = 'preview';

/** Everything that answers depend on. */
export interface RouteContext {
  readonly hub: Hub;
  readonly page: PageFiles;
  readonly token: string | undefined;
  /** The port listened on. */
  readonly port: number;
}

/** Answers one request. */
export function answer(request: IncomingMessage, response: ServerResponse, context: RouteContext): void {
  const { hub, page: files, token, port } = context;
  const pathname = answerPage(request, response, { name, files, token, port });
  if (pathname === undefined) return;
  const [, stream, snapshot] = /^\/(?:stream\/(\d{1,4})|snapshot\/(\d{1,4})\.jpg)$/.exec(pathname) ?? [];
  if (stream !== undefined && hub.has(Number(stream))) return openStream(response, Number(stream), hub);
  const bytes = snapshot === undefined ? undefined : hub.picture(Number(snapshot));
  if (bytes === undefined) sendPage(response, 404, NOTHING);
  else sendPage(response, 200, { type: 'image/jpeg', bytes });
}

/** Makes a request for the page's WebSocket one, or refuses it. */
export function upgrade(
  request: IncomingMessage,
  connection: Duplex,
  head: Buffer,
  { hub, token, port }: RouteContext,
): void {
  connection.on('error', () => connection.destroy());
  const refusal = refusalOf(name, request, token, port);
  if (refusal === undefined && pathOf(request) === '/live') return openSocket(request, connection, head, hub);
  const status = refusal?.status ?? 404;
  const text = refusal === undefined ? NOTHING : `${refusal.text}\n`;
  const first = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
  const type = 'Content-Type: text/plain; charset=utf-8';
  const fields = ['Connection: close', type, `Content-Length: ${Buffer.byteLength(text)}`];
  connection.end([first, ...fields, '', text].join('\r\n'));
}

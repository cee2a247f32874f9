/** Requests to the preview and their answers. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { queryToken, refusalOf, tokenCookie } from './access.ts';
import type { Hub } from './hub.ts';
import { openSocket, openStream } from './lines.ts';
import type { PageFile, PageFiles } from './page-files.ts';

/** The page may use its own files and connection, and nothing else; nobody may frame it. */
const CONTENT_POLICY = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'",
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

const PLAIN_TEXT = 'text/plain; charset=utf-8';
const NOTHING = 'Cannot answer: there is nothing at this address\n';

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
  const { hub, page, token, port } = context;
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const pathname = pathOf(request);
  const refusal = refusalOf(request, token, port);
  if (refusal !== undefined) {
    const file = refusal.status === 401 ? lockedFile(pathname, page) : undefined;
    return send(response, pathname === '/' || file === undefined ? refusal.status : 200, file ?? `${refusal.text}\n`);
  }
  if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET');
    return send(response, 405, 'Cannot answer: method must be GET\n');
  }
  if (pathname === '/' && queryToken(request) !== undefined) {
    // From here on the cookie carries the token, so that it stands in no address bar and no history.
    if (token !== undefined) {
      const cookie = `${tokenCookie(port)}=${encodeURIComponent(token)}`;
      response.setHeader('Set-Cookie', `${cookie}; HttpOnly; SameSite=Lax; Path=/`);
    }
    response.setHeader('Location', './');
    return send(response, 303, '');
  }
  const file = page.get(pathname === '/' ? 'page.html' : pathname.slice(1));
  if (file !== undefined) return send(response, 200, file);

  const [, stream, snapshot] = /^\/(?:stream\/(\d{1,4})|snapshot\/(\d{1,4})\.jpg)$/.exec(pathname) ?? [];
  if (stream !== undefined && hub.has(Number(stream))) return openStream(response, Number(stream), hub);
  const bytes = snapshot === undefined ? undefined : hub.picture(Number(snapshot));
  return bytes === undefined ? send(response, 404, NOTHING) : send(response, 200, { type: 'image/jpeg', bytes });
}

/** Makes a request for the page's WebSocket one, or refuses it. */
export function upgrade(
  request: IncomingMessage,
  connection: Duplex,
  head: Buffer,
  { hub, token, port }: RouteContext,
): void {
  connection.on('error', () => connection.destroy());
  const refusal = refusalOf(request, token, port);
  if (refusal === undefined && pathOf(request) === '/live') return openSocket(request, connection, head, hub);
  const status = refusal?.status ?? 404;
  const text = refusal === undefined ? NOTHING : `${refusal.text}\n`;
  const first = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
  const fields = ['Connection: close', `Content-Type: ${PLAIN_TEXT}`, `Content-Length: ${Buffer.byteLength(text)}`];
  connection.end([first, ...fields, '', text].join('\r\n'));
}

/** The files for somebody without the token: the form that asks for it, and its looks. */
function lockedFile(pathname: string, page: PageFiles): PageFile | undefined {
  if (pathname === '/') return page.get('locked.html');
  return pathname === '/page.css' || pathname === '/icon.svg' ? page.get(pathname.slice(1)) : undefined;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?')[0] ?? '/';
}

function send(response: ServerResponse, status: number, body: string | PageFile): void {
  const { type, bytes } = typeof body === 'string' ? { type: PLAIN_TEXT, bytes: Buffer.from(body) } : body;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length });
  response.end(bytes);
}

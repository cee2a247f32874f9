/** Which address answers what. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { queryToken, refusalOf, tokenCookie } from './access.ts';
import type { Hub } from './hub.ts';
import { BOUNDARY, PART_HEAD } from './message.ts';
import { lockedPage, pageFile } from './page/page-files.ts';
import type { ViewerOptions } from './viewer.ts';

const MAX_BODY = 64 * 1024;

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

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';

/** What every answer depends on. */
export interface RouteContext {
  readonly hub: Hub;
  readonly token: string | undefined;
  readonly port: number;
}

/** Answers one request. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { hub, token, port }: RouteContext,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://preview');
  const refusal = refusalOf(request, token, port);
  if (refusal !== undefined) {
    const asks = refusal.status === 401 && pathname === '/';
    return asks
      ? send(response, 401, lockedPage(hub.title), HTML)
      : send(response, refusal.status, `${refusal.text}\n`);
  }
  if (request.method === 'POST') return edit(request, response, hub, pathname);
  if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET, POST');
    return send(response, 405, 'Cannot answer: method must be GET or POST\n');
  }

  if (pathname === '/' && queryToken(request) !== undefined) {
    // From here on the cookie carries the token, so that it stands in no address bar and no history.
    if (token !== undefined)
      response.setHeader(
        'Set-Cookie',
        `${tokenCookie(port)}=${encodeURIComponent(token)}; HttpOnly; SameSite=Lax; Path=/`,
      );
    response.setHeader('Location', './');
    return send(response, 303, '');
  }
  const file = pageFile(pathname.slice(1), hub.title);
  if (file !== undefined) return send(response, 200, file.text, file.type);
  if (pathname === '/vocabulary') return send(response, 200, JSON.stringify(hub.vocabulary), JSON_TYPE);
  if (pathname === '/live') {
    return open(response, hub, 'application/octet-stream', {
      framing: 'frame',
      window: windowOf(searchParams.get('window')),
    });
  }
  if (pathname === '/events') return open(response, hub, 'text/event-stream', { framing: 'event' });

  const [, stream, snapshot] = /^\/(?:stream\/(\d{1,4})|snapshot\/(\d{1,4})\.jpg)$/.exec(pathname) ?? [];
  if (stream !== undefined && hub.has(Number(stream))) {
    open(response, hub, `multipart/x-mixed-replace; boundary=${BOUNDARY}`, { framing: 'part', source: Number(stream) });
    return;
  }
  const picture = snapshot === undefined ? undefined : hub.picture(Number(snapshot));
  if (picture !== undefined) return send(response, 200, picture, 'image/jpeg');
  return send(response, 404, 'Cannot answer: there is nothing at this address\n');
}

/** Keeps the connection open for the hub to write on. */
function open(response: ServerResponse, hub: Hub, type: string, options: ViewerOptions): void {
  response.writeHead(200, { 'Content-Type': type, 'X-Accel-Buffering': 'no' });
  response.flushHeaders();
  if (options.framing === 'part') response.write(PART_HEAD);
  hub.join(response, options);
}

async function edit(request: IncomingMessage, response: ServerResponse, hub: Hub, pathname: string): Promise<void> {
  if (pathname !== '/labels' && pathname !== '/drawn')
    return send(response, 404, 'Cannot answer: there is nothing at this address\n');
  // A form on another site can send any text, but not this type.
  if (request.headers['content-type']?.split(';')[0] !== JSON_TYPE) {
    return send(response, 415, `Cannot read request: content type must be ${JSON_TYPE}\n`);
  }
  const body = await readBody(request);
  if (body === undefined) {
    response.setHeader('Connection', 'close');
    return send(response, 413, `Cannot read request: body must have at most ${MAX_BODY} bytes\n`);
  }
  const data = parsed(body);
  if (data === undefined) return send(response, 400, 'Cannot read request: body must be JSON\n');
  if (pathname === '/labels') {
    const { status, ...result } = await hub.change(data);
    return send(response, status, JSON.stringify(result), JSON_TYPE);
  }
  const { viewer, pictures } = (data ?? {}) as { viewer?: unknown; pictures?: unknown };
  const counts = Array.isArray(pictures) ? pictures.map((count) => Math.max(0, Number(count) || 0)) : [];
  return send(response, hub.drawn(Number(viewer), counts) ? 204 : 404, '');
}

function send(response: ServerResponse, status: number, body: string | Uint8Array, type = TEXT): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (status === 204) response.writeHead(status);
  else response.writeHead(status, { 'Content-Type': type, 'Content-Length': length });
  response.end(status === 204 ? undefined : body);
}

/** The body's text; undefined when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Number of pictures of a source that may be on their way, as the page asks for it. */
function windowOf(text: string | null): number {
  const asked = Number(text ?? NaN);
  return Number.isInteger(asked) && asked >= 1 && asked <= 64 ? asked : Infinity;
}

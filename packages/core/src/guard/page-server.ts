/** What the packages' own web pages share: their files, headers and answers. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { networkInterfaces } from 'node:os';
import { extname } from 'node:path';
import { queryToken, refusalOf, tokenHeaders } from './page-access.ts';

/** A file as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** The files of a page by their names. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** A page may use its own files and connection, and nothing else; nobody may frame it. */
const CONTENT_POLICY = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'",
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
].join('; ');

/** Headers of every answer. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** Reads files of a page: `.html`, `.css`, `.js` and `.svg`. */
export async function readPageFiles(folder: URL, names: readonly string[]): Promise<PageFiles> {
  const files = names.map(async (name) => {
    const type = TYPES[extname(name)] ?? PLAIN_TEXT;
    return [name, { type, bytes: await readFile(new URL(name, folder)) }] as const;
  });
  return new Map(await Promise.all(files));
}

/** A page that is served. */
export interface ServedPage {
  /** Its name, for what is said: `preview`. */
  readonly name: string;
  /** `page.html` is what is shown at `/`; `locked.html` asks for the token. */
  readonly files: PageFiles;
  readonly token: string | undefined;
  /** The port listened on. */
  readonly port: number;
}

/**
 * Answers what every page answers alike: requests that are refused, the token, and the files of the page.
 *
 * @returns the path of a request that is left to answer; undefined when it has been answered
 */
export function answerPage(request: IncomingMessage, response: ServerResponse, page: ServedPage): string | undefined {
  const { name, files, token, port } = page;
  const send = (status: number, body: string | PageFile): void => sendPage(response, status, body);
  for (const [key, value] of Object.entries(HEADERS)) response.setHeader(key, value);
  const pathname = pathOf(request);
  const refusal = refusalOf(name, request, token, port);
  if (refusal !== undefined) {
    const file = refusal.status === 401 ? lockedFile(pathname, files) : undefined;
    return void send(pathname === '/' || file === undefined ? refusal.status : 200, file ?? `${refusal.text}\n`);
  }
  if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET');
    return void send(405, 'Cannot answer: method must be GET\n');
  }
  if (pathname === '/' && queryToken(request) !== undefined) {
    // From here on the cookie carries the token, so that it stands in no address bar and no history.
    const headers = token === undefined ? {} : tokenHeaders(token, port);
    for (const [key, value] of Object.entries(headers)) response.setHeader(key, value);
    response.setHeader('Location', './');
    return void send(303, '');
  }
  const file = files.get(pathname === '/' ? 'page.html' : pathname.slice(1));
  return file === undefined ? pathname : void send(200, file);
}

/** The path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?')[0] ?? '/';
}

/** The files for somebody without the token: the form that asks for it, and its looks. */
function lockedFile(pathname: string, files: PageFiles): PageFile | undefined {
  if (pathname === '/') return files.get('locked.html');
  return pathname === '/page.css' || pathname === '/icon.svg' ? files.get(pathname.slice(1)) : undefined;
}

/** Answers a request with a file, or with plain text. */
export function sendPage(response: ServerResponse, status: number, body: string | PageFile): void {
  const { type, bytes } = typeof body === 'string' ? { type: PLAIN_TEXT, bytes: Buffer.from(body) } : body;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length });
  response.end(bytes);
}

/** The address at which a person finds a page, with the token if there is one. */
export function pageAddress(host: string, port: number, token: string | undefined): string {
  const name = host === '0.0.0.0' || host === '::' ? outwardAddress() : host;
  const query = token === undefined ? '' : `?token=${encodeURIComponent(token)}`;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}/${query}`;
}

/** An address of this machine that others can reach. */
function outwardAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

/**
 * Access to the packages' own web pages, for requests and WebSockets alike. Two doors, one of which is always shut to
 * strangers:
 *
 * - with a token, every request must carry it (cookie, `?token=` or `Authorization: Bearer`);
 * - without one the server listens on this machine only, and the `Host` header must name this machine, so that no other
 *   site can reach it by pointing its own name at 127.0.0.1 (DNS rebinding).
 *
 * In both cases a request that a page of another origin makes is refused, whatever it carries.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** The answer to a request that is refused. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly text: string;
}

/** True for names of this machine that no other machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return /^(?:.*\.)?localhost$/.test(name) || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/** The answer of a request that carries the token in its address: from here on a cookie carries it. */
export function tokenHeaders(token: string, port: number): Readonly<Record<string, string>> {
  return { 'Set-Cookie': `${tokenCookie(port)}=${encodeURIComponent(token)}; HttpOnly; SameSite=Lax; Path=/` };
}

/** Name of the cookie that carries the token: cookies know no ports, so the port is part of the name. */
function tokenCookie(port: number): string {
  return `synseg_${port}`;
}

/**
 * Decides whether a request is answered: undefined when it is.
 *
 * @param name - name of the page, for what is said: `preview`
 * @param token - undefined: anybody on this machine may look
 * @param port - the port listened on
 */
export function refusalOf(
  name: string,
  request: IncomingMessage,
  token: string | undefined,
  port: number,
): Refusal | undefined {
  const refused = (rule: string, status: Refusal['status'] = 403): Refusal => {
    return { status, text: `Cannot open ${name}: ${rule}` };
  };
  const { host = '', origin } = request.headers;
  if (token === undefined && !isLoopback(host.replace(/:\d*$/, '')))
    return refused(`host must be a name of this machine, got "${host}"`);
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase())
    return refused(`origin must be the ${name} itself, got "${origin}"`);
  const site = request.headers['sec-fetch-site'];
  const ownSite = site === undefined || site === 'same-origin' || site === 'none';
  const followsLink = request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate';
  if (!ownSite && !followsLink)
    return refused(`requests must come from the ${name} itself, got one from a ${String(site)} page`);
  if (token === undefined || tokensOf(request, port).some((given) => sameText(given, token))) return undefined;
  return refused(`token must be the one printed when the ${name} was started`, 401);
}

/** The token in a request's query string; undefined if there is none. */
export function queryToken(request: IncomingMessage): string | undefined {
  return new URLSearchParams((request.url ?? '').split('?')[1] ?? '').get('token') ?? undefined;
}

function tokensOf(request: IncomingMessage, port: number): string[] {
  const { authorization = '', cookie = '' } = request.headers;
  const found = [queryToken(request), /^Bearer (.+)$/i.exec(authorization)?.[1]];
  for (const pair of cookie.split(';')) {
    const [name, value = ''] = pair.trim().split('=');
    if (name === tokenCookie(port)) found.push(decoded(value));
  }
  return found.filter((token) => token !== undefined);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Compares hashes: takes the same time whatever the texts share, their lengths included. */
function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : undefined;
}

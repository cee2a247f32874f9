/**
 * HTTP requests: through the proxy that HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY name, with the login of the
 * address in a header, and on request to public addresses only.
 */
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { getProxyForUrl } from 'proxy-from-env';
import type * as Undici from 'undici';
import { messageOf } from '../errors.ts';
import { isPublicAddress } from './network.ts';
import { shownURL, splitLogin } from './secrets.ts';

/** The answer to a request. */
export type Answer = Undici.Response;

/** Options of {@link sendRequest}. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Connect to public addresses only, wherever names and redirects lead. The address that is checked is the one that is
   * connected to; no proxy is used, since it would look up the name itself.
   * @default false
   */
  readonly publicOnly?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a GET request and follows redirects. A login in the address becomes a Basic header, which stays with its
 * origin.
 *
 * @throws Error of the connection; {@link reasonOf} has it in a few words
 * @throws the signal's reason when aborted
 */
export async function sendRequest(
  address: string | URL,
  { headers = {}, publicOnly = false, signal }: RequestOptions = {},
): Promise<Answer> {
  const { url, authorization } = splitLogin(address);
  // Loaded with the first request only. Deno sees its names in the default export alone, whose type lacks some.
  const undici = (await import('undici')).default as unknown as typeof Undici;
  return undici.fetch(url, {
    headers: { ...(authorization === undefined ? {} : { authorization }), ...headers },
    dispatcher: dispatcherOf(undici, publicOnly),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Agents that keep connections open for reuse: one per proxy address ('' for none), and one for public addresses. */
const agents = new Map<string, Undici.Dispatcher>();
let proxied: Undici.Dispatcher | undefined;
let direct: Undici.Dispatcher | undefined;

function dispatcherOf(undici: typeof Undici, publicOnly: boolean): Undici.Dispatcher {
  if (publicOnly) return (direct ??= new undici.Agent({ connect: publicConnector(undici) }));
  // A redirect may lead to a host of another proxy, or of none.
  return (proxied ??= new (class extends undici.Dispatcher {
    override dispatch(...[options, handler]: Parameters<Undici.Dispatcher['dispatch']>): boolean {
      const proxy = proxyFor(String(options.origin));
      const agent = agents.get(proxy) ?? (proxy === '' ? new undici.Agent() : proxyAgent(undici, proxy));
      agents.set(proxy, agent);
      return agent.dispatch(options, handler);
    }
  })());
}

function proxyAgent(undici: typeof Undici, proxy: string): Undici.Dispatcher {
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol))
    throw new Error(`a proxy in the environment that is no http or https address: ${shownURL(proxy)}`);
  return new undici.ProxyAgent(proxy);
}

function publicConnector(undici: typeof Undici): Undici.buildConnector.connector {
  // Names are checked where they are looked up, addresses in numbers here: those are not looked up.
  const connect = undici.buildConnector({ lookup: publicLookup } as Undici.buildConnector.BuildOptions);
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !isPublicAddress(host)) callback(notPublic(host), null);
    else connect(options, callback);
  };
}

type LookupCallback = (error: Error | null, address?: string | LookupAddress[], family?: number) => void;

function publicLookup(host: string, options: LookupOptions, callback: LookupCallback): void {
  lookup(host, { ...options, all: true }, (error, found) => {
    const [first] = found ?? [];
    if (error !== null || first === undefined) callback(error ?? new Error(`no address of ${host}`));
    else if (!found.every(({ address }) => isPublicAddress(address))) callback(notPublic(host));
    else if (options.all === true) callback(null, found);
    else callback(null, first.address, first.family);
  });
}

function notPublic(host: string): Error {
  return new Error(`${host}, which is no public address (publicOnly)`);
}

/** The proxy that the environment names for an address, '' for none. */
export function proxyFor(url: string): string {
  return getProxyForUrl(url);
}

/** Why a request or its answer failed: the system's code, or the message of what is behind "fetch failed". */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : messageOf(cause instanceof Error && cause.message !== '' ? cause : error);
}

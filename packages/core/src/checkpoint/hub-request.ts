/**
 * One HTTP request to the hub, and the meaning of its answers.
 *
 * Not a retry policy: {@link Unreachable} marks failures that are worth another try (no route, broken connection, 5xx,
 * 429), and the caller decides between a retry, the cached snapshot and an error.
 */
import { SynsegError } from '../errors.ts';
import { reasonOf, sendRequest, type Answer } from '../guard/http-request.ts';
import { gather } from '../guard/input-file.ts';
import { DEFAULT_LIMITS } from '../guard/limits.ts';
import { eitherSignal } from '../guard/race-signal.ts';
import { decodeText } from '../guard/text-file.ts';

/** Address of a request, and credentials. */
export interface HubAddress {
  /** `owner/name`, for messages and paths. */
  readonly repo: string;
  readonly revision: string;
  /** Base URL without a trailing slash. */
  readonly hubUrl: string;
  readonly accessToken: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The hub gave no usable answer, though it may later; `message` is the reason in a few words. */
export class Unreachable extends Error {}

/** A `HUB_DOWNLOAD` error in the package's form; `rest` is `<name> must <rule>, got <value>`. */
export function hubError(repo: string, rest: string, cause?: unknown): SynsegError {
  return new SynsegError('HUB_DOWNLOAD', `Cannot download ${repo}: ${rest}`, { cause });
}

/** The error for a hub that stayed unreachable; `rest` may say what else was tried. */
export function unreachableError(address: HubAddress, cause: Unreachable, rest = ''): SynsegError {
  const got = `${cause.message}${rest}; a folder path works without network`;
  return hubError(address.repo, `hub ${hostOf(address)} must be reachable, got ${got}`, cause);
}

/** Any failure of a request or of reading its answer as {@link Unreachable}. */
export function unreachable(error: unknown): Unreachable {
  return error instanceof Unreachable ? error : new Unreachable(reasonOf(error), { cause: error });
}

/**
 * Sends one request and returns a usable response (2xx, or 416 for a range the file does not have).
 *
 * The token goes to the hub's own origin only: the header is dropped when a file redirects to a storage host.
 *
 * @throws {Unreachable} on a network failure, 408, 429 or 5xx.
 * @throws {SynsegError} `HUB_DOWNLOAD` on 401, 403, 404 and every other status.
 * @throws the reason of `address.signal` once that is aborted.
 */
export async function ask(
  address: HubAddress,
  url: string,
  headers: Readonly<Record<string, string>>,
  deadline: AbortSignal,
): Promise<Answer> {
  const { hubUrl, accessToken, signal } = address;
  const authorized = accessToken !== undefined && new URL(url).origin === new URL(hubUrl).origin;
  const login: Record<string, string> = authorized ? { authorization: `Bearer ${accessToken}` } : {};
  let response: Answer;
  try {
    response = await sendRequest(url, {
      // A compressed body would make byte ranges and sizes those of the compressed stream.
      headers: { 'accept-encoding': 'identity', ...headers, ...login },
      signal: eitherSignal(signal, deadline),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(error);
  }
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel().catch(() => undefined);
  if (response.status >= 500 || response.status === 408 || response.status === 429)
    throw new Unreachable(`status ${response.status}`);
  throw statusError(address, url, response);
}

/**
 * Asks the hub's own interface and returns an answer that is an object or a list, as the standard `Response` that a
 * client of the hub reads.
 *
 * @throws as {@link ask}, and {@link Unreachable} for an answer that is no JSON
 * @throws {SynsegError} `HUB_DOWNLOAD` for an answer without end, or an empty page before another
 */
export async function askJson(address: HubAddress, url: string, deadline: AbortSignal): Promise<Response> {
  const { repo } = address;
  const response = await ask(address, url, {}, deadline);
  const most = DEFAULT_LIMITS.maxHeaderBytes;
  const tooLong = (): Error => hubError(repo, `answer of the hub must have at most ${most} bytes, got more`);
  const bytes = await gather(response.body ?? [], most, tooLong);
  const value = parsed(bytes);
  if (typeof value !== 'object' || value === null) throw new Unreachable('an answer that is no JSON object or list');
  const link = response.headers.get('link');
  if (/;\s*rel="next"/.test(link ?? '') && (!Array.isArray(value) || value.length === 0))
    throw hubError(repo, 'page of the list must name a file where another page follows, got an empty one');
  return new Response(bytes, { headers: link === null ? {} : { link } });
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(bytes));
  } catch {
    return undefined;
  }
}

function statusError(address: HubAddress, url: string, response: Answer): SynsegError {
  const { repo, revision, hubUrl } = address;
  const { status } = response;
  const code = (response.headers.get('x-error-code') ?? '').slice(0, 40);
  const got = `got status ${status}${code === '' ? '' : ` ${code}`}`;
  const token = 'HF_TOKEN (or the accessToken option) to a token that may read it';
  const refusal = (): string => {
    if (code === 'RevisionNotFound')
      return `revision must be a branch, tag or commit of the repository, got "${revision}"`;
    // The hub answers 401 for a repository that does not exist, so that private names stay private.
    if (code === 'RepoNotFound' || (status === 404 && url.startsWith(`${hubUrl}/api/`)))
      return `repository must exist at ${hostOf(address)}, ${got}; if it is private, set ${token}`;
    if (status === 401 || status === 403)
      return `repository must be open to you, ${got}; accept its terms on the hub if it is gated, and set ${token}`;
    return `${new URL(url).pathname} must be readable at ${hostOf(address)}, ${got}`;
  };
  return hubError(repo, refusal());
}

/** Host and port only: the rest of a URL may hold a password. */
function hostOf(address: HubAddress): string {
  return new URL(address.hubUrl).host;
}

/**
 * One HTTP question to the hub, and what its answers mean.
 *
 * Not a retry policy: {@link Unreachable} marks the answers worth asking again for (no route, cut line, 5xx, 429), and
 * the caller decides whether that means another try, the cached snapshot, or an error.
 */
import { SynsegError, messageOf } from '../errors.ts';

/** Where and as whom to ask. */
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
  return new SynsegError('HUB_DOWNLOAD', `Cannot download ${repo}: ${rest}`, cause === undefined ? {} : { cause });
}

/** The error for a hub that stayed unreachable; `rest` may say what else was tried. */
export function unreachableError(address: HubAddress, cause: Unreachable, rest = ''): SynsegError {
  const text = `hub ${hostOf(address)} must be reachable, got ${cause.message}${rest}; a folder path works without network`;
  return hubError(address.repo, text, cause);
}

/** Any failure of a fetch or of reading its body as {@link Unreachable}. */
export function unreachable(error: unknown): Unreachable {
  if (error instanceof Unreachable) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as { code?: unknown } | undefined)?.code;
  const reason = typeof code === 'string' ? code : messageOf(cause instanceof Error && cause.message !== '' ? cause : error);
  return new Unreachable(reason, { cause: error });
}

/**
 * Sends one request and returns a usable response (2xx, or 416 for a range the file does not have).
 *
 * The token goes to the hub's own origin only: `fetch` drops the header when a file redirects to a storage host.
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
): Promise<Response> {
  const { hubUrl, accessToken, signal } = address;
  const authorised = accessToken !== undefined && new URL(url).origin === new URL(hubUrl).origin;
  let response: Response;
  try {
    response = await fetch(url, {
      // A compressed body would make byte ranges and sizes those of the compressed stream.
      headers: {
        'accept-encoding': 'identity',
        ...headers,
        ...(authorised ? { authorization: `Bearer ${accessToken}` } : {}),
      },
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(error);
  }
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel().catch(() => undefined);
  if (response.status >= 500 || response.status === 408 || response.status === 429) {
    throw new Unreachable(`status ${response.status}`);
  }
  throw statusError(address, url, response);
}

function statusError(address: HubAddress, url: string, response: Response): SynsegError {
  const { repo, revision } = address;
  const { status } = response;
  const code = response.headers.get('x-error-code') ?? '';
  const got = `got status ${status}${code === '' ? '' : ` ${code}`}`;
  const token = 'HF_TOKEN (or the accessToken option) to a token that may read it';
  if (code === 'RevisionNotFound') {
    return hubError(repo, `revision must be a branch, tag or commit of the repository, got "${revision}"`);
  }
  // The hub answers 401 for a repository that does not exist, so that private names stay private.
  if (code === 'RepoNotFound' || (status === 404 && url.startsWith(`${address.hubUrl}/api/`))) {
    return hubError(repo, `repository must exist at ${hostOf(address)}, ${got}; if it is private, set ${token}`);
  }
  if (status === 401 || status === 403) {
    return hubError(repo, `repository must be open to you, ${got}; accept its terms on the hub if it is gated, and set ${token}`);
  }
  return hubError(repo, `${new URL(url).pathname} must be readable at ${hostOf(address)}, ${got}`);
}

/** Host and port only: the rest of a URL may hold a password. */
function hostOf(address: HubAddress): string {
  return new URL(address.hubUrl).host;
}

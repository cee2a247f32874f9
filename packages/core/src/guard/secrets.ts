/**
 * The parts of a URL that may be shown: scheme, host, port, and the last part of the path where it is a plain name.
 * Everything else can hold a secret under an unforeseeable name, and is never shown, logged or written.
 */

/** An address in running text, to the next space, quote or bracket. A quote may be part of a password. */
const address = /[a-z][a-z0-9+.-]*:\/\/[^\s"<>`]+/gi;
/** A host as it may be shown: a name, an IPv4 address or an IPv6 address in brackets, and a port. */
const host = /^(?:\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?)(?::\d{1,5})?$/i;
/** A path part as it may be shown: a short word, or a file name with a usual ending. */
const ENDINGS =
  'avi|bmp|cgi|flv|gif|html?|jpe?g|json|m3u8|m4v|mjpe?g|mkv|mov|mp4|mpd|mpeg|mpg|onnx|png|safetensors|sdp|tar|tiff?|' +
  'ts|txt|webm|webp|zip';
const plainPart = new RegExp(`^(?:[a-z][a-z_-]{0,15}\\d{0,4}|\\d{1,5}|[\\w][\\w -]{0,31}\\.(?:${ENDINGS}))$`, 'i');
/** Here the last part of the path is the key that a sender publishes with. */
const keyed = /^(?:rtmp|srt)/i;

/** An address whose slashes were forgotten, with a login in it. */
const broken = /^(?:(?:https?|rtsps?|rtmp\w*|srt|udp|tcp|s?ftp|rtp):\/?)?(?!\/)[^\s/\\:@]*:[^\\]*@(?=[^@]*$)/i;

/**
 * A URL as it may be shown.
 *
 * @example
 * ```ts
 * import { shownURL } from '@synseg/core/guards';
 * console.assert(shownURL('rtsp://admin:hunter2@cam:554/live?token=x') === 'rtsp://cam:554/live');
 * ```
 */
export function shownURL(url: string | URL): string {
  const text = String(url);
  if (/^data:/i.test(text)) return 'data: URL';
  const match = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  if (match === null) return text.replace(broken, '***@');
  const scheme = (match[1] as string).toLowerCase();
  if (scheme === 'file') return text;
  const rest = text.slice(match[0].length);
  const found = authority(rest);
  if (found === undefined) return `${scheme}://${rest === '' ? '' : '…'}`;
  const { name, path } = found;
  const parts = path.replace(/[?#].*$/s, '').split('/');
  const last = parts.findLast((part) => part !== '');
  if (last === undefined) return `${scheme}://${name}`;
  return !keyed.test(scheme) && plainPart.test(last) ? `${scheme}://${name}/${last}` : `${scheme}://${name}/…`;
}

/**
 * The URL with user name and password percent-encoded, as programs need it; people type `pa#ss`, `p/s?s` and `p@ss`.
 * Unchanged where it is not certain which part is the password.
 */
export function encodedLogin(url: string): string {
  const [, start = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(url) ?? [];
  const { login = '' } = authority(rest) ?? {};
  if (login === '' || /^file:/i.test(start)) return url;
  const encode = (text: string): string =>
    text.replaceAll(/%(?![0-9a-f]{2})|[^\w.~!$&'()*+,;=%-]/giu, encodeURIComponent);
  const [, user = '', password] = /^([^:]*)(?::(.*))?$/s.exec(login) ?? [];
  return `${start}${encode(user)}${password === undefined ? '' : `:${encode(password)}`}${rest.slice(login.length)}`;
}

/** The address without its login, and the login as a Basic header. @throws TypeError when it is no address */
export function splitLogin(address: string | URL): { readonly url: URL; readonly authorization?: string } {
  const url = new URL(typeof address === 'string' ? encodedLogin(address) : address);
  const { username, password } = url;
  url.username = url.password = '';
  if (username === '' && password === '') return { url };
  return { url, authorization: `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}` };
}

/**
 * Login, host and port, and what may be shown of what follows. A password typed as it is may hold `/`, `?`, `#` and
 * `@`: the host then stands behind the last `@`. Where two readings are possible the one that is surely an address is
 * taken; where what stands behind the last `@` could be the end of a secret, none.
 */
function authority(rest: string): { readonly login: string; readonly name: string; readonly path: string } | undefined {
  const [, strict = '', followed = ''] = /^([^/?#]*)(.*)$/s.exec(rest) as RegExpExecArray;
  const login = strict.slice(0, Math.max(0, strict.lastIndexOf('@')));
  const plain = strict.slice(login === '' && !strict.startsWith('@') ? 0 : login.length + 1);
  if (!followed.includes('@')) return host.test(plain) ? { login, name: plain, path: followed } : undefined;
  const end = rest.lastIndexOf('@');
  const [, loose = '', path = ''] = /^([^/?#]*)(.*)$/s.exec(rest.slice(end + 1)) ?? [];
  const behind = { login: rest.slice(0, end), name: loose, path };
  if (!host.test(plain)) return host.test(loose) ? behind : undefined;
  if (number.test(loose) && !surely(plain)) return behind;
  // The rest of the path holds an "@" and so, perhaps, a password: none of it is shown.
  return surely(plain) && !surely(loose) ? { login, name: plain, path: '/…' } : undefined;
}

/** An address in numbers, or this machine: never the end of a password. */
const number = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[^\]]+\]|localhost)(?::\d+)?$/i;

function surely(name: string): boolean {
  return host.test(name) && (/^(?:\[|localhost(?::|$))/i.test(name) || /^[^:]*\.[^:]+(?::\d+)?$/.test(name));
}

/**
 * A text without secrets: each address in it as {@link shownURL} gives it, and the secrets of the `known` addresses
 * replaced wherever they occur.
 */
export function withoutSecrets(text: string, known: readonly (string | URL)[] = []): string {
  let shown = text;
  for (const url of known) {
    const whole = String(url);
    if (whole !== '' && shownURL(whole) !== whole) shown = shown.split(whole).join(shownURL(whole));
  }
  shown = shown.replace(address, (found) => {
    const end = /[).,;:\]}'>]+$/.exec(found)?.[0] ?? '';
    return shownURL(found.slice(0, found.length - end.length)) + end;
  });
  for (const secret of known.flatMap(secretsOf)) shown = shown.split(secret).join('***');
  return shown;
}

/** The parts of a URL that are certainly secret, as written and as sent; longest first. */
function secretsOf(url: string | URL): string[] {
  const text = String(url);
  const rest = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/is.exec(text)?.[1];
  if (rest === undefined || /^file:/i.test(text)) return [];
  const user = rest.includes('@') ? rest.slice(0, rest.lastIndexOf('@')) : '';
  const password = user.slice(user.indexOf(':') + 1);
  const values = Array.from(rest.matchAll(/[?&;][^=&;#/]*=([^&;#]{6,})/g), ([, value]) => value as string);
  const [, ...parts] = rest.split(/[/?#]/);
  const long = parts.filter((part) => part.length >= 12 && !plainPart.test(part));
  const isTold = (secret: string): boolean => secret.length >= 3 && !/^(?:\d{3,4}|true|false)$/.test(secret);
  const found = [password, ...values, ...long].filter(isTold).flatMap((secret) => [secret, decoded(secret)]);
  return [...new Set(found)].sort((a, b) => b.length - a.length);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * An error whose message, stack, other texts (`input`, `path`, `spawnargs` of Node's errors) and causes hold no
 * secrets; class, code and everything else stay. The same object.
 */
export function cleanError<Thrown>(error: Thrown, known: readonly (string | URL)[] = []): Thrown {
  const seen = new Set<unknown>();
  const clean = (at: unknown): void => {
    if (!(at instanceof Error) || seen.has(at)) return;
    seen.add(at);
    const stack = at.stack;
    for (const [name, value] of Object.entries({ ...at, message: at.message })) {
      if (typeof value === 'string') setText(at, name, withoutSecrets(value, known));
      if (Array.isArray(value) && value.every((part) => typeof part === 'string')) {
        const parts = value.map((part) => withoutSecrets(part, known));
        setText(at, name, parts);
      }
    }
    const lines = stack?.split('\n').map((line) => (/^\s+at /.test(line) ? line : withoutSecrets(line, known)));
    if (lines !== undefined) setText(at, 'stack', lines.join('\n'));
    if (typeof at.cause === 'string') setText(at, 'cause', withoutSecrets(at.cause, known));
    clean(at.cause);
    if (at instanceof AggregateError) at.errors.forEach(clean);
  };
  clean(error);
  return error;
}

function setText(error: Error, name: string, value: string | readonly string[]): void {
  const before = Object.getOwnPropertyDescriptor(error, name);
  if (before?.value === value) return;
  const enumerable = before?.enumerable ?? false;
  try {
    Object.defineProperty(error, name, { value, configurable: true, writable: true, enumerable });
  } catch {
    // A frozen error keeps its text; ours are not frozen.
  }
}

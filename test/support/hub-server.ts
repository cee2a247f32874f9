/**
 * A small Hugging Face hub on loopback: real sockets, the hub's paths and headers, and faults on demand.
 *
 * Speaks `/api/models/<repo>/revision/<revision>`, `/api/models/<repo>/tree/<commit>` (two entries a page, with `Link`)
 * and `/<repo>/resolve/<commit>/<path>`. Files of `.safetensors`, `.onnx` and `.bin` are LFS files: like the hub, it
 * redirects them to a storage host, here a second server on another port.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository: its commits, and the branches and tags that point to them. */
export interface HubRepo {
  readonly commits: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;
  /** Branch or tag to commit; a test may move them. */
  readonly refs: Record<string, string>;
  /** Token every request must carry. */
  readonly token?: string;
}

/** What the server saw, in order. */
interface HubRequestRecord {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  readonly storage: boolean;
}

/** How to spoil one answer for the bytes of a file. */
interface Fault {
  /** Send this many bytes of the body, then destroy the socket. */
  readonly cutAfter?: number;
  /** Send this many bytes of the body, then nothing until the server closes or `release()` is called. */
  readonly holdAfter?: number;
  /** With `holdAfter`: destroy the socket on `release()` in place of going on. */
  readonly thenCut?: true;
  /** Answer with this status and no body. */
  readonly status?: number;
  readonly errorCode?: string;
  /** Answer 200 with the whole file to a range request. */
  readonly ignoreRange?: true;
  /** Send these bytes in place of the file's. */
  readonly body?: Uint8Array;
}

/** The running server; dispose it to close both ports. */
export interface HubServer {
  readonly url: string;
  readonly requests: readonly HubRequestRecord[];
  /** Requests for the bytes of one file, as they reached the host that sends them. */
  fileRequests(path: string): HubRequestRecord[];
  /** Spoils the next answers for a file, one fault each; the last one stays when `forever` is given. */
  fault(path: string, faults: readonly Fault[], forever?: 'forever'): void;
  /** Answers all API calls with this status until set back to 0. */
  apiStatus: number;
  /** Resolves when a held answer has sent its part. */
  readonly held: Promise<void>;
  /** Lets held answers go on, those held now and later ones. */
  release(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the server on two free loopback ports. */
export async function startHubServer(repos: Readonly<Record<string, HubRepo>>): Promise<HubServer> {
  const requests: HubRequestRecord[] = [];
  const faults = new Map<string, { queue: Fault[]; forever: boolean }>();
  let markHeld = (): void => undefined;
  const held = new Promise<void>((resolve) => (markHeld = resolve));
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));

  const record = (request: IncomingMessage, storage: boolean): void => {
    const { range, authorization } = request.headers;
    requests.push({ path: decodeURIComponent(request.url ?? ''), range, authorization, storage });
  };

  const sendFile = (path: string, content: Uint8Array, request: IncomingMessage, response: ServerResponse): void => {
    const plan = faults.get(path);
    const fault = (plan?.forever === true && plan.queue.length === 1 ? plan.queue[0] : plan?.queue.shift()) ?? {};
    if (fault.status !== undefined) return fail(response, fault.status, fault.errorCode ?? '');
    const body = fault.body ?? content;
    const start = fault.ignoreRange === true ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start > 0 && start >= body.length) {
      return void response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    }
    const part = body.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': part.length,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
    });
    const limit = fault.cutAfter ?? fault.holdAfter;
    if (limit === undefined) return void response.end(part);
    response.write(part.subarray(0, limit), () => {
      if (fault.cutAfter !== undefined) return void response.destroy();
      markHeld();
      void released.then(() => (fault.thenCut === true ? response.destroy() : response.end(part.subarray(limit))));
    });
  };

  const storage = createServer((request, response) => {
    record(request, true);
    const [, oid, path] = (request.url ?? '').split('/');
    const content = Object.values(repos)
      .flatMap((repo) => Object.values(repo.commits))
      .flatMap((files) => Object.values(files))
      .find((bytes) => sha256(bytes) === oid);
    if (content === undefined || path === undefined) return fail(response, 404, '');
    sendFile(path, content, request, response);
  });

  const hub = createServer((request, response) => {
    record(request, false);
    const url = new URL(request.url ?? '', 'http://hub');
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(url.pathname);
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const repo = repos[(api ?? file)?.[1] ?? ''];
    if (api !== null && server.apiStatus !== 0) return fail(response, server.apiStatus, '');
    if (repo === undefined) return fail(response, 404, 'RepoNotFound');
    if (repo.token !== undefined && request.headers.authorization !== `Bearer ${repo.token}`)
      return fail(response, 401, 'GatedRepo');
    const name = decodeURIComponent(api?.[3] ?? file?.[2] ?? '');
    const commit = repo.refs[name] ?? name;
    const files = repo.commits[commit];
    if (files === undefined) return fail(response, 404, 'RevisionNotFound');
    if (api?.[2] === 'revision')
      return json(response, { _id: '1', id: api[1], sha: commit, lastModified: '2024-01-01T00:00:00Z' });
    if (api?.[2] === 'tree') {
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const next = new URL(url.pathname, server.url);
      next.searchParams.set('cursor', String(from + 2));
      const entries = Object.entries(files).map(([path, bytes]) => entryOf(path, bytes));
      return json(
        response,
        entries.slice(from, from + 2),
        from + 2 < entries.length ? { link: `<${next.href}>; rel="next"` } : {},
      );
    }
    const path = file?.[3] ?? '';
    const content = files[path];
    if (content === undefined) return fail(response, 404, 'EntryNotFound');
    if (!isLfs(path)) return sendFile(path, content, request, response);
    response.writeHead(302, { location: `http://127.0.0.1:${portOf(storage)}/${sha256(content)}/${path}` }).end();
  });

  const server: HubServer = {
    url: '',
    requests,
    fileRequests: (path) => requests.filter((seen) => seen.path.endsWith(`/${path}`) && seen.storage === isLfs(path)),
    fault: (path, queue, forever) => void faults.set(path, { queue: [...queue], forever: forever !== undefined }),
    apiStatus: 0,
    held,
    release: () => release(),
    async [Symbol.asyncDispose]() {
      for (const each of [hub, storage]) {
        await new Promise((resolve) => {
          each.close(resolve);
          each.closeAllConnections();
        });
      }
    },
  };
  await Promise.all(
    [hub, storage].map((each) => new Promise<void>((resolve) => void each.listen(0, '127.0.0.1', resolve))),
  );
  return Object.assign(server, { url: `http://127.0.0.1:${portOf(hub)}` });
}

/** The name the hub gives this content: sha256 for LFS files, git's blob sha1 for others. */
export function etagOf(path: string, bytes: Uint8Array): string {
  return isLfs(path) ? sha256(bytes) : gitSha1(bytes);
}

function entryOf(path: string, bytes: Uint8Array): object {
  const lfs = isLfs(path) ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } } : {};
  return { type: 'file', path, size: bytes.length, oid: gitSha1(bytes), ...lfs };
}

function isLfs(path: string): boolean {
  return /\.(?:safetensors|onnx|bin)$/.test(path);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function gitSha1(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json', ...(code === '' ? {} : { 'x-error-code': code }) });
  response.end(JSON.stringify({ error: `status ${status}` }));
}

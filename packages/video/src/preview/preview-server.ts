/**
 * The live preview: a small HTTP server and its page. Pictures come in through {@link PreviewServer.publish}, which
 * never waits for anybody; edits of the labels go out through `onLabels`. It knows nothing of how pictures are made.
 *
 * Addresses: `/` the page · `/stream/N` source N for whatever plays MJPEG · `/snapshot/N.jpg` its newest picture ·
 * `/events` everything but pictures as server-sent events · `/labels` takes edits · `/live`, `/drawn` the page's own.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { SynsegError } from '@synseg/core';
import { messageOf } from '@synseg/core/guards';
import { checkKind, checkOptions, describeValue, optionNames } from '@synseg/core/guards';
import { isLoopback } from './access.ts';
import { Hub } from './hub.ts';
import { checkLabels } from './label-desk.ts';
import type { PreviewLabels, PreviewOptions, PreviewPicture } from './preview-types.ts';
import { answer } from './routes.ts';

const MAX_CONNECTIONS = 512;
const PING_MS = 5000;
const MIN_TOKEN = 8;

const names = optionNames<PreviewOptions>({
  sources: true,
  labels: true,
  onLabels: true,
  host: true,
  port: true,
  token: true,
  title: true,
  vocabulary: true,
});

/**
 * Serves the preview page.
 *
 * @example
 * ```ts
 * import { PreviewServer, type PreviewLabels } from '@synseg/video';
 * const labels: PreviewLabels = { names: ['road'], colors: [[46, 125, 225]], thresholds: [null] };
 * const preview = await PreviewServer.start({ sources: ['front camera'], labels, onLabels: async () => labels });
 * preview.publishState(0, 'running');
 * const page = await fetch(preview.url);
 * console.assert((await page.text()).includes('<title>synseg</title>') && preview.viewers === 0);
 * await preview.dispose();
 * ```
 */
export class PreviewServer {
  readonly #server: Server;
  readonly #hub: Hub;
  readonly #host: string;
  readonly #token: string | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #pinging: NodeJS.Timeout;
  #port = 0;
  #closed: Promise<void> | undefined;

  private constructor(options: PreviewOptions) {
    const { host = '127.0.0.1', token } = options;
    this.#hub = new Hub(options);
    this.#host = host;
    this.#token = token ?? (isLoopback(host) ? undefined : randomBytes(18).toString('base64url'));
    this.#server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
      answer(request, response, { hub: this.#hub, token: this.#token, port: this.#port }).catch(() =>
        response.destroy(),
      );
    });
    // A connection that could not be taken, for lack of file handles; the others stay.
    this.#server.on('error', () => {});
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('connection', (socket) => {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 15_000);
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#pinging = setInterval(() => this.#hub.ping(), PING_MS);
  }

  /**
   * Opens the port and serves the page.
   *
   * @throws {TypeError} when there is no source, or an option is of the wrong kind or not known
   * @throws {RangeError} for a port outside 0..65535, or a token of less than 8 characters
   * @throws {SynsegError} `VIDEO_ENCODE` when the address cannot be listened on
   */
  static async start(options: PreviewOptions): Promise<PreviewServer> {
    checkKind(
      'start preview',
      'options',
      options,
      options !== undefined,
      'be an object with sources, labels and onLabels',
    );
    checkOptions('start preview', options, names);
    const { sources, port = 0, token, vocabulary, onLabels } = options;
    for (const [name, list] of Object.entries({ sources, vocabulary: vocabulary ?? [] })) {
      checkKind(
        'start preview',
        name,
        list,
        Array.isArray(list) && list.every((text) => typeof text === 'string'),
        'be a list of strings',
      );
    }
    for (const name of ['host', 'token', 'title'] as const)
      checkKind(
        'start preview',
        name,
        options[name],
        options[name] === undefined || typeof options[name] === 'string',
        'be a string',
      );
    checkKind('start preview', 'onLabels', onLabels, typeof onLabels === 'function', 'be a function');
    checkLabels('start preview', options.labels);
    if (sources.length === 0) throw new TypeError('Cannot start preview: sources must not be empty, got []');
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new RangeError(
        `Cannot start preview: port must be a whole number of 0 to 65535, got ${describeValue(port)}`,
      );
    }
    if (token !== undefined && token.length < MIN_TOKEN) {
      throw new RangeError(
        `Cannot start preview: token must have at least ${MIN_TOKEN} characters, got ${token.length}`,
      );
    }
    const preview = new PreviewServer(options);
    await preview.#listen(port);
    return preview;
  }

  /** Address of the page, with the token if there is one: for the person who started the preview only. */
  get url(): string {
    const host = this.#host === '0.0.0.0' || this.#host === '::' ? outwardAddress() : this.#host;
    const query = this.#token === undefined ? '' : `?token=${encodeURIComponent(this.#token)}`;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}/${query}`;
  }

  /** Open picture streams: pages that somebody looks at, and players. Without any, no pictures need be made. */
  get viewers(): number {
    return this.#hub.watching;
  }

  /** Pictures that a viewer never got because a newer one came before it was ready, over all viewers so far. */
  get picturesLost(): number {
    return this.#hub.lost;
  }

  /**
   * Shows a picture. Never waits: viewers that are not ready get a later one. Does nothing after `close()`.
   *
   * @throws {TypeError} when the picture is not whole
   * @throws {RangeError} when there is no such source
   */
  publish(picture: PreviewPicture): void {
    checkKind(
      'show picture',
      'picture',
      picture,
      typeof picture === 'object' && picture !== null && ArrayBuffer.isView(picture.jpeg),
      'hold a JPEG file as jpeg',
    );
    for (const name of ['index', 'timeSeconds', 'latencySeconds', 'dropped', 'framesPerSecond'] as const) {
      checkKind('show picture', name, picture[name], typeof picture[name] === 'number', 'be a number');
    }
    const { areas } = picture;
    const shares =
      typeof areas === 'object' &&
      (areas as unknown) !== null &&
      Object.values(areas).every((share) => typeof share === 'number');
    checkKind('show picture', 'areas', areas, shares, 'be an object of numbers');
    this.#hub.show(picture);
  }

  /**
   * Shows what a source is doing (`running`, `stalled` …) and why. Does nothing after `close()`.
   *
   * @throws {TypeError} when state or reason is no string
   * @throws {RangeError} when there is no such source
   */
  publishState(source: number, state: string, reason?: string): void {
    checkKind('show state', 'state', state, typeof state === 'string', 'be a string');
    checkKind('show state', 'reason', reason, reason === undefined || typeof reason === 'string', 'be a string');
    this.#hub.showState(source, state, reason);
  }

  /** Shows labels that were changed by other means than the page. Does nothing after `close()`. */
  publishLabels(labels: PreviewLabels): void {
    checkLabels('show labels', labels);
    this.#hub.showLabels(labels);
  }

  /** Ends every connection and gives the port back. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      clearInterval(this.#pinging);
      this.#server.close(() => resolve());
      this.#hub.end();
      this.#sockets.forEach((socket) => socket.destroy());
    });
    return this.#closed;
  }

  /** {@link PreviewServer.close}, as other things that end are called. */
  dispose(): Promise<void> {
    return this.close();
  }

  /** {@link PreviewServer.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #listen(port: number): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(port, this.#host, resolve);
      });
    } catch (cause) {
      clearInterval(this.#pinging);
      const reason = (cause as NodeJS.ErrnoException).code ?? messageOf(cause);
      throw new SynsegError(
        'VIDEO_ENCODE',
        `Cannot start preview: ${this.#host}:${port} must be free to listen on, got ${reason}`,
        { cause },
      );
    }
    this.#port = (this.#server.address() as AddressInfo).port;
  }
}

/** An address of this machine that others can reach. */
function outwardAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

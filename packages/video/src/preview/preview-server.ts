/**
 * The live preview: a small HTTP server and its page. Pictures come in through {@link PreviewServer.publish}, which
 * never waits for anybody; changes of the labels go out through `onLabels`. It knows nothing of how pictures are made.
 *
 * Addresses: `/` the page, with its files · `/live` its WebSocket · `/stream/N` source N for whatever plays MJPEG ·
 * `/snapshot/N.jpg` its newest picture.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isLoopback, messageOf, pageAddress, type PageFiles } from '@synseg/core/guards';
import { Hub } from './hub.ts';
import { readPage } from './page-files.ts';
import { checkState, readLabels, readPicture, readPreviewOptions } from './preview-options.ts';
import type { PreviewLabels, PreviewOptions, PreviewPicture } from './preview-options.ts';
import { answer, upgrade, type RouteContext } from './routes.ts';
import { videoError } from '../video-error.ts';

const MAX_CONNECTIONS = 512;
const PING_MS = 5000;

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

  private constructor(options: ReturnType<typeof readPreviewOptions>, page: PageFiles) {
    const { host, token } = options;
    this.#hub = new Hub(options);
    this.#host = host;
    this.#token = token ?? (isLoopback(host) ? undefined : randomBytes(18).toString('base64url'));
    const context = (): RouteContext => ({ hub: this.#hub, page, token: this.#token, port: this.#port });
    this.#server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) =>
      answer(request, response, context()),
    );
    this.#server.on('upgrade', (request, socket, head) => upgrade(request, socket, head, context()));
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
   * @throws TypeError when an option is missing, of the wrong kind or not known
   * @throws RangeError when there is no source, for a port outside 0..65535, or a token of less than 8 characters
   * @throws SynsegError `VIDEO_ENCODE` when the address cannot be listened on
   */
  static async start(options: PreviewOptions): Promise<PreviewServer> {
    const read = readPreviewOptions(options);
    const preview = new PreviewServer(read, await readPage());
    await preview.#listen(read.port);
    return preview;
  }

  /** Address of the page, with the token if there is one: for the person who started the preview only. */
  get url(): string {
    return pageAddress(this.#host, this.#port, this.#token);
  }

  /** Open pages that somebody looks at, and picture streams. Without any, no pictures need be made. */
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
   * @throws TypeError when the picture is not whole
   * @throws RangeError when there is no such source
   */
  publish(picture: PreviewPicture): void {
    this.#hub.show(readPicture(picture));
  }

  /**
   * Shows the state of a source (`running`, `stalled` …) and its reason. Does nothing after `close()`.
   *
   * @throws TypeError when state or reason is no string
   * @throws RangeError when there is no such source
   */
  publishState(source: number, state: string, reason?: string): void {
    checkState(state, reason);
    this.#hub.showState(source, state, reason);
  }

  /** Shows labels that were changed by other means than the page. Does nothing after `close()`. */
  publishLabels(labels: PreviewLabels): void {
    this.#hub.showLabels(readLabels('show labels', labels));
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
      const rule = `${this.#host}:${port} must be free to listen on`;
      throw videoError('VIDEO_ENCODE', `Cannot start preview: ${rule}, got ${reason}`, cause);
    }
    this.#port = (this.#server.address() as AddressInfo).port;
  }
}

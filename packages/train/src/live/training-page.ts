/**
 * The live page of a training: a small HTTP server. Reports go in through its methods, which never wait for anybody;
 * the page asks for the state once a second. It knows nothing of how a training is run.
 *
 * Addresses: `/` the page, with its files · `/state` what is known, as JSON (`?version=` of the last: 204 when nothing
 * is new) · `/picture/NAME` a file of a picture.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { answerPage, checkKind, isLoopback, messageOf, packageFile, pageAddress } from '@synseg/core/guards';
import { rangeError, readOptions, readPageFiles, sendPage, type PageFiles } from '@synseg/core/guards';
import type { StepReport, TrainProgress } from '../trainer/reports.ts';
import { readPictures, readPlan, readScore, TRAINING_PAGE_OPTIONS } from './page-options.ts';
import type { HeldOutPicture, PlanEntry, TrainingPageOptions } from './page-options.ts';
import { TrainingState } from './training-state.ts';

const ACTION = 'open training page';
const NAMES = ['page.html', 'locked.html', 'page.css', 'page.js', 'icon.svg'];
const MAX_CONNECTIONS = 512;
/** How often a page asks for the state. */
const ASKED_MS = 1000;

/** A page that shows a training while it runs. After `close()` its methods do nothing. */
export interface TrainingPage {
  /** Address of the page, with the token if there is one: for the person who started the training only. */
  readonly url: string;
  /**
   * Shows what will be done. Logins in it, and folders of absolute paths, are not shown.
   *
   * @throws TypeError when it is no list of `{ name, value }`, both strings
   */
  showPlan(plan: readonly PlanEntry[]): void;
  /** Shows the work before and between steps, and the score of the start: for `onProgress` of `train()`. */
  showProgress(progress: TrainProgress): void;
  /** Shows a step, with its score if it has one. */
  showStep(report: StepReport): void;
  /**
   * Shows the mIoU of the held-out part after a step, where no report carries it; that of step 0 is the start's.
   *
   * @throws TypeError | RangeError when `step` is no integer of at least 0, or `mIoU` no number of 0..1
   */
  showScore(step: number, mIoU: number, best: boolean): void;
  /** Shows in words what is being done, until the next step. */
  showNote(text: string): void;
  /**
   * Shows held-out pictures, 24 at most, as they are segmented after a step, in place of those before.
   *
   * @throws TypeError | RangeError when a picture is no JPEG or PNG file of at most 4 MiB, or there are too many
   */
  showPictures(step: number, pictures: readonly HeldOutPicture[]): void;
  /** Shows that the training has ended, and what became of it. */
  showEnd(text: string): void;
  /**
   * Gives the port back and ends every connection, once those who look have seen the last of it: that takes a second at
   * most, and none when the signal ends it. Idempotent.
   */
  close(): Promise<void>;
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens the live page of a training, on this machine only unless `host` says otherwise.
 *
 * @throws TypeError when an option is of the wrong kind or not known
 * @throws RangeError for a port outside 0..65535, a token of less than 8 characters, or an address that cannot be
 *   listened on
 * @throws SynsegError `BUNDLED` when this code does not lie in its package
 * @throws the signal's reason when it is aborted
 * @example
 * ```ts
 * import { openTrainingPage } from '@synseg/train';
 * const page = await openTrainingPage({ title: 'animals' });
 * page.showPlan([{ name: 'pictures', value: '60' }]);
 * const state = (await (await fetch(`${page.url}state`)).json()) as { title: string; plan: string[][] };
 * console.assert(state.title === 'animals' && state.plan.join() === 'pictures,60');
 * await page.close();
 * ```
 */
export async function openTrainingPage(options?: TrainingPageOptions): Promise<TrainingPage> {
  const { host, port, ...more } = readOptions(ACTION, TRAINING_PAGE_OPTIONS, options);
  const { signal } = more;
  signal?.throwIfAborted();
  const place = import.meta.url.endsWith('.ts') ? '../../dist/page/' : './page/';
  const folder = packageFile(ACTION, '@synseg/train', () => new URL(place, import.meta.url));
  const page = new PageServer(host, { ...more, files: await readPageFiles(folder, NAMES) });
  await page.listen(port);
  // It may have been aborted meanwhile.
  if (signal?.aborted === true) await page.end();
  signal?.throwIfAborted();
  return page;
}

interface PageParts {
  readonly title: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly files: PageFiles;
}

class PageServer implements TrainingPage {
  readonly #server: Server;
  readonly #state: TrainingState;
  readonly #host: string;
  readonly #token: string | undefined;
  readonly #files: PageFiles;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  /** When somebody asked last, and the version that was told. */
  #lastLook: { readonly at: number; readonly version: string } | undefined;
  /** Ends the wait for those who look. */
  #goOn = (): void => {};
  #closed: Promise<void> | undefined;
  #ended: Promise<void> | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.end();

  constructor(host: string, { title, token, signal, files }: PageParts) {
    this.#state = new TrainingState(title);
    [this.#host, this.#files, this.#signal] = [host, files, signal];
    this.#token = token ?? (isLoopback(host) ? undefined : randomBytes(18).toString('base64url'));
    this.#server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) =>
      this.#answer(request, response),
    );
    // A connection that could not be taken, for lack of file handles; the others stay.
    this.#server.on('error', () => {});
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get url(): string {
    return pageAddress(this.#host, this.#port, this.#token);
  }

  showPlan(plan: readonly PlanEntry[]): void {
    this.#state.setPlan(readPlan(plan));
  }

  showProgress(progress: TrainProgress): void {
    this.#state.setProgress(progress);
  }

  showStep(report: StepReport): void {
    this.#state.addStep(report);
  }

  showScore(step: number, mIoU: number, best: boolean): void {
    const score = readScore(step, mIoU, best);
    this.#state.addScore(score.step, score.mIoU, score.best);
  }

  showNote(text: string): void {
    checkKind('show note', 'text', text, typeof text === 'string', 'be a string');
    this.#state.setNote(text);
  }

  showPictures(step: number, pictures: readonly HeldOutPicture[]): void {
    this.#state.setPictures(step, readPictures(step, pictures));
  }

  showEnd(text: string): void {
    checkKind('show end', 'text', text, typeof text === 'string', 'be a string');
    this.#state.end(text);
  }

  async listen(port: number): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(port, this.#host, resolve);
      });
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? messageOf(cause);
      throw rangeError(ACTION, `${this.#host}:${port}`, 'be free to listen on', reason);
    }
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#signal?.addEventListener('abort', this.#onAbort);
  }

  close(): Promise<void> {
    this.#closed ??= this.#lastLooks().then(() => this.end());
    return this.#closed;
  }

  /** Ends every connection at once. */
  end(): Promise<void> {
    this.#ended ??= new Promise((resolve) => {
      this.#signal?.removeEventListener('abort', this.#onAbort);
      this.#goOn();
      this.#server.close(() => resolve());
      this.#sockets.forEach((socket) => socket.destroy());
    });
    return this.#ended;
  }

  /** Waits until the pages that are open have asked once more, if there is anything new for them. */
  async #lastLooks(): Promise<void> {
    const { at = -Infinity, version } = this.#lastLook ?? {};
    if (performance.now() - at > 2 * ASKED_MS || version === this.#state.version) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, 1.2 * ASKED_MS);
      this.#goOn = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const page = { name: 'training page', files: this.#files, token: this.#token, port: this.#port };
    const pathname = answerPage(request, response, page);
    if (pathname === undefined) return;
    if (pathname === '/state') return this.#answerState(request, response);
    const [, name = ''] = /^\/picture\/([0-9a-f]{32})$/.exec(pathname) ?? [];
    const file = this.#state.file(name);
    if (file === undefined) sendPage(response, 404, 'Cannot answer: there is nothing at this address\n');
    else sendPage(response, 200, file);
  }

  #answerState(request: IncomingMessage, response: ServerResponse): void {
    const seen = new URLSearchParams((request.url ?? '').split('?')[1]).get('version');
    this.#lastLook = { at: performance.now(), version: this.#state.version };
    if (seen === this.#state.version) response.writeHead(204).end();
    else sendPage(response, 200, { type: 'application/json', bytes: Buffer.from(this.#state.json) });
  }
}

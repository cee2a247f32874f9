/**
 * The one connection of the page. It is opened again when it ends or falls silent, and given up while nobody sees the
 * page.
 */
import type { AnswerMessage, PictureMessage, ServerMessage, ViewerMessage } from '../src/preview/protocol.ts';

const SILENCE_MS = 15_000;
const LONGEST_DELAY_MS = 5000;

export type ConnectionState = 'connecting' | 'live' | 'reconnecting' | 'locked' | 'paused';

/** The page, as its connection uses it. */
export interface Listener {
  onState(state: ConnectionState): void;
  onMessage(message: Exclude<ServerMessage, PictureMessage | AnswerMessage>): void;
  /** Resolves when the picture is drawn. */
  onPicture(picture: PictureMessage, jpeg: ArrayBuffer): Promise<void>;
}

export class Connection {
  readonly #listener: Listener;
  #socket: WebSocket | undefined;
  #failures = 0;
  #answer: ((answer: AnswerMessage) => void) | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
    void this.#run();
  }

  /** Asks for a change of the labels, one at a time. */
  change(revision: number, labels: (ViewerMessage & { type: 'labels' })['labels']): Promise<AnswerMessage> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (!send(this.#socket, { type: 'labels', revision, labels })) this.#fail();
    });
  }

  async #run(): Promise<never> {
    const onState = (state: ConnectionState): void => this.#listener.onState(state);
    onState('connecting');
    while (true) {
      while (document.hidden) {
        onState('paused');
        await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
        onState('reconnecting');
      }
      await this.#watch();
      this.#fail();
      if (document.hidden) continue;
      onState((await isLocked()) ? 'locked' : 'reconnecting');
      this.#failures += 1;
      const delay = Math.min(250 * 2 ** this.#failures, LONGEST_DELAY_MS);
      await new Promise((resolve) => setTimeout(resolve, delay * (0.75 + Math.random() / 2)));
    }
  }

  /** Opens a connection; resolves when it has ended. */
  #watch(): Promise<void> {
    return new Promise((resolve) => {
      const socket = new WebSocket(new URL('live', location.href.replace(/^http/, 'ws')));
      const stop = new AbortController();
      const { signal } = stop;
      const end = (): void => {
        clearTimeout(silence);
        stop.abort();
        socket.close();
        resolve();
      };
      let silence = setTimeout(end, SILENCE_MS);
      let picture: PictureMessage | undefined;
      socket.binaryType = 'arraybuffer';
      socket.addEventListener('close', end, { signal });
      document.addEventListener('visibilitychange', () => document.hidden && end(), { signal });
      const receive = ({ data }: MessageEvent<string | ArrayBuffer>): void => {
        clearTimeout(silence);
        silence = setTimeout(end, SILENCE_MS);
        if (typeof data === 'string') {
          const message = JSON.parse(data) as ServerMessage;
          if (message.type === 'picture') picture = message;
          else this.#receive(message);
        } else if (picture !== undefined) {
          const { source } = picture;
          void this.#listener.onPicture(picture, data).finally(() => send(socket, { type: 'drawn', source }));
        }
      };
      socket.addEventListener('message', receive, { signal });
      this.#socket = socket;
    });
  }

  #receive(message: Exclude<ServerMessage, PictureMessage>): void {
    if (message.type === 'answer') return this.#answer?.(message);
    if (message.type === 'hello') {
      this.#failures = 0;
      this.#listener.onState('live');
    }
    this.#listener.onMessage(message);
  }

  #fail(): void {
    this.#answer?.({ type: 'answer', error: 'Not changed: the preview cannot be reached.' });
  }
}

/** Sends a message; false where the connection is not open. */
function send(socket: WebSocket | undefined, message: ViewerMessage): boolean {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(message));
  return true;
}

/** True where the server asks for a token: a refused WebSocket does not say why. */
async function isLocked(): Promise<boolean> {
  const answer = await fetch('page.js').catch(() => undefined);
  return answer?.status === 401;
}

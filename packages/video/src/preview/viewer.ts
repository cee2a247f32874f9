/**
 * One open connection that messages go to. A viewer that reads slowly never makes anybody wait and holds little memory:
 * of each kind of message, for each source, only the newest waits for it; older ones are lost.
 *
 * The page also says which pictures it has drawn: at most `window` of a source are on their way to it, so that what it
 * shows is not as old as everything that the buffers of a slow network hold.
 */
import type { ServerResponse } from 'node:http';
import type { Framing, Message } from './message.ts';

/** How a viewer wants to be served. */
export interface ViewerOptions {
  readonly framing: Framing;
  /** The only source it wants. @default all */
  readonly source?: number;
  /** Pictures of one source that may be sent and not yet reported as drawn. @default Infinity */
  readonly window?: number;
}

/** Sends messages to one connection, as fast as it takes them. */
export class Viewer {
  readonly framing: Framing;
  readonly #response: ServerResponse;
  readonly #source: number | undefined;
  readonly #window: number;
  readonly #waiting = new Map<string, Message>();
  #full = false;
  readonly #onTheWay = new Map<number, number>();
  #lost = 0;

  constructor(response: ServerResponse, { framing, source, window = Infinity }: ViewerOptions) {
    this.framing = framing;
    this.#response = response;
    this.#source = source;
    this.#window = window;
    response.on('error', () => response.destroy()); // the other end left; 'close' follows
    response.on('drain', () => {
      this.#full = false;
      this.#flush();
    });
  }

  /** True if pictures go to this viewer. */
  get showsPictures(): boolean {
    return this.framing !== 'event';
  }

  /** Pictures that were replaced by newer ones before they could be sent. */
  get lost(): number {
    return this.#lost;
  }

  /** Sends the message now, or when there is room if no newer one has come by then. */
  offer(message: Message): void {
    const { data, key } = message;
    if (this.#source !== undefined && !('source' in data && data.source === this.#source)) return;
    if (message.written(this.framing).length === 0) return;
    if (this.showsPictures && message.jpeg !== undefined && this.#waiting.has(key)) this.#lost += 1;
    this.#waiting.set(key, message); // a key keeps its place, so sources take turns
    this.#flush();
  }

  /** The viewer has drawn so many more pictures of each source. */
  drawn(pictures: readonly number[]): void {
    for (const [source, count] of pictures.entries()) {
      const onTheWay = this.#onTheWay.get(source);
      if (onTheWay !== undefined) this.#onTheWay.set(source, Math.max(0, onTheWay - count));
    }
    this.#flush();
  }

  /** Ends the connection. */
  end(): void {
    this.#waiting.clear();
    this.#response.destroy();
  }

  #flush(): void {
    for (const [key, message] of this.#waiting) {
      if (this.#full || this.#response.destroyed) return;
      if (message.data.type === 'picture' && this.showsPictures) {
        const { source } = message.data;
        const onTheWay = this.#onTheWay.get(source) ?? 0;
        if (onTheWay >= this.#window) continue;
        this.#onTheWay.set(source, onTheWay + 1);
      }
      this.#waiting.delete(key);
      for (const bytes of message.written(this.framing)) this.#full = !this.#response.write(bytes);
    }
  }
}

/**
 * One open connection that messages go to. A viewer that reads slowly never makes anybody wait and takes little memory:
 * of each kind of message, for each source, only the newest waits for it; older ones are lost.
 */
import type { ServerMessage } from './protocol.ts';

/** A message as it is sent, the same for all viewers. */
export interface Message {
  readonly data: ServerMessage;
  readonly json: string;
  readonly jpeg?: Uint8Array;
  /** Of two messages with the same key only the newer one matters. */
  readonly key: string;
}

/** Writes a message, once for all viewers. */
export function messageOf(data: ServerMessage, jpeg?: Uint8Array): Message {
  const key = 'source' in data ? `${data.type}:${data.source}` : data.type;
  return { data, json: JSON.stringify(data), key, ...(jpeg === undefined ? {} : { jpeg }) };
}

/** A connection, as a {@link Viewer} uses it. */
export interface Line {
  /**
   * Pictures of one source that may be sent and not yet reported as drawn. A viewer then never shows pictures as old as
   * everything that the buffers of a slow network hold.
   */
  readonly window: number;
  /** False while enough of what was sent still waits in this process. */
  ready(): boolean;
  wants(message: Message): boolean;
  /** Sends a message; calls `done` when it has left this process. */
  send(message: Message, done: () => void): void;
  end(): void;
}

/** Sends messages on a line as fast as it takes them. */
export class Viewer {
  /** Pictures that were replaced by newer ones before they could be sent. */
  lost = 0;
  readonly #line: Line;
  readonly #waiting = new Map<string, Message>();
  readonly #onTheWay = new Map<number, number>();

  constructor(line: Line) {
    this.#line = line;
  }

  /** Sends the message now, or when there is room if no newer one has come by then. */
  offer(message: Message): void {
    if (!this.#line.wants(message)) return;
    if (message.jpeg !== undefined && this.#waiting.has(message.key)) this.lost += 1;
    this.#waiting.set(message.key, message); // a key keeps its place, so sources take turns
    this.#flush();
  }

  /** The viewer has drawn another picture of a source. */
  drawn(source: number): void {
    const onTheWay = this.#onTheWay.get(source);
    if (onTheWay === undefined) return;
    this.#onTheWay.set(source, Math.max(0, onTheWay - 1));
    this.#flush();
  }

  /** Ends the connection. */
  end(): void {
    this.#waiting.clear();
    this.#line.end();
  }

  #flush(): void {
    for (const [key, message] of this.#waiting) {
      if (!this.#line.ready()) return;
      if (message.data.type === 'picture') {
        const { source } = message.data;
        const onTheWay = this.#onTheWay.get(source) ?? 0;
        if (onTheWay >= this.#line.window) continue;
        this.#onTheWay.set(source, onTheWay + 1);
      }
      this.#waiting.delete(key);
      this.#line.send(message, () => this.#flush());
    }
  }
}

/**
 * What the server tells its viewers, and the three ways it is written on a connection:
 *
 * - `frame` (the page, `/live`): `uint32 length of the JSON | uint32 length of the picture | JSON | JPEG`, big-endian;
 * - `event` (`/events`): a server-sent event without the picture;
 * - `part` (`/stream/N`): a part of `multipart/x-mixed-replace`, nothing but pictures. The head of the next part is
 *   sent
 *   right behind a picture, because Chromium draws it only then; so no part can say how long it is.
 */
import type { PreviewLabels, PreviewPicture } from './preview-types.ts';
import type { ShareSample } from './share-history.ts';

/** The data of a message; its `type` is the name of the server-sent event. */
export type MessageData =
  | { readonly type: 'hello'; readonly viewer: number; readonly title: string; readonly sources: readonly string[] }
  | ({ readonly type: 'labels'; readonly revision: number } & PreviewLabels)
  | { readonly type: 'state'; readonly source: number; readonly state: string; readonly reason?: string }
  | ({ readonly type: 'picture' } & Omit<PreviewPicture, 'jpeg'>)
  | { readonly type: 'history'; readonly source: number; readonly samples: readonly ShareSample[] }
  | { readonly type: 'sample'; readonly source: number; readonly areas: Readonly<Record<string, number>> }
  | { readonly type: 'ping' };

/** How messages are written on a connection. */
export type Framing = 'frame' | 'event' | 'part';

/** What stands between the parts of a picture stream. */
export const BOUNDARY = 'synseg-picture';

/** What comes before each picture of a picture stream. */
export const PART_HEAD = `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n`;

/** One message; each writing of it is made once, however many viewers there are. */
export class Message {
  readonly data: MessageData;
  readonly jpeg: Uint8Array | undefined;
  /** Of two messages with the same key only the newer one matters. */
  readonly key: string;
  readonly #written = new Map<Framing, readonly Uint8Array[]>();

  constructor(data: MessageData, jpeg?: Uint8Array) {
    this.data = data;
    this.jpeg = jpeg;
    this.key = 'source' in data ? `${data.type}:${data.source}` : data.type;
  }

  /**
   * The bytes to send, one after the other; the picture's are not copied. Nothing where a framing has no place for it.
   */
  written(framing: Framing): readonly Uint8Array[] {
    const known = this.#written.get(framing);
    if (known !== undefined) return known;
    const made = this.#write(framing);
    this.#written.set(framing, made);
    return made;
  }

  #write(framing: Framing): readonly Uint8Array[] {
    const { data, jpeg } = this;
    if (framing === 'part') return jpeg === undefined ? [] : [jpeg, Buffer.from(`\r\n${PART_HEAD}`)];
    const json = JSON.stringify(data);
    if (framing === 'event') return [Buffer.from(`event: ${data.type}\ndata: ${json}\n\n`)];
    const head = Buffer.alloc(8 + Buffer.byteLength(json));
    head.writeUInt32BE(head.length - 8, 0);
    head.writeUInt32BE(jpeg?.length ?? 0, 4);
    head.write(json, 8);
    return jpeg === undefined ? [head] : [head, jpeg];
  }
}

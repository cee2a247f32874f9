/** Serves segmentation requests of many callers on one {@link VisionEngine}, batching those that go together. */
import { disposedError } from '../errors.ts';
import { eventTurn } from './event-turn.ts';
import type { EncodeRequest, EngineInfo, InferenceMessage, SegmentReply, SegmentRequest } from './protocol.ts';
import type { TiledPixels } from './protocol.ts';
import { sendError, sendResult, type Numbered, type SendingPort } from './request-channel.ts';
import { RequestQueue, type BatchRule, type Queued } from './request-queue.ts';
import type { TensorData } from './graph-session.ts';
import { sliceFirstAxis } from './tensors.ts';
import type { Taps, VisionEngine } from './vision-engine.ts';

type Work = Numbered<EncodeRequest> | Numbered<SegmentRequest>;

/** The queue, and the encoded pictures callers keep. */
export class VisionService {
  readonly #engine: VisionEngine;
  readonly #queue = new RequestQueue<SendingPort, Work>();
  readonly #encoded = new Map<number, { readonly taps: Taps; readonly tiles: readonly [number, number] }>();
  readonly #rule: BatchRule<Work>;
  #nextEncoded = 1;
  /** Set while {@link VisionService.#work} will look at the queue again. */
  #busy = false;
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(engine: VisionEngine, maxBatch: number) {
    this.#engine = engine;
    this.#rule = {
      key: batchKey,
      weight: (work) => ('pixels' in work ? tileCount(work) : 'pixels' in work.picture ? tileCount(work.picture) : 1),
      limit: maxBatch,
    };
  }

  get info(): EngineInfo {
    return this.#engine.info;
  }

  /** Takes a message of one caller. */
  receive(port: SendingPort, message: InferenceMessage): void {
    switch (message.type) {
      case 'encode':
      case 'segment':
        if (this.#closed) return sendError(port, message.id, disposedError());
        this.#queue.push(port, message);
        if (!this.#busy) {
          this.#busy = true;
          this.#working = this.#work();
        }
        return;
      case 'cancel':
        this.#queue.cancel(port, message.id);
        return;
      case 'release':
        this.#encoded.delete(message.encoded);
        return;
      case 'embed':
        throw new Error(`internal: vision service must not receive "${message.type}"`);
    }
  }

  /** Stops after the current batch; what still waits fails as disposed. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { caller, request } of this.#queue.clear()) sendError(caller, request.id, disposedError());
    await this.#working;
    this.#encoded.clear();
    await this.#engine.release();
  }

  async #work(): Promise<void> {
    for (;;) {
      // Handles waiting messages: new requests may join the batch, canceled ones leave it.
      await eventTurn();
      const batch = this.#queue.takeBatch(this.#rule);
      const [first] = batch;
      if (first === undefined) {
        // Cleared in the same turn as the queue is read: a message one microtask later must start the work again.
        this.#busy = false;
        return;
      }
      try {
        if (first.request.type === 'encode') await this.#encode(first.caller, first.request);
        else await this.#segment(batch as Queued<SendingPort, Numbered<SegmentRequest>>[]);
      } catch (error) {
        for (const { caller, request } of batch) sendError(caller, request.id, error);
      }
    }
  }

  async #encode(caller: SendingPort, request: Numbered<EncodeRequest>): Promise<void> {
    const taps = await this.#engine.encode([request], request.views);
    const encoded = this.#nextEncoded++;
    this.#encoded.set(encoded, { taps, tiles: request.tiles });
    sendResult(caller, request.id, encoded);
  }

  async #segment(batch: readonly Queued<SendingPort, Numbered<SegmentRequest>>[]): Promise<void> {
    const { caller, request: first } = batch[0] as Queued<SendingPort, Numbered<SegmentRequest>>;
    const { views, merge, labels } = first;
    const { taps, tiles } = await this.#taps(batch.map(({ request }) => request));
    if (isMerged(first)) {
      const picture = 'encoded' in first.picture ? { tiles: tiles[0]! } : first.picture;
      const { scores, votes } = await this.#engine.merge(taps, picture, first);
      return reply(caller, first.id, await this.#engine.postprocess(scores, [1, 1], first, votes));
    }
    const logits = await this.#engine.decode(taps, labels, views, merge);
    let picture = 0;
    for (const [index, { caller, request }] of batch.entries()) {
      const grid = tiles[index] as readonly [number, number];
      const own: TensorData = sliceFirstAxis(logits, picture, picture + grid[0] * grid[1]);
      picture += grid[0] * grid[1];
      try {
        reply(caller, request.id, await this.#engine.postprocess(own, grid, request));
      } catch (error) {
        // One caller's results may be too large to hold; the others of the batch get theirs.
        sendError(caller, request.id, error);
      }
    }
  }

  async #taps(requests: readonly SegmentRequest[]): Promise<{ taps: Taps; tiles: (readonly [number, number])[] }> {
    const [first] = requests as readonly [SegmentRequest];
    if ('encoded' in first.picture) {
      const kept = this.#encoded.get(first.picture.encoded);
      if (kept === undefined) throw disposedError('encoded picture');
      return { taps: kept.taps, tiles: [kept.tiles] };
    }
    const pictures = requests.map(({ picture }) => picture as TiledPixels);
    return { taps: await this.#engine.encode(pictures, first.views), tiles: pictures.map(({ tiles }) => tiles) };
  }
}

/** Pictures with the same labels and views share a run; encodings, encoded pictures and merged windows go alone. */
function batchKey(work: Work): string | undefined {
  if (work.type === 'encode' || 'encoded' in work.picture || isMerged(work)) return undefined;
  return `${work.views} ${work.merge} ${work.labels.key}`;
}

/** Tiles are more than stitched: they overlap, or are scored one by one. */
function isMerged({ picture, rule }: SegmentRequest): boolean {
  const overlap = 'windows' in picture && picture.windows !== undefined;
  return overlap || rule.average === 'scores' || rule.refine !== undefined;
}

function reply(caller: SendingPort, id: number, results: SegmentReply): void {
  const buffers = Object.values(results).map((array: Uint8Array | Float32Array) => array.buffer as ArrayBuffer);
  sendResult(caller, id, results, buffers);
}

function tileCount({ tiles: [rows, columns] }: TiledPixels): number {
  return rows * columns;
}

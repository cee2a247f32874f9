/** A session without a model, which answers the pool's threads over the real ports, and the labels that go with it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { LabelSet, SynsegError, type SharedSegmenter } from '@synseg/core';
import { serializeError } from '@synseg/core/runtime';

/** Label sets with made-up embeddings. */
export function fakeLabels(...names: string[]): LabelSet {
  const embeddings = Float32Array.from({ length: names.length * 4 }, (_, at) => (names[at >> 2] ?? '').length + at);
  return new LabelSet({ names, embeddings, thresholds: names.map(() => undefined), background: 'none' });
}

/** Two labels: the `left` and `right` halves of the picture. */
export const halves = fakeLabels('left', 'right');

interface Request {
  readonly type: 'segment' | 'cancel';
  readonly id: number;
  readonly views: 1 | 5;
  readonly picture: { readonly pixels: Uint8Array };
  readonly labels: { readonly key: string; readonly count: number };
  readonly decision: { readonly winThresholds: Float32Array };
  readonly outputs: { readonly labels: boolean };
  readonly size: readonly [height: number, width: number];
}

/** What the session sees of a request. */
export type FakeRequest = Omit<Request, 'type' | 'id'>;

/** How the session behaves. */
export interface FakeBehavior {
  /** Time one picture takes. @default 1 to 4 ms, so that later pictures are done first now and then */
  readonly milliseconds?: number;
  /** One picture after another, as on a processor; otherwise all at a time. @default false */
  readonly serial?: boolean;
  /** Called with each request; what it throws is the answer. */
  readonly onRequest?: (request: FakeRequest, number: number) => void;
}

/** Cuts each picture into its halves. */
export class FakeSession implements AsyncDisposable {
  readonly inputSize = [24, 32] as const;
  readonly device = 'cpu';
  readonly precision = 'fp32';
  disposed = false;
  /** Most pictures that were under way at a time. */
  mostInFlight = 0;
  /** Pictures segmented. */
  requests = 0;
  readonly #behavior: FakeBehavior;
  readonly #ports: MessagePort[] = [];
  readonly #cancelled = new Set<number>();
  #inFlight = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(behavior: FakeBehavior = {}) {
    this.#behavior = behavior;
  }

  share(): SharedSegmenter {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (request: Request) => {
      if (request.type === 'cancel') this.#cancelled.add(request.id);
      else void this.#answer(port1, request);
    });
    port1.unref();
    this.#ports.push(port1);
    const trunk = { kind: 'onnx' };
    const config = { inputSize: this.inputSize, embeddingDim: 4, trunk } as SharedSegmenter['info']['config'];
    const info = { config, device: 'cpu', precision: 'fp32', weightFiles: [] } as const;
    return { port: port2, info, maxQueue: 64, maxPixels: 1e8 };
  }

  labels(): Promise<LabelSet> {
    return Promise.resolve(halves);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    this.#ports.forEach((port) => port.close());
    return Promise.resolve();
  }

  async #answer(port: MessagePort, request: Request): Promise<void> {
    const number = this.requests++;
    this.#inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    const { milliseconds = number % 3 === 0 ? 4 : 1, serial = false, onRequest } = this.#behavior;
    const work = async (): Promise<void> => {
      if (!this.#cancelled.has(request.id)) await sleep(milliseconds);
    };
    await (this.#last = serial ? this.#last.then(work) : work());
    this.#inFlight -= 1;
    try {
      onRequest?.(request, number);
      port.postMessage({ type: 'result', id: request.id, result: result(request) });
    } catch (error) {
      port.postMessage({ type: 'error', id: request.id, error: serializeError(error) });
    }
  }
}

function result({
  size: [height, width],
  labels,
  outputs,
}: Request): { labels: Uint8Array } | { activations: Float32Array } {
  const inHalf = (at: number, label: number): boolean => at % width < width / 2 === (label === 0);
  if (outputs.labels)
    return { labels: Uint8Array.from({ length: height * width }, (_, at) => (inHalf(at, 0) ? 0 : 1)) };
  const pixels = height * width;
  return {
    activations: Float32Array.from({ length: labels.count * pixels }, (_, at) =>
      inHalf(at % pixels, Math.floor(at / pixels)) ? 0.9 : 0.1,
    ),
  };
}

/** What the session's own failures look like. */
export const outOfMemory = (): SynsegError => new SynsegError('INFERENCE', 'out of memory');

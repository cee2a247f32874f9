/**
 * A session that costs nothing: a thread that answers each request over the real ports with an empty label map. What is
 * left is the pipeline's own work.
 */
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { LabelSet, type SharedSegmenter } from '@synseg/core';

const thread = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', ({ port }) => {
    port.on('message', ({ type, id, size }) => {
      if (type !== 'segment') return;
      const labels = new Uint8Array(size[0] * size[1]);
      port.postMessage({ type: 'result', id, result: { labels } }, [labels.buffer]);
    });
  });
  parentPort.postMessage('ready');`;

/** Labels for {@link InstantSession}; their embeddings mean nothing. */
export const instantLabels = new LabelSet({
  names: ['a', 'b'],
  embeddings: new Float32Array(8),
  thresholds: [undefined, undefined],
  background: 'none',
});

/** As much of a segmenter as a video needs. */
export class InstantSession implements AsyncDisposable {
  readonly inputSize: readonly [height: number, width: number];
  readonly #thread: Worker;

  private constructor(inputSize: readonly [number, number], worker: Worker) {
    [this.inputSize, this.#thread] = [inputSize, worker];
  }

  static async start(inputSize: readonly [number, number]): Promise<InstantSession> {
    const worker = new Worker(thread, { eval: true });
    await once(worker, 'message');
    return new InstantSession(inputSize, worker);
  }

  share(): SharedSegmenter {
    const { port1, port2 } = new MessageChannel();
    this.#thread.postMessage({ port: port1 }, [port1]);
    const trunk = { kind: 'onnx' };
    const config = { inputSize: this.inputSize, embeddingDim: 4, trunk } as SharedSegmenter['info']['config'];
    return {
      port: port2,
      info: { config, device: 'cpu', precision: 'fp32', weightFiles: [] },
      maxQueue: 64,
      maxPixels: 1e8,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}

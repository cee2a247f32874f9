/** The caller's side of the training thread. */
import { Worker } from 'node:worker_threads';
import { SynsegError } from '@synseg/core';
import { packageFile } from '@synseg/core/guards';
import { threadOptions } from '@synseg/core/runtime';
import { RunGuard, deserialiseError, disposedError } from '@synseg/core/runtime';
import type {
  EngineReply,
  EngineRequest,
  EngineStart,
  PairBatch,
  PairEmbeddings,
  StepReply,
  StepRequest,
} from './protocol.ts';

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

type Unnumbered<Request> = Request extends { id: number } ? Omit<Request, 'id'> : never;

/** A training thread, seen from its owner. */
export class EngineLink {
  /** The execution provider in use. */
  readonly device: string;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #closed: Promise<void>;
  #nextId = 1;
  #failure: Error | undefined;
  #disposal: Promise<void> | undefined;

  private constructor(worker: Worker, device: string) {
    this.#worker = worker;
    this.device = device;
    this.#closed = new Promise((resolve) => {
      worker.on('message', (message: EngineReply) => {
        if (message.type === 'closed') resolve();
        else this.#receive(message);
      });
      worker.once('exit', (code) => {
        this.#fail(
          new SynsegError(
            'INFERENCE',
            `Cannot train: the training thread must stay alive, got exit code ${String(code)}`,
          ),
        );
        resolve();
      });
    });
    worker.on('error', (cause) =>
      this.#fail(
        new SynsegError('INFERENCE', `Cannot train: the training thread must not fail, got ${String(cause)}`, {
          cause,
        }),
      ),
    );
  }

  /** Starts the thread and loads its sessions. @throws what loading throws there, with class and code */
  static async start(options: Omit<EngineStart, 'guard'>): Promise<EngineLink> {
    const entry = packageFile('train', '@synseg/train', () => {
      return new URL('./train-thread.js', import.meta.url);
    });
    const guard = new RunGuard();
    const atExit = (): void => guard.stopAndWait();
    process.on('exit', atExit);
    const worker = new Worker(entry, {
      ...threadOptions(),
      workerData: { ...options, guard: guard.memory } satisfies EngineStart,
      name: 'synseg train',
    });
    worker.once('exit', () => process.off('exit', atExit));
    try {
      const device = await new Promise<string>((resolve, reject) => {
        worker.once('message', (message: EngineReply) => {
          if (message.type === 'ready') resolve(message.device);
          else if (message.type === 'failed') reject(deserialiseError(message.error));
        });
        worker.once('error', reject);
        worker.once('exit', (code) =>
          reject(
            new SynsegError('INFERENCE', `Cannot train: the training thread must start, got exit code ${String(code)}`),
          ),
        );
      });
      return new EngineLink(worker, device);
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** One optimiser step. The pictures' buffers are moved to the thread. */
  step(request: Unnumbered<StepRequest>): Promise<StepReply> {
    const transfer = request.micro.flatMap((part) => {
      if ('pairs' in part) return [part.pixels.buffer as ArrayBuffer];
      const { pictures, text, masks } = part;
      const arrays = 'pixels' in pictures ? [pictures.pixels] : pictures.taps;
      return [...arrays, text, ...(masks === undefined ? [] : [masks])].map((array) => array.buffer as ArrayBuffer);
    });
    return this.#request(request, [...new Set(transfer)]);
  }

  /** Sets inputs that are the same in every step. */
  constants(constants: Readonly<Record<string, Float32Array>>): Promise<void> {
    return this.#request({ type: 'constants', constants });
  }

  /** A copy of the state vectors after the steps requested so far. */
  state(): Promise<Record<string, Float32Array>> {
    return this.#request({ type: 'state' });
  }

  /** The frozen trunk's taps of pictures uint8 `[n, height, width, 3]`; the buffer is moved. */
  taps(pixels: Uint8Array): Promise<Float32Array[]> {
    return this.#request({ type: 'taps', pixels }, [pixels.buffer as ArrayBuffer]);
  }

  /**
   * Embeddings of the windows of pictures uint8 `[n, zoom·height, zoom·width, 3]`, see `windowEmbeddings`; the buffer
   * is moved.
   */
  windows(pixels: Uint8Array): Promise<Float32Array> {
    return this.#request({ type: 'windows', pixels }, [pixels.buffer as ArrayBuffer]);
  }

  /** Embeddings of pictures and captions by the encoders as a checkpoint would hold them now; the pixels are copied. */
  embed(batch: PairBatch): Promise<PairEmbeddings> {
    return this.#request({ type: 'embed', batch });
  }

  /** Ends the thread after what it is doing. Idempotent. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#close();
    return this.#disposal;
  }

  async #close(): Promise<void> {
    this.#worker.postMessage({ type: 'close' } satisfies EngineRequest);
    await this.#closed;
    // The thread has left the runtime for good: ending it is safe now.
    await this.#worker.terminate();
  }

  #request<Result>(request: Unnumbered<EngineRequest>, transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    if (this.#disposal !== undefined) return Promise.reject(disposedError('trainer'));
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id }, [...transfer]);
    });
  }

  #receive(message: EngineReply): void {
    if (message.type !== 'result' && message.type !== 'error') return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.type === 'result') pending?.resolve(message.result as never);
    else pending?.reject(deserialiseError(message.error));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

/** The step engine as its owner has it: the methods of the one in the training thread, over the request channel. */
import type { PromptBatch } from '@synseg/core/checkpoint';
import { packageFile } from '@synseg/core/guards';
import { ServiceThread } from '@synseg/core/runtime';
import type { EngineCall, EngineMethod, EngineStart, PairBatch, StepReply, StepRequest } from './protocol.ts';
import type { StepEngine } from './step-engine.ts';

type Result<Method extends EngineMethod> = Awaited<ReturnType<StepEngine[Method]>>;

/** A training thread, seen from its owner. */
export class EngineLink {
  readonly #thread: ServiceThread<string, EngineCall>;

  private constructor(thread: ServiceThread<string, EngineCall>) {
    this.#thread = thread;
  }

  /** Starts the thread and loads its sessions. @throws what loading throws there, with class and code */
  static async start(start: EngineStart): Promise<EngineLink> {
    const entry = packageFile('train', '@synseg/train', () => {
      return new URL('./train-thread.js', import.meta.url);
    });
    const thread = await ServiceThread.start<string, EngineCall>({
      ...{ entry, name: 'synseg train', start, what: 'training thread' },
      ...{ starting: ['INFERENCE', 'train'], running: 'train', owner: 'trainer' },
    });
    return new EngineLink(thread);
  }

  /** The execution provider in use. */
  get device(): string {
    return this.#thread.info;
  }

  /** One optimizer step. The pictures' buffers are moved to the thread. */
  step(request: StepRequest): Promise<StepReply> {
    const moved = request.micro.flatMap((part) => {
      if ('texts' in part) return [];
      if ('pairs' in part) return [part.pixels];
      const { pictures, text, masks } = part;
      return [
        ...('pixels' in pictures ? [pictures.pixels] : pictures.taps),
        text,
        ...(masks === undefined ? [] : [masks]),
      ];
    });
    return this.#call('step', [request], moved);
  }

  /** Sets inputs that are the same in every step. */
  constants(constants: Readonly<Record<string, Float32Array>>): Promise<void> {
    return this.#call('constants', [constants]);
  }

  /** A copy of the state vectors after the steps requested so far. */
  state(): Promise<Result<'state'>> {
    return this.#call('state', []);
  }

  /** The frozen trunk's taps of pictures uint8 `[n, height, width, 3]`; the buffer is moved. */
  taps(pixels: Uint8Array): Promise<Float32Array[]> {
    return this.#call('taps', [pixels], [pixels]);
  }

  /** Embeddings of windows of pictures uint8 `[n, zoom·height, zoom·width, 3]`; the buffer is moved. */
  windows(pixels: Uint8Array): Promise<Float32Array> {
    return this.#call('windows', [pixels], [pixels]);
  }

  /** Embeddings of pictures and captions by the encoders as a checkpoint would hold them now; the pixels are copied. */
  embed(batch: PairBatch): Promise<Result<'embed'>> {
    return this.#call('embed', [batch]);
  }

  /** Cosines of texts, by the weights of a checkpoint of now, with the constant `vectors`: `[texts, names]`. */
  cosines(prompts: PromptBatch): Promise<Float32Array> {
    return this.#call('cosines', [prompts]);
  }

  /** Multiplications and additions a second, of products of square matrices. */
  speed(): Promise<number> {
    return this.#call('speed', []);
  }

  /** Ends the thread after what it is doing. Idempotent. */
  dispose(): Promise<void> {
    return this.#thread.dispose();
  }

  #call<Method extends EngineMethod>(
    type: Method,
    args: Parameters<StepEngine[Method]>,
    moved: readonly (Uint8Array | Float32Array)[] = [],
  ): Promise<Result<Method>> {
    const buffers = new Set(moved.map(({ buffer }) => buffer as ArrayBuffer));
    return this.#thread.channel.request({ type, args }, [...buffers]);
  }
}

/**
 * An inference thread used from a thread that does not own it, through a port. The sessions stay where they are; only
 * pictures and results cross.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { disposedError } from '../errors.ts';
import type { EngineInfo, ThreadReply, ThreadRequest } from './protocol.ts';
import { RequestChannel } from './request-channel.ts';
import type { InferenceLink } from './thread-client.ts';

/** A caller that came through {@link InferenceLink.connect}. */
export class PortClient implements InferenceLink {
  readonly info: EngineInfo;
  readonly #port: MessagePort;
  readonly #channel: RequestChannel;

  constructor(port: MessagePort, info: EngineInfo) {
    this.info = info;
    this.#port = port;
    this.#channel = new RequestChannel({
      postMessage: (message, transfer) => port.postMessage(message, transfer as ArrayBuffer[]),
      ref: () => port.ref(),
      unref: () => port.unref(),
    });
    port.on('message', (message: ThreadReply) => {
      if (message.type === 'closed') this.#end();
      else this.#channel.receive(message);
    });
    port.once('close', () => this.#end());
    // Listening has made the port keep the process alive again.
    port.unref();
  }

  request<Result>(...request: Parameters<RequestChannel['request']>): Promise<Result> {
    return this.#channel.request<Result>(...request);
  }

  notify(...message: Parameters<RequestChannel['notify']>): void {
    this.#channel.notify(...message);
  }

  connect(): MessagePort {
    // A thread that is gone answers nobody, and Deno tells nobody so.
    this.#channel.check();
    const { port1, port2 } = new MessageChannel();
    this.#port.postMessage({ type: 'connect', port: port1 } satisfies ThreadRequest, [port1]);
    return port2;
  }

  dispose(): Promise<void> {
    this.#channel.refuse(disposedError());
    this.#port.close();
    this.#end();
    return Promise.resolve();
  }

  /** The thread is gone, or this side's way to it. */
  #end(): void {
    this.#channel.fail(disposedError('segmenter', 'disposal while a call was waiting'));
  }
}

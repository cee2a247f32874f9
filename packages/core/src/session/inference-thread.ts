/**
 * Entry point of an inference thread. It owns its sessions from load to release; its owner ends it once it says that it
 * has closed, and never while it runs (see `run-guard.ts`).
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { serialiseError } from '../errors.ts';
import type { EmbedRequest, EngineInfo, ThreadReply, ThreadRequest, ThreadStart } from './protocol.ts';
import { RunGuard } from './run-guard.ts';
import { TextEngine } from './text-engine.ts';
import { VisionEngine } from './vision-engine.ts';
import { VisionService, type ReplyPort } from './vision-service.ts';

/** What both roles offer. */
interface Service {
  readonly info: EngineInfo;
  receive(port: ReplyPort, message: ThreadRequest): void;
  close(): Promise<void>;
}

async function visionService({ settings }: ThreadStart, guard: RunGuard): Promise<Service> {
  const engine = await VisionEngine.load(settings, guard);
  const service = new VisionService(engine, settings.maxBatch);
  return {
    info: engine.info,
    receive: (port, message) => service.receive(port, message),
    close: () => service.close(),
  };
}

async function textService({ settings }: ThreadStart, guard: RunGuard): Promise<Service> {
  const engine = await TextEngine.load(settings, guard);
  const cancelled = new Set<number>();
  let last = Promise.resolve();
  let closed = false;
  const embed = async (port: ReplyPort, { id, prompts }: EmbedRequest): Promise<void> => {
    try {
      const embeddings = await engine.embed(prompts, () => closed || cancelled.has(id));
      if (embeddings !== undefined)
        port.postMessage({ type: 'result', id, result: embeddings } satisfies ThreadReply, [
          embeddings.buffer as ArrayBuffer,
        ]);
    } catch (error) {
      port.postMessage({ type: 'error', id, error: serialiseError(error) } satisfies ThreadReply);
    } finally {
      cancelled.delete(id);
    }
  };
  return {
    info: engine.info,
    receive(port, message) {
      if (message.type === 'cancel') cancelled.add(message.id);
      if (message.type === 'embed') last = last.then(() => embed(port, message));
    },
    async close() {
      closed = true;
      await last;
      await engine.release();
    },
  };
}

async function main(owner: MessagePort, start: ThreadStart): Promise<void> {
  const guard = new RunGuard(start.guard);
  const send = (message: ThreadReply): void => owner.postMessage(message);
  let service: Service;
  try {
    service = await (start.role === 'vision' ? visionService : textService)(start, guard);
  } catch (error) {
    send({ type: 'failed', error: serialiseError(error) });
    return;
  }
  const callers = new Set<MessagePort>();
  const listen = (port: MessagePort): void => {
    port.on('message', (message: ThreadRequest) => {
      if (message.type === 'connect') {
        const { port: caller } = message;
        callers.add(caller);
        caller.once('close', () => callers.delete(caller));
        listen(caller);
      } else if (message.type === 'close') {
        void service.close().finally(() => {
          for (const caller of callers) {
            // Said in words as well: Deno does not tell the other side that a port was closed.
            caller.postMessage({ type: 'closed' } satisfies ThreadReply);
            caller.close();
          }
          // The owner ends the thread now: Deno's parent port cannot be closed from this side.
          send({ type: 'closed' });
        });
      } else service.receive(port, message);
    });
  };
  listen(owner);
  send({ type: 'ready', info: service.info });
}

if (parentPort === null) throw new Error('internal: the inference thread must be started as a worker');
void main(parentPort, workerData as ThreadStart);

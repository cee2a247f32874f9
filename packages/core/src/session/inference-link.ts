/** Connections to an inference thread: a thread of one's own, or another thread's through a port. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { disposedError } from '../errors.ts';
import { packageFile } from '../guard/package-file.ts';
import type { EngineInfo, EngineSettings, InferenceRequest, ReleaseMessage } from './protocol.ts';
import { RequestChannel } from './request-channel.ts';
import { ServiceThread, type ThreadPlan, type ThreadReply } from './service-thread.ts';

type Channel = RequestChannel<InferenceRequest, ReleaseMessage>;

/** An inference thread that takes requests. */
export interface InferenceLink {
  readonly info: EngineInfo;
  readonly channel: Pick<Channel, 'request' | 'notify'>;
  /** A port on which another thread may send requests of its own. */
  connect(): MessagePort;
  /** Ends this side's use of the thread. Idempotent. */
  dispose(): Promise<void>;
}

/** Starts an inference thread and loads its sessions. @throws what loading throws in the thread, with class and code */
export async function startInference(
  role: 'vision' | 'text',
  settings: EngineSettings,
  signal?: AbortSignal,
): Promise<InferenceLink> {
  const entry = packageFile('load checkpoint', '@synseg/core', () => {
    return new URL('./inference-thread.js', import.meta.url);
  });
  const plan: ThreadPlan = {
    ...{ entry, name: `synseg ${role}`, start: { role, settings }, what: 'inference thread' },
    ...{ starting: ['MODEL_LOAD', 'load checkpoint'], running: 'finish' },
    onLate: (result) => release(thread.channel, result),
  };
  const thread = await ServiceThread.start<EngineInfo, InferenceRequest, ReleaseMessage>(plan, signal);
  const { info, channel } = thread;
  return { info, channel, connect: () => throughPort((port) => thread.connect(port)), dispose: () => thread.dispose() };
}

/** A caller that came through {@link InferenceLink.connect}. The sessions stay where they are. */
export function linkThrough(port: MessagePort, info: EngineInfo): InferenceLink {
  const channel: Channel = new RequestChannel(port, (result) => release(channel, result));
  const end = (): void => channel.fail(disposedError('segmenter', 'disposal while a call was waiting'));
  port.on('message', (message: ThreadReply<EngineInfo>) => {
    if (message.type === 'closed') end();
    else if (message.type === 'result' || message.type === 'error') channel.receive(message);
  });
  port.once('close', end);
  // Adding a listener has made the port keep the process alive again.
  port.unref();
  return {
    info,
    channel,
    connect: () => {
      channel.check();
      return throughPort((caller) => port.postMessage({ type: 'connect', port: caller }, [caller]));
    },
    dispose: async () => {
      channel.refuse(disposedError());
      port.close();
      end();
    },
  };
}

function throughPort(send: (port: MessagePort) => void): MessagePort {
  const { port1, port2 } = new MessageChannel();
  send(port1);
  return port2;
}

/** Frees a picture whose encoding was aborted while it ran. */
function release(channel: Pick<Channel, 'notify'>, result: unknown): void {
  if (typeof result === 'number') channel.notify({ type: 'release', encoded: result });
}

/**
 * Entry point of an inference thread. It owns its sessions from load to release; its owner ends it once it says that it
 * has closed, and never while it runs (see `run-guard.ts`).
 */
import type { EngineInfo, EngineSettings, InferenceMessage } from './protocol.ts';
import { sendError, sendResult } from './request-channel.ts';
import type { RunGuard } from './run-guard.ts';
import { serveOwner, type Service } from './service-thread.ts';
import { TextEngine } from './text-engine.ts';
import { VisionEngine } from './vision-engine.ts';
import { VisionService } from './vision-service.ts';

type InferenceService = Service<EngineInfo, InferenceMessage>;

async function textService(settings: EngineSettings, guard: RunGuard): Promise<InferenceService> {
  const engine = await TextEngine.load(settings, guard);
  const cancelled = new Set<number>();
  let last = Promise.resolve();
  let closed = false;
  return {
    info: engine.info,
    receive(port, message) {
      if (message.type === 'cancel') cancelled.add(message.id);
      if (message.type !== 'embed') return;
      const { id, prompts, pooling } = message;
      last = last.then(async () => {
        try {
          const embeddings = await engine.embed(prompts, pooling, () => closed || cancelled.has(id));
          if (embeddings !== undefined) sendResult(port, id, embeddings, [embeddings.buffer as ArrayBuffer]);
        } catch (error) {
          sendError(port, id, error);
        } finally {
          cancelled.delete(id);
        }
      });
    },
    async close() {
      closed = true;
      await last;
      await engine.release();
    },
  };
}

void serveOwner<{ readonly role: 'vision' | 'text'; readonly settings: EngineSettings }, EngineInfo, InferenceMessage>(
  async ({ role, settings }, guard) =>
    role === 'text'
      ? textService(settings, guard)
      : new VisionService(await VisionEngine.load(settings, guard), settings.maxBatch),
);

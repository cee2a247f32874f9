/** Entry point of the training thread: a step engine that its owner calls, one call after the other. */
import { sendError, sendResult, serveOwner, type Numbered } from '@synseg/core/runtime';
import type { EngineCall, EngineStart } from './protocol.ts';
import { StepEngine } from './step-engine.ts';

void serveOwner<EngineStart, string, Numbered<EngineCall>>(async (start, guard) => {
  const engine = await StepEngine.create(start, guard);
  const methods = engine as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
  let last = Promise.resolve();
  return {
    info: engine.device,
    receive(port, { id, type, args }) {
      last = last.then(async () => {
        try {
          sendResult(port, id, await methods[type]?.(...args));
        } catch (error) {
          sendError(port, id, error);
        }
      });
    },
    async close() {
      await last;
      await engine.release();
    },
  };
});

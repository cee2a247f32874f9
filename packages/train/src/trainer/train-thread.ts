/**
 * Entry point of the training thread. It owns its sessions from load to release; its owner ends it once it says that it
 * has closed, and never while it runs.
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { RunGuard, serialiseError } from '@synseg/core/runtime';
import type { EngineReply, EngineRequest, EngineStart } from './protocol.ts';
import { StepEngine } from './step-engine.ts';

/** What a request asks for. */
async function answer(engine: StepEngine, request: Exclude<EngineRequest, { type: 'close' }>): Promise<unknown> {
  switch (request.type) {
    case 'step':
      return engine.step(request);
    case 'state':
      return engine.state();
    case 'constants':
      engine.constants(request.constants);
      return undefined;
    case 'taps':
      return engine.taps(request.pixels);
    case 'windows':
      return engine.windows(request.pixels);
    case 'embed':
      return engine.embed(request.batch);
  }
}

async function main(owner: MessagePort, start: EngineStart): Promise<void> {
  const guard = new RunGuard(start.guard);
  const send = (message: EngineReply): void => owner.postMessage(message);
  let engine: StepEngine;
  try {
    engine = await StepEngine.create(start, guard);
  } catch (error) {
    send({ type: 'failed', error: serialiseError(error) });
    return;
  }
  // Requests are served one after the other, in the order they came.
  let last = Promise.resolve();
  owner.on('message', (request: EngineRequest) => {
    last = last.then(async () => {
      if (request.type === 'close') {
        await engine.release();
        // The owner ends the thread now: Deno's parent port cannot be closed from this side.
        send({ type: 'closed' });
        return;
      }
      try {
        send({ type: 'result', id: request.id, result: await answer(engine, request) });
      } catch (error) {
        send({ type: 'error', id: request.id, error: serialiseError(error) });
      }
    });
  });
  send({ type: 'ready', device: engine.device });
}

if (parentPort === null) throw new Error('internal: the training thread must be started as a worker');
void main(parentPort, workerData as EngineStart);

/**
 * A message may arrive at any microtask of a turn: Deno hands messages to a thread from a promise, so one can come
 * between the service's last look at its queue and whatever that look leads to.
 */
import { expect, it, vi } from 'vitest';
import { decisionOf } from '../../../packages/core/src/model/postprocess.ts';
import type { SegmentRequest } from '../../../packages/core/src/session/protocol.ts';
import type { Numbered } from '../../../packages/core/src/session/request-channel.ts';
import type { VisionEngine } from '../../../packages/core/src/session/vision-engine.ts';
import { VisionService } from '../../../packages/core/src/session/vision-service.ts';

const turns = vi.hoisted(() => [] as (() => void)[]);
vi.mock('../../../packages/core/src/session/event-turn.ts', () => ({
  eventTurn: () => new Promise<void>((resolve) => turns.push(resolve)),
}));

const tensor = { data: new Float32Array(1), shape: [1, 1] };
const engine = {
  encode: () => Promise.resolve([tensor]),
  decode: () => Promise.resolve(tensor),
  postprocess: () => Promise.resolve({ labels: new Uint8Array(1) }),
};

function request(id: number): Numbered<SegmentRequest> {
  return {
    type: 'segment',
    id,
    picture: { pixels: new Uint8Array(1), tiles: [1, 1] },
    views: 1,
    merge: 'mean',
    rule: { scores: 'sigmoid', softmaxScale: 1, average: 'logits', refine: undefined, vote: undefined },
    labels: { key: 'k', count: 1, embeddings: new Float32Array(1) },
    decision: decisionOf([undefined], 'none'),
    outputs: { labels: true, masks: false, activations: false },
    size: [1, 1],
  };
}

/** Runs turns until nobody waits for one. */
async function runTurns(): Promise<void> {
  for (let idle = 0; idle < 50; idle++) {
    turns.shift()?.();
    await Promise.resolve();
  }
}

it.each(Array.from({ length: 12 }, (_, microtasks) => microtasks))(
  'a request that comes %i microtasks into the last turn is served',
  async (microtasks) => {
    turns.length = 0;
    const replies: number[] = [];
    const port = { postMessage: (message: { id: number }) => void replies.push(message.id) };
    const service = new VisionService(engine as unknown as VisionEngine, 1);
    service.receive(port, request(1));
    turns.shift()?.();
    // The first request is done when the service asks for its next turn, the one in which it finds nothing to do.
    while (turns.length === 0) await Promise.resolve();
    turns.shift()?.();
    for (let count = 0; count < microtasks; count++) await Promise.resolve();
    service.receive(port, request(2));
    await runTurns();
    expect(replies).toEqual([1, 2]);
  },
);

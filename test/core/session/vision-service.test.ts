/** How the inference thread serves its callers, with an engine that only takes notes. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { decisionOf } from '../../../packages/core/src/model/postprocess.ts';
import type { SegmentRequest } from '../../../packages/core/src/session/protocol.ts';
import type { Reply } from '../../../packages/core/src/session/request-channel.ts';
import { VisionService } from '../../../packages/core/src/session/vision-service.ts';
import type { VisionEngine } from '../../../packages/core/src/session/vision-engine.ts';

/** Logits of a picture are its first byte; postprocessing hands them back. Runs wait until let go. */
class NotingEngine {
  readonly log: string[] = [];
  failing: string | undefined;
  #gate: Promise<void> | undefined;

  hold(): () => void {
    let open = (): void => undefined;
    this.#gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  async encode(pictures: readonly { pixels: Uint8Array }[]) {
    this.log.push(`encode ${pictures.map(({ pixels }) => String(pixels[0])).join(' ')}`);
    await this.#gate;
    if (this.failing === 'encode') throw new RangeError('encode broke');
    return [{ data: Float32Array.from(pictures, ({ pixels }) => pixels[0] as number), shape: [pictures.length, 1] }];
  }

  async decode([taps]: readonly { data: Float32Array }[], labels: { key: string }) {
    this.log.push(`decode ${labels.key}`);
    return { data: taps?.data, shape: [taps?.data.length, 1] };
  }

  async postprocess(logits: { data: Float32Array }, _: unknown, { size }: SegmentRequest) {
    if (size[0] > 1000) throw new RangeError('Array buffer allocation failed');
    return { labels: Uint8Array.from(logits.data) };
  }

  async release(): Promise<void> {
    this.log.push('release');
  }
}

class Caller {
  readonly replies: string[] = [];

  postMessage(reply: Reply): void {
    if (reply.type === 'result')
      this.replies.push(
        `${String(reply.id)}: ` +
          (typeof reply.result === 'number'
            ? `encoded ${String(reply.result)}`
            : (reply.result as { labels: Uint8Array }).labels.join()),
      );
    if (reply.type === 'error')
      this.replies.push(`${String(reply.id)}: ${reply.error.code ?? reply.error.kind} ${reply.error.message}`);
  }
}

function setup(maxBatch = 3) {
  const engine = new NotingEngine();
  const service = new VisionService(engine as unknown as VisionEngine, maxBatch);
  const segment = (
    caller: Caller,
    id: number,
    change: { key?: string; encoded?: number; rows?: number; tiles?: number } = {},
  ): void => {
    const tiles = [1, change.tiles ?? 1] as const;
    service.receive(caller, {
      type: 'segment',
      id,
      picture: change.encoded === undefined ? { pixels: Uint8Array.of(id), tiles } : { encoded: change.encoded },
      views: 1,
      merge: 'mean',
      rule: { scores: 'sigmoid', softmaxScale: 1, average: 'logits', refine: undefined, vote: undefined },
      labels: { key: change.key ?? 'k', count: 1, embeddings: new Float32Array(1) },
      decision: decisionOf([undefined], 'threshold'),
      outputs: { labels: true, masks: false, activations: false },
      size: [change.rows ?? 1, 1],
    });
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn++) await nextTurn();
  };
  return { engine, service, segment, settle };
}

describe('VisionService', () => {
  it('serves pictures of several callers in one run, each caller in its order', async () => {
    const { engine, segment, settle } = setup();
    const [a, b] = [new Caller(), new Caller()];
    segment(a, 1);
    segment(b, 2);
    segment(a, 3);
    segment(a, 4);
    await settle();
    expect(engine.log).toEqual(['encode 1 2 3', 'decode k', 'encode 4', 'decode k']);
    expect([a.replies, b.replies]).toEqual([['1: 1', '3: 3', '4: 4'], ['2: 2']]);
  });

  it('lets a cancelled request that still waits leave the queue', async () => {
    const { engine, service, segment, settle } = setup();
    const [a, letGo] = [new Caller(), engine.hold()];
    segment(a, 1);
    await settle();
    segment(a, 2);
    segment(a, 3);
    service.receive(a, { type: 'cancel', id: 2 });
    letGo();
    await settle();
    expect(engine.log).toEqual(['encode 1', 'decode k', 'encode 3', 'decode k']);
    expect(a.replies).toEqual(['1: 1', '3: 3']);
  });

  it('answers every request of a run that failed, and serves the next', async () => {
    const { engine, segment, settle } = setup();
    const [a, b] = [new Caller(), new Caller()];
    engine.failing = 'encode';
    segment(a, 1);
    segment(b, 2);
    await settle();
    engine.failing = undefined;
    segment(a, 3);
    await settle();
    expect([a.replies, b.replies]).toEqual([['1: RangeError encode broke', '3: 3'], ['2: RangeError encode broke']]);
  });

  it('lets a result that cannot be held fail alone', async () => {
    const { segment, settle } = setup();
    const [a, b] = [new Caller(), new Caller()];
    segment(a, 1, { rows: 9999 });
    segment(b, 2);
    await settle();
    expect([a.replies, b.replies]).toEqual([['1: RangeError Array buffer allocation failed'], ['2: 2']]);
  });

  it('keeps an encoded picture until it is released', async () => {
    const { service, segment, settle } = setup();
    const a = new Caller();
    service.receive(a, { type: 'encode', id: 1, pixels: Uint8Array.of(7), tiles: [1, 1], views: 1 });
    segment(a, 2, { encoded: 1 });
    segment(a, 3, { encoded: 1, key: 'other' });
    await settle();
    service.receive(a, { type: 'release', encoded: 1 });
    segment(a, 4, { encoded: 1 });
    await settle();
    expect(a.replies).toEqual([
      '1: encoded 1',
      '2: 7',
      '3: 7',
      '4: DISPOSED Cannot segment: encoded picture must not be disposed, got a call after disposal',
    ]);
  });

  it('finishes the run in progress when closed, and refuses what waits and what comes', async () => {
    const { engine, service, segment, settle } = setup();
    const [a, letGo] = [new Caller(), engine.hold()];
    segment(a, 1);
    await settle();
    segment(a, 2);
    const closed = service.close();
    segment(a, 3);
    expect(engine.log).not.toContain('release');
    letGo();
    await closed;
    const refused = 'DISPOSED Cannot segment: segmenter must not be disposed, got a call after disposal';
    expect(a.replies).toEqual([`2: ${refused}`, `3: ${refused}`, '1: 1']);
    expect(engine.log.at(-1)).toBe('release');
  });
});

/** The caller's side of the training thread, over a channel that keeps what it is asked. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineLink } from '../../../packages/train/src/trainer/engine-link.ts';
import type { EngineCall, EngineStart, MicroBatch, PairBatch } from '../../../packages/train/src/trainer/protocol.ts';

interface Asked extends EngineCall {
  readonly transfer: readonly ArrayBuffer[];
}

const asked = vi.hoisted((): Asked[] => []);
const plans = vi.hoisted((): Record<string, unknown>[] => []);
const ended = vi.hoisted(() => ({ times: 0 }));

vi.mock('@synseg/core/runtime', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  ServiceThread: {
    start: (plan: Record<string, unknown>) => {
      plans.push(plan);
      return Promise.resolve({
        info: 'cpu',
        channel: {
          request: (call: EngineCall, transfer: readonly ArrayBuffer[]) => {
            asked.push({ ...call, transfer });
            return Promise.resolve(`${call.type}'s answer`);
          },
        },
        dispose: () => Promise.resolve(void (ended.times += 1)),
      });
    },
  },
}));

// Beside this source there is no built thread, and none is started.
vi.mock('@synseg/core/guards', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  packageFile: () => new URL('file:///train-thread.js'),
}));

const start = { folder: 'model' } as EngineStart;

beforeEach(() => void asked.splice(0));

describe('EngineLink', () => {
  it('starts the training thread, knows its device, and ends it', async () => {
    const link = await EngineLink.start(start);
    expect(plans.at(-1)).toMatchObject({ start, what: 'training thread', running: 'train', owner: 'trainer' });
    expect(link.device).toBe('cpu');
    await link.dispose();
    expect(ended.times).toBe(1);
  });

  it('moves the large arrays of a step to the thread, each buffer once', async () => {
    const link = await EngineLink.start(start);
    const [pixels, tap, text, masks, shared] = [
      new Uint8Array(4),
      new Float32Array(4),
      new Float32Array(2),
      new Uint8Array(3),
      new ArrayBuffer(16),
    ];
    const part = (pictures: MicroBatch['pictures'], rest: Partial<MicroBatch>): MicroBatch => ({
      pictures,
      rows: 1,
      text,
      imageOfRow: Int32Array.of(0),
      stated: Float32Array.of(1),
      ...rest,
    });
    const micro = [
      part({ pixels }, { masks }),
      part({ taps: [tap, new Float32Array(shared), new Float32Array(shared)] }, {}),
    ];
    const request = { step: 1, stage: 'all', learningRate: 1, micro } as const;
    expect(await link.step(request)).toBe("step's answer");
    expect(asked).toEqual([
      { type: 'step', args: [request], transfer: [pixels.buffer, text.buffer, masks.buffer, tap.buffer, shared] },
    ]);
  });

  it('moves to the thread the pixels of pictures whose taps or windows are asked for, and nothing else', async () => {
    const link = await EngineLink.start(start);
    const [pixels, large, constant] = [new Uint8Array(12), new Uint8Array(192), new Float32Array(3)];
    const batch = { pairs: 1, pixels } as PairBatch;
    await Promise.all([link.taps(pixels), link.windows(large), link.constants({ constant }), link.state()]);
    await link.embed(batch);
    expect(asked).toEqual([
      { type: 'taps', args: [pixels], transfer: [pixels.buffer] },
      { type: 'windows', args: [large], transfer: [large.buffer] },
      { type: 'constants', args: [{ constant }], transfer: [] },
      { type: 'state', args: [], transfer: [] },
      { type: 'embed', args: [batch], transfer: [] },
    ]);
  });
});

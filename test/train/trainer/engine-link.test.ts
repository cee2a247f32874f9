/** The caller's side of the training thread, with a thread that does what the test says. */
import type { EventEmitter } from 'node:events';
import { SynsegError } from '@synseg/core';
import { serialiseError } from '@synseg/core/runtime';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineLink } from '../../../packages/train/src/trainer/engine-link.ts';
import type {
  EngineReply,
  EngineRequest,
  EngineStart,
  MicroBatch,
} from '../../../packages/train/src/trainer/protocol.ts';
import { failureOf } from '../data/fixtures.ts';

const threads = vi.hoisted((): FakeThread[] => []);

vi.mock('node:worker_threads', async (importOriginal) => {
  const { EventEmitter: Emitter } = await import('node:events');
  class Worker extends Emitter {
    readonly posted: { message: unknown; transfer: unknown }[] = [];
    terminated = 0;

    constructor() {
      super();
      threads.push(this as unknown as FakeThread);
    }

    postMessage(message: unknown, transfer: unknown): void {
      this.posted.push({ message, transfer });
    }

    terminate(): Promise<number> {
      this.terminated += 1;
      return Promise.resolve(0);
    }
  }
  return { ...(await importOriginal<object>()), Worker };
});

// Beside this source there is no built thread, and none is started.
vi.mock('@synseg/core/guards', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  packageFile: () => new URL('file:///train-thread.js'),
}));

interface FakeThread extends EventEmitter {
  readonly posted: {
    readonly message: EngineRequest & { readonly id: number };
    readonly transfer: readonly ArrayBuffer[];
  }[];
  readonly terminated: number;
}

const options = {} as Omit<EngineStart, 'guard'>;
const reply = (thread: FakeThread, message: EngineReply): boolean => thread.emit('message', message);
const failure = (message: string): EngineReply => ({
  type: 'failed',
  error: serialiseError(new SynsegError('DEVICE_UNAVAILABLE', message)),
});

/** A link to a thread that is ready. */
async function started(): Promise<{ link: EngineLink; thread: FakeThread }> {
  const starting = EngineLink.start(options);
  const thread = threads.at(-1) as FakeThread;
  reply(thread, { type: 'ready', device: 'cpu' });
  return { link: await starting, thread };
}

beforeEach(() => void threads.splice(0));

describe('EngineLink.start()', () => {
  it('waits until the thread is ready and knows its device', async () => {
    const { link, thread } = await started();
    expect(link.device).toBe('cpu');
    expect(thread.terminated).toBe(0);
  });

  it('rejects with what loading threw there, class and code included, and ends the thread', async () => {
    const starting = EngineLink.start(options);
    reply(threads[0] as FakeThread, failure('no such device'));
    expect(await failureOf(starting)).toBe('DEVICE_UNAVAILABLE: no such device');
    expect(threads[0]?.terminated).toBe(1);
  });

  it('rejects when the thread ends before it is ready', async () => {
    const starting = EngineLink.start(options);
    threads[0]?.emit('exit', 3);
    expect(await failureOf(starting)).toBe('INFERENCE: Cannot train: the training thread must start, got exit code 3');
  });

  it('rejects when the thread cannot be run', async () => {
    const starting = EngineLink.start(options);
    threads[0]?.emit('error', new Error('no memory'));
    expect(await failureOf(starting)).toBe('Error: no memory');
    expect(threads[0]?.terminated).toBe(1);
  });

  it('leaves no listener on the process behind', async () => {
    const before = process.listenerCount('exit');
    const { thread } = await started();
    expect(process.listenerCount('exit')).toBe(before + 1);
    thread.emit('exit', 0);
    expect(process.listenerCount('exit')).toBe(before);
  });
});

describe('EngineLink', () => {
  it('gives each answer to the request it is for', async () => {
    const { link, thread } = await started();
    const [state, taps] = [link.state(), link.taps(Uint8Array.of(1, 2, 3))];
    const [first, second] = thread.posted.map(({ message }) => message.id) as [number, number];
    expect(thread.posted.map(({ message }) => message.type)).toEqual(['state', 'taps']);
    reply(thread, { type: 'result', id: second, result: ['taps'] });
    reply(thread, { type: 'error', id: first, error: serialiseError(new SynsegError('INFERENCE', 'out of memory')) });
    expect(await taps).toEqual(['taps']);
    expect(await failureOf(state)).toBe('INFERENCE: out of memory');
  });

  it('moves the large arrays of a step to the thread, each buffer once', async () => {
    const { link, thread } = await started();
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
    void link.step({
      type: 'step',
      step: 1,
      stage: 'all',
      learningRate: 1,
      micro: [
        part({ pixels }, { masks }),
        part({ taps: [tap, new Float32Array(shared), new Float32Array(shared)] }, {}),
      ],
    });
    expect(thread.posted[0]?.transfer).toEqual([pixels.buffer, text.buffer, masks.buffer, tap.buffer, shared]);
    expect(thread.posted[0]?.message).toMatchObject({ type: 'step', step: 1, stage: 'all', learningRate: 1 });
  });

  it('moves the pixels of pictures to the thread where taps or windows of them are asked for', async () => {
    const { link, thread } = await started();
    const [pixels, large] = [new Uint8Array(12), new Uint8Array(192)];
    const [taps, windows] = [link.taps(pixels), link.windows(large)];
    expect(thread.posted.map(({ message, transfer }) => [message.type, transfer])).toEqual([
      ['taps', [pixels.buffer]],
      ['windows', [large.buffer]],
    ]);
    const [first, second] = thread.posted.map(({ message }) => message.id) as [number, number];
    reply(thread, { type: 'result', id: second, result: Float32Array.of(7) });
    reply(thread, { type: 'result', id: first, result: [Float32Array.of(8)] });
    expect([await taps, await windows]).toEqual([[Float32Array.of(8)], Float32Array.of(7)]);
  });

  it('fails what is waiting, and all that comes later, when the thread ends', async () => {
    const { link, thread } = await started();
    const waiting = link.state();
    thread.emit('exit', 134);
    expect(await failureOf(waiting)).toBe(
      'INFERENCE: Cannot train: the training thread must stay alive, got exit code 134',
    );
    expect(await failureOf(link.state())).toBe(
      'INFERENCE: Cannot train: the training thread must stay alive, got exit code 134',
    );
    await link.dispose();
  });

  it('fails what is waiting with the thread’s own error', async () => {
    const { link, thread } = await started();
    const waiting = link.constants({});
    thread.emit('error', new Error('internal: a mistake'));
    expect(await failureOf(waiting)).toBe(
      'INFERENCE: Cannot train: the training thread must not fail, got Error: internal: a mistake',
    );
  });

  it('asks the thread to close, ends it once it has, and takes nothing more', async () => {
    const { link, thread } = await started();
    const ends = [link.dispose(), link.dispose()];
    expect(thread.posted.map(({ message }) => message.type)).toEqual(['close']);
    expect(thread.terminated).toBe(0);
    reply(thread, { type: 'closed' });
    await Promise.all(ends);
    expect(thread.terminated).toBe(1);
    expect(await failureOf(link.state())).toMatch(/^DISPOSED: /);
  });
});

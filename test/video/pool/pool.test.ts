/** The pool with real threads, on a session without a model. */
import { SynsegError } from '@synseg/core';
import { afterEach, describe, expect, it } from 'vitest';
import { FramePool } from '../../../packages/video/src/pool/pool.ts';
import type { FrameTask } from '../../../packages/video/src/pool/frame-task.ts';
import { FakeSession, halves, outOfMemory, type FakeBehavior } from '../fake-session.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

function poolOn(
  behavior: FakeBehavior = {},
  size = { workers: 2, tasks: 4 },
): { session: FakeSession; pool: FramePool } {
  const session = new FakeSession(behavior);
  const pool = new FramePool(session, size);
  open.push(pool, session);
  return { session, pool };
}

function frameTask(): FrameTask {
  const [height, width] = [24, 32];
  return {
    ...{
      type: 'frame',
      pixels: new Uint8Array(height * width * 3),
      width,
      height,
      labels: halves.parts,
      settings: { views: 1 },
    },
    ...{
      picture: { sourceWidth: 64, sourceHeight: 48 },
      render: { names: halves.names, colors: halves.colors, rle: true },
    },
  };
}

describe('the frame pool', () => {
  it('segments and renders in its threads with the shared session', async () => {
    const { session, pool } = poolOn();
    const results = await Promise.all(Array.from({ length: 8 }, () => pool.run(frameTask())));
    for (const { labelMap, width, height, areas, rle } of results) {
      expect([width, height, areas]).toEqual([32, 24, { left: 0.5, right: 0.5 }]);
      expect([labelMap[15], labelMap[16]]).toEqual([0, 1]);
      expect(rle?.left?.size).toEqual([24, 32]);
    }
    expect(session.requests).toBe(8);
    expect(session.mostInFlight).toBeGreaterThan(1);
  });

  it('takes the buffers it is told to take', async () => {
    const { pool } = poolOn();
    const task = frameTask();
    await pool.run(task, [task.pixels.buffer]);
    expect(task.pixels).toHaveLength(0);
  });

  it('brings a thread up for more work, not before', async () => {
    const { pool } = poolOn({ milliseconds: 200 });
    expect(pool.threads).toBe(0);
    await pool.start();
    expect(pool.threads).toBe(1);
    await pool.run(frameTask());
    expect(pool.threads).toBe(1);
    await Promise.all(Array.from({ length: 6 }, () => pool.run(frameTask())));
    expect(pool.threads).toBe(2);
  });

  it('lets a thread that starts load its modules before it ends it', async () => {
    let asked = 0;
    const { session } = poolOn();
    const pool = new FramePool({ share: () => ((asked += 1), session.share()) }, { workers: 2, tasks: 4 });
    await pool.start();
    await pool[Symbol.asyncDispose]();
    // The first thing a thread does once it has loaded them.
    expect([asked, pool.threads]).toEqual([1, 0]);
  });

  it('keeps class and code of errors', async () => {
    const { pool } = poolOn({
      onRequest: () => {
        throw outOfMemory();
      },
    });
    await expect(pool.run(frameTask())).rejects.toMatchObject({
      name: 'SynsegError',
      code: 'INFERENCE',
      message: 'out of memory',
    });
    const task = { ...frameTask(), width: 31 };
    await expect(pool.run(task)).rejects.toThrow(/must/);
  });

  it('rejects what waits when there is no session, and when a thread ends', async () => {
    const gone = new FramePool(
      {
        share: () => {
          throw new SynsegError('DISPOSED', 'gone');
        },
      },
      { workers: 1, tasks: 2 },
    );
    open.push(gone);
    await expect(Promise.all([gone.run(frameTask()), gone.run(frameTask())])).rejects.toMatchObject({
      code: 'DISPOSED',
      message: 'gone',
    });
    const { pool } = poolOn({ milliseconds: 60_000 }, { workers: 1, tasks: 2 });
    const waiting = Array.from({ length: 3 }, () =>
      pool.run(frameTask()).then(
        () => 'done',
        (error: Error) => error.message,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    await (await pool.start()).threads[0]?.terminate();
    const message = expect.stringMatching(
      /^Cannot segment video: the threads of the pool must stay alive, got "/,
    ) as string;
    expect(await Promise.all(waiting)).toEqual([message, message, message]);
    await expect(pool.run(frameTask())).rejects.toMatchObject({ code: 'INFERENCE', message });
  });

  it('smooths activation maps in order, and renders', async () => {
    const { pool } = poolOn();
    const { labels, settings, pixels, width, height } = frameTask();
    const maps = await pool.run({ type: 'activations', labels, settings, pixels, width, height }, [pixels.buffer]);
    expect([maps.activations.length, maps.frame.pixels.length, maps.activations[0]?.toFixed(1)]).toEqual([
      2 * 24 * 32,
      24 * 32 * 3,
      '0.9',
    ]);
    const smoothing = { weight: 0.3, motionThreshold: 0.04, sceneCutThreshold: 0.65 };
    const rule = { thresholds: halves.thresholds, background: halves.background };
    const first = await pool.run({ type: 'smooth', ...maps, state: undefined, key: halves.key, rule, smoothing });
    expect([first.labelMap[15], first.labelMap[16]]).toEqual([0, 1]);
    const reversed = { ...maps, activations: maps.activations.map((value) => 1 - value) };
    const second = await pool.run({
      type: 'smooth',
      ...reversed,
      state: first.state,
      key: halves.key,
      rule,
      smoothing: { ...smoothing, weight: 0.25 },
    });
    expect([second.labelMap[15], second.labelMap[16]]).toEqual([0, 1]);
    expect(second.state.activations[0]).toBeCloseTo(0.9 + 0.25 * (0.1 - 0.9), 5);
    const input = { labelMap: second.labelMap, width, height, sourceWidth: 64, sourceHeight: 48 };
    const { areas } = await pool.run({ type: 'render', input, render: { names: halves.names, colors: halves.colors } });
    expect(areas).toEqual({ left: 0.5, right: 0.5 });
  });

  it('lets go of what waits for the model when it is cancelled', async () => {
    const { pool } = poolOn({ milliseconds: 60_000 });
    const waiting = Array.from({ length: 3 }, () =>
      pool.run(frameTask()).then(
        () => 'done',
        (error: Error) => error.message,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    pool.cancel();
    expect(await Promise.all(waiting)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    await expect(pool.run(frameTask())).rejects.toThrow('cancelled');
  });
});

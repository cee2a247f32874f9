/** Thread entry of the pool: segments frames with a session of another thread, decides, renders. */
import { MessageChannel } from 'node:worker_threads';
import { LabelSet, Segmenter } from '@synseg/core';
import { decideLabels } from '@synseg/core/masks';
import { deserializeError, moving, serializeError, tellLoaded } from '@synseg/core/runtime';
import { smoothActivations } from '../temporal/smoothing.ts';
import type { ActivationTask, Activations, FrameTask, PoolControl, PoolTask } from './frame-task.ts';
import type { SegmentTask, SmoothTask, Smoothed } from './frame-task.ts';
import type { PoolAnswer } from './pool.ts';
import { render, type Rendered } from './render.ts';

const cancelled = new AbortController();
const segmenter = openSession();

/** Asks the pool's owner for a way to the session. */
function openSession(): Promise<Segmenter> {
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise<Segmenter>((resolve, reject) => {
    port1.on('message', (message: PoolControl) => {
      if (message.type === 'refused') return reject(deserializeError(message.error));
      if (message.type === 'session') {
        try {
          return resolve(Segmenter.attach(message.shared));
        } catch (error) {
          return reject(error);
        }
      }
      const reason = new Error('cancelled');
      cancelled.abort(reason);
      reject(reason);
    });
  });
  // Listening must not keep the thread alive, nor must a session that nobody waits for fail loudly.
  port1.unref();
  answered.catch(() => undefined);
  tellLoaded({ port: port2 }, [port2]);
  return answered;
}

/** Runs one task. Errors are part of the answer: thrown ones would lose their class and code. */
export default async function run(task: PoolTask): Promise<PoolAnswer> {
  try {
    switch (task.type) {
      case 'frame':
        return await answer(await frame(task));
      case 'activations': {
        const value = await activations(task);
        return await moving({ value }, [value.activations.buffer, value.frame.pixels.buffer]);
      }
      case 'smooth': {
        const value = smooth(task);
        return await moving({ value }, [value.labelMap.buffer, value.state.activations.buffer as ArrayBuffer]);
      }
      case 'render':
        return await answer(await render(task.input, task.render));
    }
  } catch (error) {
    return { error: serializeError(error) };
  }
}

async function frame(task: FrameTask): Promise<Rendered> {
  const { labelMap, width, height } = await segment(task, 'labels');
  return render({ labelMap, width, height, ...task.picture }, task.render);
}

async function activations(task: ActivationTask): Promise<Activations> {
  const { activations: maps, width, height } = await segment(task, 'activations');
  const frame = { pixels: task.pixels, width: task.width, height: task.height };
  return { activations: maps as Float32Array<ArrayBuffer>, width, height, frame };
}

function smooth({ state, key, rule, smoothing, activations: maps, width, height, frame }: SmoothTask): Smoothed {
  const picture = { data: frame.pixels, width: frame.width, height: frame.height };
  const next = smoothActivations(state, { activations: maps, width, height, key }, picture, smoothing);
  const labelMap = decideLabels(next.activations, width, height, rule) as Uint8Array<ArrayBuffer>;
  return { labelMap, width, height, state: next };
}

async function segment({ pixels, width, height, labels, settings }: SegmentTask, output: 'labels' | 'activations') {
  const { mapSize = 'model', ...others } = settings;
  return (await segmenter).segment({ data: pixels, width, height }, new LabelSet(labels), {
    ...{ size: mapSize, ...others, output: [output] },
    ...{ signal: cancelled.signal, transfer: output === 'labels' },
  });
}

function answer(value: Rendered): Promise<PoolAnswer> {
  const arrays = [value.labelMap, value.overlay, value.png, value.jpeg].filter((array) => array !== undefined);
  return moving({ value }, [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))]);
}

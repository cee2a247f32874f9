/**
 * The whole gradient – losses, head, decoder, FiLM, projector – against central differences of the total that the same
 * graph reports.
 *
 * Along a unit direction the total must change by `gradient · direction`. Directions lean on the gradient, each number
 * scaled by a random factor, with noise added: along a purely random one the change would drown in float32. The total
 * is
 * 7 to 22 and good to 1e-6, the step is 1e-3, gradients have a norm of 11 to 49: rounding leaves 1e-4 of it, truncation
 * and the corners of ReLUs up to 7e-4. Held to 1e-3 of the whole gradient's
 * norm; a tensor's own share of that norm is 1e-2 to 1 for nearly all.
 */
import { describe, expect, it } from 'vitest';
import { groupOf } from '../../../packages/train/src/step-graph/layout.ts';
import { gaussians, uniform } from '../../support/random.ts';
import { dot, lengthOf } from '../objective/numeric.ts';
import { ALL_LOSSES, TinyGraph, feedsOf, picturesOf, prepare, type TinyStep } from './tiny-step.ts';

const STEP = 1e-3;
const TOLERANCE = 1e-3;
const unit = (vector: Float32Array): Float32Array => vector.map((value) => value / lengthOf(vector));

describe.each([
  ['simple head, all losses on the taps', { head: 'simple', features: 'taps' }],
  ['refined head, all losses on the taps', { head: 'refined', features: 'taps' }],
  ['simple head, all losses on windows', { head: 'simple', features: 'windows' }],
  ['refined head, all losses on windows', { head: 'refined', features: 'windows' }],
  ['simple head, all losses on windows, with a prior', { head: 'simple', features: 'windows', prior: 1 }],
  ['refined head, all losses on the taps, with a prior', { head: 'refined', features: 'taps', prior: 2 }],
  ['simple head, conditional features', { head: 'simple', features: 'conditional' }],
  ['refined head, conditional features', { head: 'refined', features: 'conditional' }],
] as const satisfies readonly (readonly [string, TinyStep])[])('%s', (_, step) => {
  it('has the gradient that central differences give, in every tensor and in all at once', async () => {
    const prepared = await prepare(step);
    const graph = await TinyGraph.load(prepared, 'partial');
    const parameters = prepared.state['parameters'] as Float32Array;
    const noise = gaussians(parameters.length, 6, 0.3);
    const feeds = {
      ...feedsOf(prepared.spec, picturesOf(prepared.spec.config, [3, 2]), { rows: 8 }),
      start: { data: parameters.map((value, index) => value + (noise[index] as number)), shape: [parameters.length] },
    };
    const gradient = (await graph.run(feeds, prepared.state)).vectors['accumulated'] as Float32Array;
    /** What the decoder is to learn from the projector is no reason for the projector to move. */
    const lossAt = async (direction: Float32Array, size: number, projector: boolean): Promise<number> => {
      const { figures } = await graph.run(feeds, {
        ...prepared.state,
        parameters: parameters.map((value, index) => value + size * (direction[index] as number)),
      });
      return (
        figures.total -
        (projector ? ALL_LOSSES.distillation * figures.distillation + ALL_LOSSES.sharing * figures.sharing : 0)
      );
    };
    const slopeOf = async (direction: Float32Array, projector: boolean): Promise<number> =>
      ((await lossAt(direction, STEP, projector)) - (await lossAt(direction, -STEP, projector))) / (2 * STEP);
    const next = uniform(5);
    const norm = lengthOf(gradient);
    const decoder = { name: 'decoder', offset: 0, length: prepared.layout.projectorStart };
    const errors = [];
    for (const { name, offset, length } of [decoder, decoder, ...prepared.layout.entries]) {
      const any = unit(Float32Array.from({ length }, () => next() - 0.5));
      const own = gradient.subarray(offset, offset + length);
      const leaning = unit(
        own.map((value, index) => value * 2 * next() + 0.3 * lengthOf(own) * (any[index] as number)),
      );
      const direction = new Float32Array(gradient.length);
      // Of the keys' biases, which softmax does not see, the gradient has no direction.
      direction.set(lengthOf(own) > 1e-5 * norm ? leaning : any, offset);
      const projector = name !== 'decoder' && groupOf(name) === 'projector';
      const slope = await slopeOf(direction, projector);
      const error = Math.abs(slope - dot(gradient, direction)) / norm;
      if (!(error < TOLERANCE)) errors.push({ name, slope, expected: dot(gradient, direction), error });
    }
    await graph.release();
    expect(errors).toEqual([]);
    expect(norm).toBeGreaterThan(5);
  });
});

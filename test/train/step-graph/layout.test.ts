import { describe, expect, it } from 'vitest';
import { flatten, unflatten } from '../../../packages/train/src/step-graph/initial-values.ts';
import {
  DECODER_GROUPS,
  PARAMETER_GROUPS,
  groupOf,
  layoutOf,
  trainedTensors,
} from '../../../packages/train/src/step-graph/layout.ts';
import { gaussians } from '../../support/random.ts';
import { tinyTensors } from '../../support/tiny-clipseg.ts';
import { PROJECTORS, tinyModel } from './tiny-step.ts';

const specs = trainedTensors(tinyModel(), PROJECTORS.taps);
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

describe('trainedTensors()', () => {
  it.each(['simple', 'refined'] as const)(
    'are the decoder tensors of a CLIPSeg checkpoint with a %s head, and the projector',
    (head) => {
      const model = tinyModel(head);
      const names = trainedTensors(model, PROJECTORS.conditional).map(({ name }) => name);
      const published = [...tinyTensors({ head, patch: 16 }).keys()].filter((name) => name.startsWith('decoder.'));
      expect([...names].sort()).toEqual([...published, 'projector.bias', 'projector.weight'].sort());
      expect(new Set(names).size).toBe(names.length);
    },
  );

  it('have the shapes that the model asks for', () => {
    const shapes = Object.fromEntries(specs.map(({ name, shape }) => [name, shape]));
    expect(shapes).toMatchObject({
      'decoder.film_mul.weight': [8, 16],
      'decoder.film_add.bias': [8],
      // The deepest tap comes first.
      'decoder.reduces.0.weight': [8, 7],
      'decoder.reduces.2.weight': [8, 5],
      'decoder.layers.1.mlp.fc1.weight': [12, 8],
      'decoder.layers.2.layer_norm2.bias': [8],
      'decoder.transposed_convolution.weight': [8, 1, 4, 4],
      'projector.weight': [16, 18],
      'projector.bias': [16],
    });
  });

  it.each(['conditional', 'taps', 'windows'] as const)(
    'differ by what the projector reads in its weight alone (features: %s)',
    (features) => {
      expect(trainedTensors(tinyModel(), PROJECTORS[features])).toEqual(
        specs.map(({ name, shape }) => ({
          name,
          shape: name === 'projector.weight' ? [16, PROJECTORS[features]] : shape,
        })),
      );
    },
  );

  it('leave the projector out where nothing reads it', () => {
    expect(trainedTensors(tinyModel(), undefined).filter(({ name }) => name.startsWith('projector'))).toEqual([]);
  });
});

describe('groupOf()', () => {
  it('knows the group of every tensor, and every group has some', () => {
    expect(new Set(specs.map(({ name }) => groupOf(name)))).toEqual(new Set(DECODER_GROUPS));
    expect([
      groupOf('decoder.film_add.weight'),
      groupOf('decoder.layers.0.mlp.fc1.bias'),
      groupOf('decoder.transposed_convolution.2.weight'),
    ]).toEqual(['film', 'layers', 'head']);
  });

  it('refuses a name it does not know', () => {
    expect(() => groupOf('clip.visual')).toThrow(
      new RangeError('internal: tensor must belong to a parameter group, got "clip.visual"'),
    );
  });
});

describe('layoutOf()', () => {
  it('puts every tensor somewhere, one after the other, the projector last', () => {
    const shuffled = [...specs.slice(-2), ...specs.slice(0, -2)];
    const { entries, length, projectorStart } = layoutOf(shuffled, PARAMETER_GROUPS, true);
    let offset = 0;
    for (const entry of entries) {
      expect(entry.offset).toBe(offset);
      expect(entry.length).toBe(sizeOf(entry.shape));
      offset += entry.length;
    }
    expect(length).toBe(offset);
    expect(entries.map(({ name }) => name).sort()).toEqual(specs.map(({ name }) => name).sort());
    expect(entries.slice(-2).map(({ name }) => name)).toEqual(['projector.weight', 'projector.bias']);
    expect(projectorStart).toBe(length - 16 * 18 - 16);
  });

  it('has the tensors of the trained groups alone', () => {
    const { entries, length, projectorStart } = layoutOf(specs, ['head', 'film'], true);
    expect(new Set(entries.map(({ name }) => groupOf(name)))).toEqual(new Set(['film', 'head']));
    expect(projectorStart).toBe(length);
    expect(length).toBe(2 * (8 * 16 + 8) + 8 * 16 + 1);
  });

  it('says which numbers decay: all of them, or all but biases and norms', () => {
    const total = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    expect(layoutOf(specs, PARAMETER_GROUPS, true).runs).toEqual([{ length: total, decays: true, isVision: false }]);
    const { runs, entries } = layoutOf(specs, PARAMETER_GROUPS, false);
    const expected = entries.flatMap(({ name, length }) =>
      new Array<boolean>(length).fill(name.endsWith('.weight') && !name.includes('layer_norm')),
    );
    expect(runs.flatMap(({ length, decays }) => new Array<boolean>(length).fill(decays))).toEqual(expected);
    expect(runs.every(({ decays }, index) => decays !== runs[index + 1]?.decays)).toBe(true);
  });

  it('has the blocks of the trunk from the first that is trained, and what comes after them', () => {
    const named = ['stem', 'blocks.0.expand', 'blocks.7.project', 'blocks.12.expand', 'pyramid.map'];
    const trunk = named.map((name) => ({ name: `trunk.${name}.weight`, shape: [2] }));
    const trained = (from: number): string[] =>
      layoutOf([...specs, ...trunk], ['vision'], true, from).entries.map(({ name }) => name.slice(6, -7));
    expect(trained(0)).toEqual(named);
    expect(trained(7)).toEqual(named.slice(2));
    expect(trained(8)).toEqual(named.slice(3));
    const clip = ['embeddings.patch_embedding', 'pre_layrnorm', 'encoder.layers.3.mlp.fc1', 'post_layernorm'];
    const vision = clip.map((name) => ({ name: `clip.vision_model.${name}.weight`, shape: [2] }));
    expect(layoutOf(vision, ['vision'], true, 3).entries.map(({ name }) => name)).toEqual(
      vision.slice(2).map(({ name }) => name),
    );
  });

  it('has a key that changes with names, shapes and order, and with nothing else', () => {
    const key = (...args: Parameters<typeof layoutOf>): string => layoutOf(...args).key;
    const base = key(specs, PARAMETER_GROUPS, true);
    expect(key([...specs], [...PARAMETER_GROUPS].reverse(), false)).toBe(base);
    expect(key(specs, ['film'], true)).not.toBe(base);
    expect(key(trainedTensors(tinyModel(), PROJECTORS.conditional), PARAMETER_GROUPS, true)).not.toBe(base);
    expect(key(trainedTensors(tinyModel(), PROJECTORS.windows), PARAMETER_GROUPS, true)).not.toBe(base);
    expect(key([...specs].reverse(), PARAMETER_GROUPS, true)).not.toBe(base);
  });
});

describe('flatten() and unflatten()', () => {
  it('are each other’s inverse, bit for bit', () => {
    const layout = layoutOf(specs, PARAMETER_GROUPS, true);
    const tensors = new Map(
      specs.map(({ name, shape }, index) => [name, { shape, data: gaussians(sizeOf(shape), index) }]),
    );
    const flat = flatten(layout, tensors);
    expect(flat.length).toBe(layout.length);
    const back = unflatten(layout, flat);
    expect(new Map([...back].sort())).toEqual(new Map([...tensors].sort()));
    expect(flatten(layout, back)).toEqual(flat);
    // Copies: what happens to the vector later does not reach them.
    flat.fill(0);
    expect(back.get('projector.bias')?.data).toEqual(tensors.get('projector.bias')?.data);
  });
});

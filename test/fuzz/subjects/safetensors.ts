/** Weight files: header, offsets and bytes. */
import { Weights } from '../../../packages/core/src/checkpoint/weights.ts';
import { encodeSafetensors, readFloats } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { gaussians } from '../../support/random.ts';
import { mutateBytes, mutateJson } from '../mutation.ts';
import type { Draw } from '../draw.ts';
import type { Subject } from '../subject.ts';

const TENSORS = new Map([
  ['a.weight', { shape: [3, 4], data: gaussians(12, 1) }],
  ['b', { shape: [5], data: gaussians(5, 2) }],
  ['scalar', { shape: [], data: gaussians(1, 3) }],
  ['empty', { shape: [0, 7], data: new Float32Array(0) }],
]);

export function open(folder: string): Subject {
  const bytes = Buffer.from(encodeSafetensors(TENSORS, { format: 'pt', note: 'tiny' }));
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header: unknown = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes));
  const withHeader = (draw: Draw): Buffer => {
    const text = Buffer.from(mutateJson(draw, header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(draw.once(8) ? draw.pick([0, 1, 2 ** 31, 2 ** 40, 2 ** 52]) : text.length));
    return Buffer.concat([length, text, bytes.subarray(8 + headerBytes)]);
  };
  return {
    make: (draw) => ({
      files: {
        'model.safetensors': draw.once(3)
          ? mutateBytes(draw, bytes)
          : draw.once(4)
            ? mutateBytes(draw, withHeader(draw))
            : withHeader(draw),
      },
      run: async () => {
        const weights = await Weights.open(folder);
        weights.get('b', [5]);
        for (const entry of weights.entries()) await readFloats(entry);
        weights.get('a.weight', [3, 4]);
      },
    }),
  };
}

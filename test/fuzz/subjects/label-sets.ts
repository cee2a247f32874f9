/** Saved label sets, label sets made of parts, and the class lists beside masks. */
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { LabelSet } from '@synseg/core';
import { readMaskClasses } from '../../../packages/train/src/data/mask-classes.ts';
import { gaussians } from '../../support/random.ts';
import { mutateBytes, mutateJson } from '../mutation.ts';
import type { Draw } from '../draw.ts';
import type { Subject } from '../subject.ts';

const CLASSES = {
  classes: [
    { index: 0, name: 'road', prompts: ['a road', 'asphalt'] },
    { index: 3, name: 'car' },
    { index: 254, name: 'void' },
  ],
  ignore_index: 255,
  background_index: 254,
};

export async function open(folder: string): Promise<Subject> {
  const path = join(folder, 'labels.safetensors');
  const saved = new LabelSet({
    names: ['road', 'car', 'sky'],
    embeddings: gaussians(12, 1),
    thresholds: [undefined, 0.3, 1],
    background: 0.4,
    defaultThresholds: [0.5, 0.5, 0.5],
    colors: ['#ff0000', undefined, [1, 2, 3]],
  });
  await saved.save(path);
  const bytes = readFileSync(path);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as { __metadata__: Record<string, string> };
  /** Metadata holds JSON in texts: what is in them is mutated as well. */
  const withMetadata = (draw: Draw): Buffer => {
    const metadata = { ...header.__metadata__ };
    const key = draw.pick(Object.keys(metadata).filter((name) => name !== 'format' && name !== 'version'));
    metadata[key] = mutateJson(draw, JSON.parse(metadata[key] as string));
    const text = Buffer.from(
      draw.once(3) ? mutateJson(draw, header) : JSON.stringify({ ...header, __metadata__: metadata }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return Buffer.concat([length, text, bytes.subarray(8 + headerBytes)]);
  };
  return {
    make: (draw) => {
      if (draw.once(4))
        return {
          files: { 'classes.json': mutateJson(draw, CLASSES) },
          run: () => readMaskClasses(join(folder, 'classes.json'), []),
        };
      return {
        files: { 'labels.safetensors': draw.once(4) ? mutateBytes(draw, bytes) : withMetadata(draw) },
        run: async () => {
          const labels = await LabelSet.load(path);
          void [labels.parts, labels.backgroundRule, JSON.stringify(labels), labels.ruleWith({ threshold: 0.2 })];
          await labels.save(join(folder, 'again.safetensors'));
        },
      };
    },
  };
}

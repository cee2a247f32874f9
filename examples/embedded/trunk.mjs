/**
 * Makes the folder that training starts from: a published DeepLabv3 MobileNetV2 as a trunk, without its own classes.
 *
 *   node examples/embedded/trunk.mjs --from FOLDER --out FOLDER [--size 352]
 *
 * `--from` holds `model.safetensors`, batch norms folded in, and `trunk.json` with its stages and its license.
 */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeSafetensors, readFloats, readSafetensors } from '@synseg/core/checkpoint';

/** Names of the pyramid's tensors. */
const PYRAMID = { aspp: 'pyramid.map', pool: 'pyramid.pool', proj: 'pyramid.project' };

const { values } = parseArgs({
  options: { from: { type: 'string' }, out: { type: 'string' }, size: { type: 'string', default: '352' } },
});
for (const name of ['from', 'out'])
  if (values[name] === undefined) throw new TypeError(`Cannot make trunk: --${name} must be given, got none`);
const [from, out, side] = [resolve(values.from), resolve(values.out), Number(values.size)];
const { stages } = JSON.parse(readFileSync(join(from, 'trunk.json'), 'utf8'));

/** A stage whose dilation changes after its first block ("1, then 2") is two. */
const split = (stage) => {
  const [first, second] = String(stage.dilation).split(', then ').map(Number);
  const { blocks } = stage;
  if (second === undefined) return [{ ...stage, dilation: first }];
  return [
    { ...stage, blocks: 1, dilation: first },
    { ...stage, blocks: blocks - 1, stride: 1, dilation: second },
  ];
};

const tensors = new Map();
for (const [name, entry] of (await readSafetensors(join(from, 'model.safetensors'))).tensors) {
  const [part, ...rest] = name.split('.');
  // Its own classes are left out: a decoder of names takes their place.
  if (part === 'logits') continue;
  tensors.set(['trunk', PYRAMID[part] ?? part, ...rest].join('.'), {
    shape: entry.shape,
    data: await readFloats(entry),
  });
}
const config = {
  model_type: 'synseg',
  trunk: {
    kind: 'convolution',
    inputSize: [side, side],
    stem: tensors.get('trunk.stem.bias').shape[0],
    stages: stages.flatMap(split),
    // The last blocks of 64 and 96 channels, then the pyramid; the finer map is the last block of 32, the finest of 24.
    taps: [9, 12],
    pyramid: tensors.get('trunk.pyramid.map.bias').shape[0],
    fine: 5,
    finest: 2,
  },
};
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
writeFileSync(join(out, 'model.safetensors'), encodeSafetensors(tensors));
for (const name of readdirSync(from)) if (/^LICENSE/.test(name)) copyFileSync(join(from, name), join(out, name));
console.log(`${tensors.size} tensors, ${config.trunk.stages.length} stages`);

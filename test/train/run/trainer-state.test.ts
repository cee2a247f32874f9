import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, writeDurably, type FloatTensor } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { TRAINER_FILE, readTrainerState, trainerStateChunks } from '../../../packages/train/src/run/trainer-state.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { stateOf } from './contents.ts';

const root = temporaryFolder();

function folder(name: string, metadata?: Record<string, string>): string {
  const path = join(root, name);
  mkdirSync(path);
  if (metadata !== undefined)
    writeFileSync(join(path, TRAINER_FILE), encodeSafetensors(new Map<string, FloatTensor>(), metadata));
  return path;
}

describe('readTrainerState()', () => {
  it('reads back every number, the position and the notes', async () => {
    const path = folder('whole');
    const parameters = Float32Array.of(0.1, -0, 1e-45, 3e38);
    const state = {
      ...stateOf(300),
      position: { epoch: 2, consumed: 9, filled: { consumed: 5, shard: 1, sample: 7 } },
      tensors: new Map([
        ['parameters', { shape: [4], data: parameters }],
        ['variance', { shape: [0], data: new Float32Array(0) }],
      ]),
    };
    await writeDurably(join(path, TRAINER_FILE), trainerStateChunks(state));
    const read = await readTrainerState(path);
    expect(read).toEqual(state);
    expect(Buffer.from(read.tensors.get('parameters')!.data.buffer).equals(Buffer.from(parameters.buffer))).toBe(true);
  });

  it('says that a checkpoint cannot be resumed from', async () => {
    const path = folder('without');
    await expect(readTrainerState(path)).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: `Cannot resume run: checkpoint must hold trainer.safetensors, got none in ${path}`,
    });
  });

  it('refuses another format, and a file that was damaged', async () => {
    const other = folder('other', { format: 'pt' });
    await expect(readTrainerState(other)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message:
        'Cannot resume run: format of trainer.safetensors must be synseg-trainer-1, got pt ' +
        `(${join(other, TRAINER_FILE)})`,
    });
    const odd = folder('odd', {
      format: 'synseg-trainer-1',
      layoutKey: 'x',
      step: '3',
      notes: '{}',
      position: '{"epoch":',
    });
    await expect(readTrainerState(odd)).rejects.toThrow(
      /^Cannot resume run: position in trainer\.safetensors must be JSON, got .* \(.*odd\/trainer\.safetensors\)$/,
    );
    const cut = folder('cut');
    writeFileSync(
      join(cut, TRAINER_FILE),
      encodeSafetensors(new Map([['x', { shape: [4], data: new Float32Array(4) }]])).subarray(0, -1),
    );
    await expect(readTrainerState(cut)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining('(truncated)'),
    });
  });
});

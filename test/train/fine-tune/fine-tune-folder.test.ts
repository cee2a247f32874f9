/** The folder of a fine-tuning: what it may be, and what is cleared away in it. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canResume, openFolder } from '../../../packages/train/src/fine-tune/fine-tune-folder.ts';
import { fineTune } from '../../../packages/train/src/fine-tune/fine-tune.ts';
import type { FineTuneRequest } from '../../../packages/train/src/fine-tune/fine-tune-options.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writePhotos } from '../data/photo-folder.ts';

const root = temporaryFolder();
const photo = { set: 'own', labels: ['dog'], mask: [[0, 0]], split: 'train' };
const data = await writePhotos(join(root, 'photos'), [photo, photo], { own: { classes: ['dog'], exhaustive: true } });
const folder = (name: string): string => mkdtempSync(join(root, `${name}-`));
const request = (out: string, more: Partial<FineTuneRequest> = {}): FineTuneRequest =>
  ({ out, data, init: 'embedded', only: false, seed: 42, ...more }) as FineTuneRequest;
const begin = async (out: string, more: Partial<FineTuneRequest> = {}): Promise<void> => {
  const release = await openFolder(request(out, more));
  await release();
};

describe('the folder of a fine-tuning', () => {
  it('leaves alone whatever is in it but a run of its own, data above all', async () => {
    const out = folder('project');
    cpSync(data, join(out, 'data'), { recursive: true });
    for (const [from, to, rule] of [
      [join(out, 'data'), out, /out must not be a folder that holds what is read/],
      [join(out, 'data'), join(out, 'data'), /out must not be what is read/],
      [join(out, 'data'), join(out, 'data/run'), /out must not be in a folder that is read/],
      [data, out, /out must be new, empty or the folder of such a run, got .* with "data" in it$/],
      [data, join(out, 'data/index.jsonl'), /index\.jsonl must be a folder that can be written, got ENOTDIR$/],
    ] as const)
      await expect(fineTune(from, { out: to })).rejects.toThrow(rule);
    expect(readdirSync(out)).toEqual(['data']);
    expect(readdirSync(join(out, 'data')).sort()).toEqual(readdirSync(data).sort());
  });

  it('takes other options while there is no data yet, then none but those it began with', async () => {
    const out = folder('run');
    await begin(out, { data: join(root, 'mistyped'), limit: 3 });
    await begin(out, { steps: 8 });
    writeFileSync(join(out, 'data.json'), '{}');
    await begin(out, { steps: 8 });
    await expect(openFolder(request(out))).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: expect.stringMatching(/the options it began with .*, got steps: 8 → nothing$/),
    });
    expect(JSON.parse(readFileSync(join(out, 'fine-tune.json'), 'utf8'))).toMatchObject({ data, steps: 8 });
    expect(existsSync(join(out, 'run.lock'))).toBe(false);
  });

  it('keeps nothing of data that has no picture to hold out', async () => {
    const out = folder('one');
    const one = await writePhotos(join(root, 'one'), [{ ...photo, split: 'train' }], {
      own: { classes: ['dog'], exhaustive: true },
    });
    await expect(fineTune(one, { out })).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message: expect.stringMatching(/must have annotated pictures to train on and one to hold out, got 1 in all$/),
    });
    expect(readdirSync(out)).toEqual(['fine-tune.json']);
  });

  it('clears away data that a kill left half converted, and nothing else', async () => {
    const out = folder('killed');
    for (const name of ['.data.1.tmp', '.data.2.tmp', '.git'])
      mkdirSync(join(out, name, 'images'), { recursive: true });
    await begin(out);
    expect(readdirSync(out).sort()).toEqual(['.git', 'fine-tune.json']);
  });

  it('goes on with a run that was saved, and begins one anew that was killed before', async () => {
    const out = folder('steps');
    mkdirSync(join(out, 'run'));
    writeFileSync(join(out, 'run/train.jsonl'), '{"step":1,"total":2}\n');
    expect([await canResume(join(out, 'run')), existsSync(join(out, 'run'))]).toEqual([false, false]);
    mkdirSync(join(out, 'run/last'), { recursive: true });
    expect([await canResume(join(out, 'run')), existsSync(join(out, 'run/last'))]).toEqual([true, true]);
  });
});

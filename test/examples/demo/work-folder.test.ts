import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WorkFolder } from '../../../examples/demo/work-folder.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();

describe('WorkFolder', () => {
  it('moves files and folders to their target when asked to, in place of what was there', async () => {
    const target = join(root, 'new/target');
    {
      using work = await WorkFolder.open(target);
      mkdirSync(join(target, 'masks'));
      writeFileSync(join(target, 'masks/old'), '');
      writeFileSync(join(target, 'file'), 'old');
      mkdirSync(work.at('masks'));
      writeFileSync(work.at('masks/new'), '');
      writeFileSync(work.at('file'), 'new');
      await work.deliver();
    }
    expect(readdirSync(target).sort()).toEqual(['file', 'masks']);
    expect(readdirSync(join(target, 'masks'))).toEqual(['new']);
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('new');
  });

  it('is gone with all that is in it when it is left before', async () => {
    const target = join(root, 'failed');
    const leave = async (): Promise<void> => {
      using work = await WorkFolder.open(target);
      writeFileSync(work.at('file'), 'half');
      expect(existsSync(work.path)).toBe(true);
      throw new Error('half way');
    };
    await expect(leave()).rejects.toThrow('half way');
    expect(readdirSync(target)).toEqual([]);
  });
});

/** The commands of examples/segment-image/README.md, and what comes out of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../support/runtimes.ts';
import { expectShares, expectSuccess, openShell, runBlocks, sharesIn } from '../readme.ts';

const shell = await openShell('segment-image');
const [command = ''] = runBlocks('segment-image');
const results = join(REPOSITORY, 'out/segment-image');
const program = 'node examples/segment-image/segment-image.mjs';

describe('the example segment-image', () => {
  it('prints the shares of its label map, and draws them over the picture', async () => {
    const outcome = await shell.run(command);
    expectSuccess(outcome);
    expectShares(outcome.stdout, ['road', 'building', 'sky', 'tree', 'car', 'person', '(background)']);

    const { data, width, height, palette } = decode(readFileSync(join(results, 'label-map.png')));
    expect([width, height, palette?.length]).toEqual([256, 256, 256]);
    sharesIn(outcome.stdout).forEach(([, share], label) =>
      expect(
        ((100 * data.filter((value) => value === (label === 6 ? 255 : label)).length) / data.length).toFixed(1),
      ).toBe(share.toFixed(1)),
    );

    const overlay = await sharp(join(results, 'overlay.png')).metadata();
    expect([overlay.format, overlay.width, overlay.height]).toEqual(['png', 256, 256]);
  });

  it('says how it is used with exit code 2, and what is wrong with a picture with 1', async () => {
    expect(await shell.run(program)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Usage: segment-image\.mjs PICTURE/),
    });
    const missing = await shell.run(`${program} out/none.jpg road`);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('Cannot open image: path must be a readable file, got "out/none.jpg"');
  });
});

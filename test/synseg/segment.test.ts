/** The command line `synseg`, from the package as it is installed where it has to run. */
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawScene, encodePng } from '@synseg/street-world/draw.ts';
import { sceneOf } from '@synseg/street-world/scene.ts';
import { NO_NETWORK, installCommand, runToEnd, type Ended } from '../support/installed-core.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';
import { command } from './command.ts';

const root = temporaryFolder();
const cli = join(installCommand(join(root, 'application')), 'dist/cli.js');
const drawing = await drawScene(sceneOf(54, { aspect: 1.5 }), { size: 64 });
const frame = join(root, 'frame.png');
writeFileSync(frame, await encodePng(drawing.pixels, drawing.width, drawing.height));
const HINT = 'model: embedded, for 152 everyday classes; for any other words add --model CIDAS/clipseg-rd64-refined\n';

/** Runs the installed command where any use of the network is an error. */
async function synseg(...argv: string[]): Promise<Ended> {
  const env = { ...process.env, SYNSEG_CACHE: join(root, 'cache'), HF_HUB_CACHE: join(root, 'hub') };
  return runToEnd(process.execPath, [...NO_NETWORK, cli, ...argv], { cwd: root, env });
}

describe('synseg segment', () => {
  it('writes the overlay in the format its file is named for', async () => {
    for (const [name, start] of [
      ['a.jpg', '\xff\xd8\xff'],
      ['a.JPEG', '\xff\xd8\xff'],
      ['a.webp', 'RIFF'],
      ['a.png', '\x89PNG'],
    ] as const) {
      expect(
        await synseg('segment', frame, '--model', 'embedded', '--labels', 'road,sky', '--out', name),
      ).toMatchObject({ code: 0, stderr: '' });
      expect(readFileSync(join(root, name)).toString('latin1').startsWith(start)).toBe(true);
    }
  });

  it.each<[string, readonly string[], string]>([
    [
      'an overlay in the place of the picture',
      ['--out', './frame.png'],
      `Cannot segment: --out must not be what is read ("${frame}"), got "./frame.png"`,
    ],
    [
      'a mask in the place of a link to the picture',
      ['--mask', 'link.png'],
      `Cannot segment: --mask must not be what is read ("${frame}"), got "link.png"`,
    ],
    [
      'overlay and mask in one file',
      ['--out', 'both.png', '--mask', './both.png'],
      'Cannot segment: --mask must be another file than --out, got "./both.png"',
    ],
    [
      'an overlay of an unknown format',
      ['--out', 'x.bmp'],
      "option '--out <file>' argument 'x.bmp' is invalid. It must end in .png, .jpg, .jpeg, .webp.",
    ],
    [
      'a mask that would lose its values',
      ['--mask', 'x.jpg'],
      "option '--mask <file>' argument 'x.jpg' is invalid. It must end in .png.",
    ],
  ])('refuses %s before it opens anything', async (_, outputs, message) => {
    if (!existsSync(join(root, 'link.png'))) symlinkSync(frame, join(root, 'link.png'));
    const before = readFileSync(frame);
    expect(await synseg('segment', frame, '--labels', 'road', ...outputs)).toEqual({
      code: 2,
      stdout: '',
      stderr: `synseg: ${message}\n`,
    });
    expect(readFileSync(frame).equals(before)).toBe(true);
    expect(existsSync(join(root, 'both.png')) || existsSync(join(root, 'x.bmp'))).toBe(false);
  });

  it('bounds the picture by --max-pixels, and takes a drawing with --allow-svg', async () => {
    const small = await synseg('segment', frame, '--model', 'embedded', '--labels', 'road', '--max-pixels', '6143');
    expect(small).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `synseg: Cannot decode image ${frame}: it must have at most 6143 pixels (maxPixels), ` +
        'got 96×64 (IMAGE_DECODE)\n',
    });
    const svg = join(root, 'drawing.png');
    writeFileSync(svg, '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
    expect((await synseg('segment', svg, '--model', 'embedded', '--labels', 'road')).stderr).toBe(
      `synseg: Cannot decode image ${svg}: file must be a whole, valid picture, got SVG or other XML (SVG is taken ` +
        'with allowSVG) (IMAGE_DECODE)\n',
    );
    expect(
      await synseg('segment', svg, '--model', 'embedded', '--labels', 'road', '--allow-svg', '--out', 'drawn.png'),
    ).toMatchObject({ code: 0, stderr: '' });
  });

  it('reads a pipe once, for labels and overlay', async () => {
    const command =
      `cat "${frame}" | "${process.execPath}" "${cli}" segment /dev/stdin --model embedded --labels ` +
      'road --out piped.png';
    expect(
      await runToEnd('sh', ['-c', command], { cwd: root, env: { ...process.env, SYNSEG_CACHE: join(root, 'cache') } }),
    ).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(root, 'piped.png'))).toBe(true);
  });

  it('takes the embedded checkpoint without --model, and touches no network', async () => {
    const { code, stdout, stderr } = await synseg(
      'segment',
      frame,
      '--labels',
      'red car,bus,person,road,sky',
      '--json',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${HINT}red car: answers as car (adjective)\n` });
    const report = JSON.parse(stdout) as { areas: Record<string, number>; background: number };
    expect(report).toMatchObject({
      image: frame,
      model: 'embedded',
      width: 96,
      height: 64,
      labels: ['red car', 'bus', 'person', 'road', 'sky'],
    });
    const shares = Object.values(report.areas);
    expect(shares).toHaveLength(5);
    expect(shares.reduce((sum, share) => sum + share, report.background)).toBeCloseTo(1, 9);
    expect(existsSync(join(root, 'hub'))).toBe(false);
  });

  it('says nothing of the embedded checkpoint when asked for by name; without --json it prints shares', async () => {
    const { code, stdout, stderr } = await synseg(
      'segment',
      frame,
      '--model',
      'embedded',
      '--labels',
      'road,sky',
      '--out',
      'overlay.png',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^road +\d+\.\d %\nsky +\d+\.\d %\n\(background\) +\d+\.\d %\nbackground: where no label reaches its threshold \(road: 0\.\d+, sky: 0\.\d+\)\n$/,
    );
    expect(readFileSync(join(root, 'overlay.png')).subarray(1, 4).toString()).toBe('PNG');
  });

  it('takes another checkpoint with --model', async () => {
    const model = writeTinyClipseg(join(root, 'tiny'));
    const { code, stdout, stderr } = await synseg('segment', frame, '--model', model, '--labels', 'road,sky', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ model, labels: ['road', 'sky'] });
  });

  it('takes a label set that "synseg labels" saved, both without --model', async () => {
    expect(await synseg('labels', 'red car,road', '--save', 'set.safetensors')).toMatchObject({
      code: 0,
      stderr: `${HINT}red car: answers as car (adjective)\n`,
      stdout: expect.stringContaining('saved to set.safetensors\n'),
    });
    const { code, stdout } = await synseg('segment', frame, '--label-set', 'set.safetensors', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ model: 'embedded', labels: ['red car', 'road'] });
  });

  it('fails with a report on stdout where a hub id needs the network', async () => {
    const { code, stdout, stderr } = await synseg(
      'segment',
      frame,
      '--model',
      'nobody/nothing',
      '--labels',
      'road',
      '--json',
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'HUB_DOWNLOAD', message: expect.stringContaining('the network was touched') },
    });
    expect(stderr).toContain('synseg: ');
  });

  it.each([
    [['segment', 'a.png'], 'either --labels or --label-set must be given, got neither'],
    [
      ['segment', 'a.png', '--labels', 'a', '--label-set', 'b'],
      'either --labels or --label-set must be given, got both',
    ],
    [['segment', 'a.png', '--labels', ','], 'It must name at least one class, and each once.'],
    [['segment', 'a.png', '--labels', 'a', '--views', '4'], 'It must be 1 or 5.'],
    [['segment', 'a.png', '--labels', 'a,b,a'], 'It must name at least one class, and each once.'],
    [['segment', 'a.png', '--lables', 'a'], "unknown option '--lables'\n(Did you mean --labels?)"],
    [['a.png', '--lables', 'a'], "unknown option '--lables'\n(Did you mean --labels?)"],
    [['segment', '--labels', 'a'], "missing required argument 'image'"],
  ])('refuses %j with exit code 2', async (argv, message) => {
    const { exitCode, stdout, stderr } = await command(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`synseg: `);
    expect(stderr).toContain(message);
    const asJson = await command([...argv, '--json']);
    expect(asJson.exitCode).toBe(2);
    expect(JSON.parse(asJson.stdout)).toEqual({ error: { code: 'USAGE', message: expect.stringContaining(message) } });
  });

  it('takes --json and --quiet before the command too', async () => {
    const { exitCode, stdout, stderr } = await command(['--json', '--quiet', 'cache']);
    expect([exitCode, Object.keys(JSON.parse(stdout) as object), stderr]).toEqual([
      0,
      ['folder', 'cleared', 'sections', 'hubFolder'],
      '',
    ]);
  });

  it('refuses no command with exit code 2, with --json as one object', async () => {
    const [plain, asJson] = [await command([]), await command(['--json'])];
    expect([plain.exitCode, plain.stdout, asJson.exitCode]).toEqual([2, '', 2]);
    expect(plain.stderr).toMatch(/^synseg: a command must be given\n\nUsage: synseg /);
    expect(JSON.parse(asJson.stdout)).toEqual({
      error: { code: 'USAGE', message: 'a command must be given, see synseg --help' },
    });
  });

  const helpful = ['segment', 'video', 'serve', 'frames', 'inspect', 'train', 'train --data x', 'evaluate'];
  it.each(helpful)('lays the help of %s out in 80 columns', async (line) => {
    const { stdout } = await command([...line.split(' '), '--help']);
    const flags = stdout.slice(stdout.indexOf('Options:'), stdout.indexOf('\n\n', stdout.indexOf('Options:')));
    expect(flags.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(flags).toMatch(/\n {2}--\w/);
  });

  it('says in its help which checkpoint is the default, and what it is for', async () => {
    const [all, segment] = [await command(['--help']), await command(['segment', '--help'])];
    expect(all.stdout).toContain('synseg segment photo.jpg --labels dog,sofa,person --json');
    expect(all.stdout.replace(/\s+/g, ' ')).toContain(
      'Without --model, the small checkpoint inside @synseg/core is used, which needs no network.',
    );
    expect(segment.stdout.replace(/\s+/g, ' ')).toContain(
      '--model <source> Checkpoint: a hub id, a folder, or "embedded" for the small one inside the package, ' +
        'for everyday classes (default: embedded)',
    );
    expect([all.exitCode, segment.exitCode]).toEqual([0, 0]);
  });
});

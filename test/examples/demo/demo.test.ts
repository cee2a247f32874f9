/** The demo as a user runs it, on a shortened clip and without a network: its files, and its numbers counted again. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { segmentVideo } from '@synseg/video';
import { decode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLASSES } from '@synseg/street-world/classes.ts';
import { drawScene } from '@synseg/street-world/draw.ts';
import { movingScene } from '@synseg/street-world/motion.ts';
import { nounsOf } from '@synseg/street-world/words.ts';
import { ConfusionMatrix } from '../../../packages/train/src/evaluate/confusion-matrix.ts';
import { readIndexMask } from '../../../packages/train/src/image/index-mask.ts';
import { NO_NETWORK, hasEmbedded, runToEnd, type Ended } from '../../support/installed-core.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

const root = temporaryFolder();
const out = join(root, 'out');
// Random weights where the clone has no checkpoint to ship yet.
const model = hasEmbedded ? 'embedded' : writeTinyClipseg(join(root, 'tiny'));
const [SEED, SECONDS, FRAMES, WIDTH, HEIGHT] = [54, 0.5, 6, 576, 384];

async function demo(flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const program = [...NO_NETWORK, '--import', 'tsx', 'examples/demo/demo.ts'];
  return runToEnd(process.execPath, [...program, ...flags], {
    env: { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.run.json', ...env },
  });
}

interface Stream {
  readonly codec_name: string;
  readonly width: number;
  readonly height: number;
  readonly nb_read_frames: string;
}

function videoIn(file: string): Stream {
  const text = execFileSync(
    'ffprobe',
    ['-v', 'error', '-select_streams', 'v', '-count_frames', '-show_streams', '-of', 'json', join(out, file)],
    { encoding: 'utf8' },
  );
  return (JSON.parse(text) as { streams: [Stream] }).streams[0];
}

describe('the demo', () => {
  let run: Ended;
  beforeAll(async () => {
    run = await demo([
      '--seconds',
      String(SECONDS),
      '--seed',
      String(SEED),
      '--out',
      out,
      ...(hasEmbedded ? [] : ['--model', model]),
    ]);
  }, 120_000);

  it('ends well, and says little on the way', () => {
    expect(run).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^1 of 6 frames drawn\n(\d of 6 frames (drawn|segmented)\n)+$/),
    });
  });

  it('writes the clip and its overlay as H.264, with every frame', () => {
    for (const file of ['clip.mp4', 'demo.mp4']) {
      expect(videoIn(file)).toMatchObject({
        codec_name: 'h264',
        width: WIDTH,
        height: HEIGHT,
        nb_read_frames: String(FRAMES),
      });
    }
    expect(readdirSync(out).sort()).toEqual(['clip.masks', 'clip.mp4', 'demo.mp4', 'demo.png', 'frame.png']);
  });

  it('writes the first frame of the clip as it was drawn, but for what H.264 takes away', async () => {
    const { width, height, data } = decode(readFileSync(join(out, 'frame.png')));
    expect([width, height]).toEqual([WIDTH, HEIGHT]);
    const { pixels } = await drawScene(movingScene(SEED, { seconds: SECONDS, aspect: 1.5 }).frame(0), { size: HEIGHT });
    expect(pixels.reduce((sum, value, index) => sum + Math.abs(value - data[index]!), 0) / pixels.length).toBeLessThan(
      6,
    );
  });

  it('writes a sheet with three frames, each beside ground truth and prediction', () => {
    const { width, height } = decode(readFileSync(join(out, 'demo.png')));
    expect(width).toBeGreaterThan(3 * 384 + 100);
    expect(height).toBe(24 + 3 * (24 + 256) - 24 + 8);
  });

  it('prints IoU and mIoU as counted again from the masks', async () => {
    const printed = new Map(
      [...run.stdout.matchAll(/^ {2}(.+?) +(\d+\.\d) %$/gm)].map(([, name = '', iou]) => [name, Number(iou)]),
    );
    const masks = await Promise.all(
      Array.from(
        { length: FRAMES },
        async (_, frame) => (await readIndexMask(join(out, 'clip.masks', `0000${String(frame)}.png`))).data,
      ),
    );
    const names = CLASSES.filter((_, index) => masks.some((mask) => mask.includes(index)));
    expect([...printed.keys()]).toEqual(names);

    const classOf = Int16Array.from({ length: 256 }, (_, value) => names.indexOf(CLASSES[value]!));
    const labelOf = Int16Array.from({ length: 256 }, (_, label) => (label < names.length ? label : -1));
    const matrix = new ConfusionMatrix(names.length);
    await using segmenter = await Segmenter.load(model);
    const labels = await segmenter.labels(
      names.map((name) => ({ name, prompts: nounsOf(name) })),
      { background: 'none' },
    );
    const frames = segmentVideo(join(out, 'clip.mp4'), segmenter, labels, { size: 'source' });
    for await (const { index, segmentation } of frames)
      matrix.count(masks[index]!, classOf, segmentation.labelMap, labelOf);
    // Rounded to a tenth; frames that share a run may round the last bit of a score otherwise.
    for (const [index, name] of names.entries())
      expect(Math.abs(printed.get(name)! - 100 * matrix.iou(index)!), name).toBeLessThan(0.5);
    const mean = Number(/^mIoU (\d+\.\d) % over every pixel/m.exec(run.stdout)?.[1]);
    expect(Math.abs(mean - 100 * matrix.meanIoU()!)).toBeLessThan(0.15);
    expect(Math.abs(mean - [...printed.values()].reduce((sum, iou) => sum + iou, 0) / names.length)).toBeLessThan(0.11);
  });

  it('prints its speed, its files, and how to go on', () => {
    expect(
      Number(/^(\d+\.\d) frames\/s on \w+, fp32, decoding and overlay included$/m.exec(run.stdout)?.[1]),
    ).toBeGreaterThan(0);
    for (const file of ['clip.mp4', 'demo.mp4', 'demo.png', 'frame.png'])
      expect(run.stdout).toContain(`${join(out, file)}: `);
    expect(run.stdout).toContain(
      `  npx synseg segment ${join(out, 'frame.png')} --labels "red car,bus,person,road,sky" --json\n`,
    );
    expect(run.stdout).toContain(
      '  npx synseg video YOUR.mp4 --model CIDAS/clipseg-rd64-refined --labels "road,car,person" --out overlay.mp4\n',
    );
    expect(run.stdout).toContain(
      '  npx synseg serve camera:0 --model CIDAS/clipseg-rd64-refined --labels "road,car,person"\n',
    );
  });

  it.each([
    [
      'there is no ffmpeg',
      [],
      { FFMPEG_PATH: join(root, 'no-ffmpeg') },
      /^demo: Cannot write clip: ffmpeg must succeed, got spawn .* ENOENT\. Install ffmpeg \(.*\), or set FFMPEG_PATH to the executable\.$/,
    ],
    ['the seed is none', ['--seed', 'x'], {}, /^demo: Cannot make scene: seed must be an integer from 0, got NaN$/],
    [
      'the checkpoint is not there',
      ['--seconds', '0.1', '--model', './nowhere'],
      {},
      /^demo: Cannot load checkpoint: source must be an existing folder, .* got "\.\/nowhere"$/,
    ],
  ])('says in one line what is wrong when %s', async (_, flags, env, message) => {
    const { code, stderr } = await demo([...flags, '--out', join(root, 'refused')], env);
    expect(code).toBe(1);
    expect(
      stderr
        .split('\n')
        .filter((line) => line !== '' && !line.includes(' frames '))
        .join('\n'),
    ).toMatch(message);
  });
});

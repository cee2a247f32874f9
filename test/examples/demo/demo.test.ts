/**
 * The demo as a user runs it, on short clips and without a network but for one of this computer: its files, and its
 * numbers counted again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { findFfmpeg, segmentVideo } from '@synseg/video';
import { decode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLASSES } from '@synseg/street-world/classes.ts';
import { streetWords } from '../../../examples/demo/street-words.ts';
import { ConfusionMatrix } from '../../../packages/train/src/evaluate/confusion-matrix.ts';
import { readIndexMask } from '../../../packages/train/src/image/index-mask.ts';
import { NO_NETWORK, hasEmbedded, runToEnd, type Ended } from '../../support/installed-core.ts';
import { REPOSITORY } from '../../support/runtimes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { inspect, testClip } from '../../video/clips.ts';

const root = temporaryFolder();
const clip = testClip(join(root, 'mine.mp4'), {
  size: '96x64',
  rate: 8,
  seconds: 2,
  more: ['-movflags', '+faststart'],
});
// Random weights where the clone has no checkpoint to ship yet.
const model = hasEmbedded ? 'embedded' : writeTinyClipseg(join(root, 'tiny'));
const STREET_FILES = ['demo.png', 'frame.png', 'street-clip.masks', 'street-clip.mp4', 'street.mp4'];
const SHORT = ['--street-seconds', '0.1'];

function programOf(flags: readonly string[]): readonly string[] {
  const models = hasEmbedded || flags.includes('--model') ? [] : ['--model', model];
  return ['--import', 'tsx', 'examples/demo/demo.ts', ...flags, ...models];
}

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.run.json', SYNSEG_CACHE: join(root, 'cache'), ...more };
}

async function demo(flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return runToEnd(process.execPath, [...NO_NETWORK, ...programOf(flags)], { env: environment(env) });
}

/** The lines about labels that follow a line, as names and percents. */
function sharesAfter(text: string, line: RegExp): Map<string, number> {
  const rows = text.slice(text.search(line)).split('\n').slice(1);
  const end = rows.findIndex((row) => !/^ {2}.+ %$/.test(row));
  const parts = rows.slice(0, end).map((row) => /^ {2}(.+?) +([\d.]+) %$/.exec(row)!);
  return new Map(parts.map(([, name = '', share]) => [name, Number(share)]));
}

describe('the demo, given a clip', () => {
  const out = join(root, 'given');
  let run: Ended;
  beforeAll(async () => {
    const flags = ['--labels', 'road,sky', '--seconds', '1', '--street-seconds', '0.5', '--out', out];
    run = await demo([clip, ...flags]);
  }, 120_000);

  it('ends well, and says little on the way', () => {
    expect(run).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^0 of 1 s segmented\n(\d of 1 s segmented\n)*1 of 6 frames drawn\n(\d of 6 frames (drawn|segmented)\n)+$/,
      ),
    });
  });

  it('writes the seconds asked for and the street with their labels, as H.264, and nothing else', () => {
    const sizes = { 'demo.mp4': [96, 64, 8], 'street.mp4': [576, 384, 6], 'street-clip.mp4': [576, 384, 6] };
    for (const [file, [width, height, frames]] of Object.entries(sizes))
      expect(inspect(join(out, file)).streams[0]).toMatchObject({
        codec_name: 'h264',
        width,
        height,
        nb_read_frames: String(frames),
      });
    expect(readdirSync(out).sort()).toEqual(['demo.mp4', ...STREET_FILES]);
  });

  it('writes the first frame of the clip, and a sheet of four frames of it and three of the street', () => {
    const frame = decode(readFileSync(join(out, 'frame.png')));
    expect([frame.width, frame.height]).toEqual([96, 64]);
    const { width, height } = decode(readFileSync(join(out, 'demo.png')));
    expect(width).toBeGreaterThan(3 * 384 + 100);
    expect(height).toBe(4 * (24 + 256) + 8 + 3 * (24 + 256) + 8);
  });

  it('says what share of the clip each label has, and its speed', () => {
    const line = new RegExp(`^${clip}, its first 1 s: 8 frames of 96 × 64 pixels, \\d+\\.\\d frames/s; mean`, 'm');
    expect(run.stdout).toMatch(line);
    expect([...sharesAfter(run.stdout, line).keys()]).toEqual(['road', 'sky']);
  });

  it('prints IoU and mIoU of the street as counted again from the masks', async () => {
    const printed = sharesAfter(run.stdout, /^mIoU/m);
    const masks = await Promise.all(
      Array.from(
        { length: 6 },
        async (_, frame) => (await readIndexMask(join(out, 'street-clip.masks', `0000${String(frame)}.png`))).data,
      ),
    );
    const classes = CLASSES.filter((_, index) => masks.some((mask) => mask.includes(index)));
    await using segmenter = await Segmenter.load(model);
    const { labels, labelOf } = await streetWords(segmenter, classes);
    expect([...printed.keys()]).toEqual(labels.names);

    const classOf = Int16Array.from({ length: 256 }, (_, value) => labelOf[classes.indexOf(CLASSES[value]!)] ?? -1);
    const same = Int16Array.from({ length: 256 }, (_, label) => (label < labels.names.length ? label : -1));
    const matrix = new ConfusionMatrix(labels.names.length);
    const frames = segmentVideo(join(out, 'street-clip.mp4'), segmenter, labels, { size: 'source' });
    for await (const { index, segmentation } of frames)
      matrix.count(masks[index]!, classOf, segmentation.labelMap, same);
    // Rounded to a tenth; frames that share a run may round the last bit of a score otherwise.
    for (const [index, name] of labels.names.entries())
      expect(Math.abs(printed.get(name)! - 100 * matrix.iou(index)!), name).toBeLessThan(0.5);
    const mean = Number(/^mIoU (\d+\.\d) % over every pixel/m.exec(run.stdout)?.[1]);
    expect(Math.abs(mean - 100 * matrix.meanIoU()!)).toBeLessThan(0.15);
  });

  it('prints its files and how to go on', () => {
    for (const file of ['demo.mp4', 'street.mp4', 'demo.png', 'frame.png', 'street-clip.mp4'])
      expect(run.stdout).toContain(`\n${join(out, file)}: `);
    for (const command of [
      `segment ${join(out, 'frame.png')} --labels "road,sky" --json`,
      'segment photo.jpg --labels dog,sofa,person',
      'serve camera:0 --labels person,car,road',
      'video drive.mp4 --model CIDAS/clipseg-rd64-refined --labels "a red car,a person on a bicycle" --out overlay.mp4',
    ])
      expect(run.stdout).toContain(`\n  npx synseg ${command}\n`);
  });
});

describe('the demo, without a clip', () => {
  it('says so in one line where there is no apt-get, and shows the street alone', async () => {
    const out = join(root, 'alone');
    const { path } = await findFfmpeg();
    const { code, stdout } = await demo([...SHORT, '--out', out], { PATH: join(root, 'nothing'), FFMPEG_PATH: path });
    expect({ code, line: stdout.split('\n')[0] }).toEqual({
      code: 0,
      line: 'No clip of pedestrians here, so a drawn street alone: there is no apt-get here',
    });
    expect(stdout).toMatch(/^mIoU \d/m);
    expect(stdout).not.toContain('demo.mp4');
    expect(readdirSync(out).sort()).toEqual(STREET_FILES);
  });
});

describe('the demo, given a URL', () => {
  it('shows what was found, and never the password', async () => {
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'video/mp4');
      response.end(readFileSync(clip));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const out = join(root, 'url');
    const flags = ['--seconds', '1', ...SHORT, '--out', out];
    const done = await demo([`http://me:hunter2@${host}/mine.mp4?key=hunter3`, ...flags]);
    server.close();
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toContain(`http://${host}/mine.mp4, its first 1 s: 8 frames of 96 × 64 pixels`);
    expect(done.stdout + done.stderr).not.toContain('hunter');
  }, 60_000);
});

describe('the demo, stopped', () => {
  it('ends at once at Ctrl-C and leaves nothing', async () => {
    const out = join(root, 'stopped');
    const child = spawn(process.execPath, programOf([clip, '--street-seconds', '60', '--out', out]), {
      cwd: REPOSITORY,
      env: environment(),
    });
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (part: Buffer) => {
        if (part.toString().includes('frames drawn')) resolve();
      });
    });
    expect(readdirSync(out)).toEqual([expect.stringMatching(/^\.unfinished-/)]);
    const started = performance.now();
    child.kill('SIGINT');
    const [, by] = (await once(child, 'exit')) as [unknown, string | null];
    expect(by).toBe('SIGINT');
    expect(performance.now() - started).toBeLessThan(5000);
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('the demo, wrongly used', () => {
  it.each([
    ['there is no ffmpeg', [clip], { FFMPEG_PATH: join(root, 'no-ffmpeg') }, /^demo: Cannot .*ffmpeg.*no-ffmpeg/],
    [
      'the seed is none',
      [clip, '--seconds', '0.2', '--seed', 'x'],
      {},
      /^demo: Cannot make scene: seed must be an integer from 0, got NaN$/m,
    ],
    ['the clip is not there', [join(root, 'none.mp4')], {}, /^demo: Cannot \w+ video ".*none\.mp4": .*No such file/],
    ['an option is none', ['--speed', '2'], {}, /^demo: Unknown option '--speed'/],
    [
      'a length is none',
      [clip, '--seconds', 'x'],
      {},
      /^demo: Cannot show clip: --seconds must be a number above 0, got "x"$/,
    ],
    [
      'the clip would be overwritten',
      [join(root, 'mine.mp4/../given/demo.mp4'), '--out', join(root, 'given')],
      {},
      /^demo: Cannot show: demo\.mp4 must not be what is read/,
    ],
    [
      'the checkpoint is not there',
      [clip, '--model', './nowhere'],
      {},
      /^demo: Cannot load checkpoint: source must be an existing folder, .* got "\.\/nowhere"$/,
    ],
  ])('says in one line what is wrong when %s', async (_, flags, env, message) => {
    const { code, stderr } = await demo(['--out', join(root, 'refused'), ...flags], env);
    expect(code).toBe(1);
    const lines = stderr.split('\n').filter((line) => line !== '' && !/^\d+ of [\d.]+ /.test(line));
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(message);
  });
});

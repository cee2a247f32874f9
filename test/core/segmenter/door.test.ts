/** What the methods of a segmenter say of arguments that plain JavaScript lets through, and of signals. */
import { join } from 'node:path';
import { Segmenter, type LabelSet, type SegmentOptions } from '@synseg/core';
import { encodeJPEG } from '@synseg/core/masks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

const root = temporaryFolder();
const folder = writeTinyClipseg(join(root, 'tiny'));
const photo = picture(32, 32, 1);
const options = { device: 'cpu', cacheFolder: join(root, 'cache') } as const;
let segmenter: Segmenter;
let labels: LabelSet;

beforeAll(async () => {
  segmenter = await Segmenter.load(folder, options);
  labels = await segmenter.labels(['road', 'car']);
});
afterAll(() => segmenter.dispose());

describe('an argument of the wrong kind is named, with what came', () => {
  const never = <T>(value: unknown): T => value as T;
  it.each<[string, () => Promise<unknown>, string]>([
    [
      'no source',
      () => Segmenter.load(never(undefined)),
      'Cannot load checkpoint: source must be a folder, a hub id or "embedded", got undefined',
    ],
    [
      'a misspelt option of load()',
      () => Segmenter.load(folder, never({ devise: 'cpu' })),
      'Cannot load checkpoint: options must have known names, got "devise" (did you mean "device"?)',
    ],
    [
      'options that are none',
      () => Segmenter.load(folder, never(null)),
      'Cannot load checkpoint: options must be an object, got null',
    ],
    [
      'a signal that is none',
      () => Segmenter.load(folder, never({ signal: new AbortController() })),
      'Cannot load checkpoint: signal must be an AbortSignal, got an instance of AbortController',
    ],
    [
      'a callback that is none',
      () => Segmenter.load(folder, never({ onProgress: 'yes' })),
      'Cannot load checkpoint: onProgress must be a function, got "yes"',
    ],
    [
      'a folder that is none',
      () => Segmenter.load(folder, never({ cacheFolder: 5 })),
      'Cannot load checkpoint: cacheFolder must be a string that is not empty, got 5',
    ],
    [
      'a switch that is none',
      () => Segmenter.load(folder, never({ offline: 'true' })),
      'Cannot load checkpoint: offline must be true or false, got "true"',
    ],
    [
      'a token that is none, untold',
      () => Segmenter.load(folder, never({ accessToken: ['hf_secret'] })),
      'Cannot load checkpoint: accessToken must be a string that is not empty, got "object"',
    ],
    [
      'labels that were not awaited',
      () => segmenter.segment(photo, never(segmenter.labels(['road']))),
      'Cannot segment: labels must be a LabelSet (from segmenter.labels() or LabelSet.load()), got a Promise (did ' +
        'you forget await?)',
    ],
    [
      'a picture that was not awaited',
      () => segmenter.segment(never(Promise.resolve(photo)), labels),
      'Cannot open image: input must be a path, URL, bytes, { data, width, height } or a sharp instance, got a ' +
        'Promise (did you forget await?)',
    ],
    [
      'a misspelt option of segment()',
      () => segmenter.segment(photo, labels, never({ treshold: 0.5 })),
      'Cannot segment: options must have known names, got "treshold" (did you mean "threshold"?)',
    ],
    [
      'a misspelt option of labels()',
      () => segmenter.labels(['road'], never({ template: 'plain' })),
      'Cannot embed labels: options must have known names, got "template" (did you mean "templates"?)',
    ],
    [
      'an option encode() does not have',
      () => segmenter.encode(photo, never({ view: 5 })),
      'Cannot encode: options must have known names, got "view" (did you mean "views"?)',
    ],
    [
      'one picture for several',
      () => segmenter.segmentBatch(never('a.png'), labels),
      'Cannot segment: images must be a list, got "a.png"',
    ],
    [
      'a misspelt option of encodeJPEG()',
      () => encodeJPEG(new Uint8Array(3), 1, 1, never({ qualty: 5 })),
      'Cannot encode JPEG: options must have known names, got "qualty" (did you mean "quality"?)',
    ],
  ])('%s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(new TypeError(message));
  });

  it('a session that was not shared', () => {
    expect(() => Segmenter.attach(never(segmenter))).toThrow(
      new TypeError(
        'Cannot attach segmenter: shared must be what segmenter.share() returned, with its port transferred, got ' +
          'an instance of Segmenter',
      ),
    );
    expect(() => Segmenter.attach(never(undefined))).toThrow('got undefined');
  });

  it('a method that was taken off its segmenter', async () => {
    const {
      segment,
      labels: embed,
      encode,
      share,
      dispose,
    } = segmenter as unknown as Record<string, (...values: unknown[]) => unknown>;
    const message = (method: string): TypeError =>
      new TypeError(`Cannot ${method}: it must be called on a segmenter, as segmenter.${method}(), got undefined`);
    await expect(segment?.(photo, labels)).rejects.toThrow(message('segment'));
    await expect(embed?.(['road'])).rejects.toThrow(message('labels'));
    await expect(encode?.(photo)).rejects.toThrow(message('encode'));
    expect(() => share?.()).toThrow(message('share'));
    expect(() => dispose?.()).toThrow(message('dispose'));
  });
});

describe('bounds', () => {
  it('masks and activation maps have at most maxLabelPixels values, told before any work', async () => {
    await using bounded = await Segmenter.load(folder, { ...options, maxLabelPixels: 2 * 32 * 32 - 1 });
    const message = (what: string): string =>
      `Cannot segment: labels × width × height of ${what} must be at most 2047 values (maxLabelPixels), ` +
      'got 2 × 32 × 32';
    const ask = (output: SegmentOptions['output']) => bounded.segment(photo, labels, { output: output ?? [] });
    await expect(ask(['masks'])).rejects.toMatchObject({ code: 'INFERENCE', message: message('masks') });
    await expect(ask(['activations'])).rejects.toMatchObject({ code: 'INFERENCE', message: message('activations') });
    expect((await ask(['labels'])).labelMap).toHaveLength(32 * 32);
  });

  it('a segmenter takes drawings only when asked to', async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>',
    );
    await expect(segmenter.segment(svg, labels)).rejects.toThrow('got SVG or other XML (SVG is taken with allowSVG)');
    await using asked = await Segmenter.load(folder, { ...options, allowSVG: true });
    expect((await asked.segment(svg, labels)).width).toBe(8);
  });
});

describe('a signal', () => {
  it.each([
    ['an Error', new Error('enough')],
    ['a text', 'enough'],
    ['null', null],
  ])('that was aborted with %s rejects every call with it', async (_, reason) => {
    const signal = AbortSignal.abort(reason);
    const encoded = await segmenter.encode(photo);
    const result = await segmenter.segment(photo, labels);
    const calls = [
      () => Segmenter.load(folder, { ...options, signal }),
      () => segmenter.labels(['road'], { signal }),
      () => segmenter.segment(photo, labels, { signal }),
      () => segmenter.segment(encoded, labels, { signal }),
      () => segmenter.encode(photo, { signal }),
      () => result.overlay(photo, { signal }),
    ];
    for (const call of calls) await expect(call()).rejects.toBe(reason);
    encoded.dispose();
    expect(encoded.disposed).toBe(true);
    expect((await segmenter.segment(photo, labels)).width).toBe(32);
  });

  it('rejects at once in whatever turn it aborts, and the segmenter goes on', async () => {
    const reason = new Error('enough');
    for (const start of [
      (signal: AbortSignal) => Segmenter.load(folder, { ...options, signal }),
      (signal: AbortSignal) => segmenter.labels([`road ${Math.random()}`], { signal }),
      (signal: AbortSignal) => segmenter.segment(photo, labels, { signal }),
      (signal: AbortSignal) => segmenter.encode(photo, { signal }),
    ]) {
      for (let turns = 0; turns < 6; turns++) {
        const controller = new AbortController();
        const call = start(controller.signal);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        controller.abort(reason);
        await expect(call).rejects.toBe(reason);
      }
    }
    expect((await segmenter.segment(photo, labels)).width).toBe(32);
  });
});

/** Whole fine-tunings on small pictures: what they write, that they go on after a stop, and what they refuse. */
import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { fineTune, type FineTuned, type FineTuneOptions, type FineTuneProgress } from '@synseg/train';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PageState } from '../../../packages/train/src/live/page-protocol.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { SMALL_WORDS, writeWords } from '../../support/small-words.ts';
import { tinyTextConfig, writeTinyConvolution } from '../../support/tiny-convolution.ts';
import { photo as gray, writeTree } from '../benchmarks/miniature.ts';
import { writePhotos, type Photo } from '../data/photo-folder.ts';

const root = temporaryFolder();
const cacheFolder = join(root, 'cache');
const init = writeWords(writeTinyConvolution(join(root, 'start'), tinyTextConfig()), SMALL_WORDS);

/** A picture of 16 × 16 pixels: a dog on the left, a gizmo on the right, and the way around in every second. */
const photo = (number: number, split: 'train' | 'val'): Photo => ({
  ...{ set: 'own', labels: ['dog', 'gizmo'], split },
  mask: Array.from({ length: 16 }, () => Array.from({ length: 16 }, (_, x) => Number(x < 8 === (number % 2 === 0)))),
});
const photos = Array.from({ length: 12 }, (_, number) => photo(number, number < 9 ? 'train' : 'val'));

const options = (more: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
  ...{ out: mkdtempSync(join(root, 'run-')), init, steps: 20, device: 'cpu', threads: 1, cacheFolder, ...more },
});
const data = await writePhotos(join(root, 'photos'), photos, { own: { classes: ['dog', 'gizmo'], exhaustive: true } });
const json = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));

describe('fineTune()', { timeout: 180_000 }, () => {
  const told: FineTuneProgress[] = [];
  const given = options({ onProgress: (at) => told.push(at) });
  let whole: FineTuned;
  beforeAll(async () => {
    whole = await fineTune(data, given);
  }, 180_000);

  it('tells its plan before the first step, and writes a checkpoint that knows new words and old ones', async () => {
    const result = whole;
    const stages = [...new Set(told.map(({ stage }) => stage))];
    expect(stages.indexOf('plan')).toBeLessThan(stages.indexOf('step'));
    expect(result.plan).toMatchObject({ trainingPictures: 9, heldOutPictures: 3, steps: 20 });
    expect(result.plan.words.map(({ taught, isNew }) => [taught, isNew])).toEqual([
      ['dog', false],
      ['gizmo', true],
    ]);
    expect(result.score?.perClass).toHaveProperty('gizmo');
    await using segmenter = await Segmenter.load(result.model, { device: 'cpu', cacheFolder });
    const labels = await segmenter.labels(['gizmo', 'poodle', 'lorry', 'wolf']);
    expect(labels.words.map(({ answered, why }) => [answered, why])).toEqual([
      ['gizmo', 'class'],
      ['dog', 'kind'],
      ['truck', 'synonym'],
      ['wolf', 'unknown'],
    ]);
    const report = readFileSync(result.report, 'utf8');
    for (const part of ['Training report', 'gizmo', 'held-out mIoU by step', '<svg', 'Confusion matrix'])
      expect(report).toContain(part);
    expect(report).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(readFileSync(join(result.model, 'README.md'), 'utf8')).toContain('| gizmo |');
    expect(readdirSync(given.out).filter((name) => /mixtures|tmp|pace/.test(name))).toEqual([]);
  });

  it('goes on after a stop, step by step as if there had been none', async () => {
    const controller = new AbortController();
    const stopped = options({
      signal: controller.signal,
      onProgress: (at) => {
        if (at.stage === 'step' && at.report.step === 7) controller.abort(new Error('enough'));
      },
    });
    await expect(fineTune(data, stopped)).rejects.toThrow('enough');
    expect(existsSync(join(stopped.out, 'run/last'))).toBe(true);
    const { signal: _, onProgress: __, ...rest } = stopped;
    const steps: number[] = [];
    const result = await fineTune(data, {
      ...rest,
      onProgress: (at) => void (at.stage === 'step' && steps.push(at.report.step)),
    });
    expect(steps[0]).toBeGreaterThan(7);
    expect([result.steps, result.bestStep, result.share]).toEqual([whole.steps, whole.bestStep, whole.share]);
    expect(readFileSync(join(result.model, 'model.safetensors'))).toEqual(
      readFileSync(join(whole.model, 'model.safetensors')),
    );
  });

  it('shows itself on a page: its plan, its scores, and held-out pictures as they are segmented by then', async () => {
    let url = '';
    let asked: Promise<PageState> | undefined;
    const look = async (): Promise<PageState> => (await (await fetch(`${url}state`)).json()) as PageState;
    await fineTune(data, {
      ...options({ steps: 4, page: true }),
      onProgress: (at) => {
        if (at.stage === 'page') ({ url } = at);
        if (at.stage === 'calibrate') asked ??= look();
      },
    });
    const { plan, scores, start, pictures, picturesOfStep } = (await asked)!;
    expect(plan).toContainEqual(['pictures', '9 to train on, 3 held out']);
    expect([start, ...scores.map(({ value }) => value)].every((value) => value! >= 0 && value! <= 1)).toBe(true);
    expect(scores.at(-1)?.step).toBe(picturesOfStep);
    expect(pictures.map(({ name }) => name)).toEqual(['9.png', '10.png', '11.png']);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('corrects the number of steps by the pace of the first ones, and goes on behind them', async () => {
    const plans: { steps: number; lines: number }[] = [];
    const steps: number[] = [];
    const { steps: _, ...timed } = options({
      time: 30,
      onProgress: (at) => {
        if (at.stage === 'plan') plans.push({ steps: at.plan.steps, lines: at.lines.length });
        if (at.stage !== 'step') return;
        steps.push(at.report.step);
        // Steps take a fifth of a second more than was timed, until that is noticed.
        if (plans.length === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      },
    });
    const result = await fineTune(data, timed);
    const [first, corrected] = plans;
    expect(plans).toHaveLength(2);
    expect(corrected!.lines).toBe(1);
    // At most the time less its reserve at that pace, and the twentieth that was tried.
    expect(corrected!.steps).toBeLessThanOrEqual(27 / 0.2 + first!.steps / 20 + 1);
    expect(result.plan.steps).toBe(corrected!.steps);
    expect(json(timed.out, 'plan.json')).toEqual(result.plan);
    // The step that is under way when the schedule changes is done and not told.
    const gaps = steps.slice(1).map((step, at) => step - steps[at]!);
    expect(gaps.filter((gap) => gap !== 1)).toEqual([2]);
  });

  it('says what it has when it is called again', async () => {
    const again = await fineTune(data, { ...given, onProgress: undefined });
    expect(again.score?.mIoU).toBe(whole.score?.mIoU);
    expect(again.steps).toBe(whole.steps);
  });

  it('learns from captions alone, and says how well their words are found', async () => {
    const said = (number: number): string => (number % 2 === 0 ? 'a dog and a gizmo' : 'a brown dog');
    const rows = photos.map((_, at) => JSON.stringify({ image: `${at}.png`, caption: said(at) }));
    const folder = await writeTree(join(root, 'captions'), {
      'captions.jsonl': rows.join('\n'),
      ...Object.fromEntries(photos.map(({ mask }, at) => [`${at}.png`, gray(mask)])),
    });
    const result = await fineTune(folder, options({ steps: 3 }));
    expect(result.plan.words.map(({ taught, isNew }) => [taught, isNew])).toEqual([
      ['dog', false],
      ['gizmo', true],
    ]);
    expect([result.score, result.steps]).toEqual([null, 3]);
    expect(Object.keys(result.said!.now.perWord)).toEqual(['dog', 'gizmo']);
    expect(result.said!.now.f1).toBeGreaterThanOrEqual(result.said!.start.f1);
    expect(readFileSync(result.report, 'utf8')).toContain('said of pictures');
    await using segmenter = await Segmenter.load(result.model, { device: 'cpu', cacheFolder });
    expect((await segmenter.labels(['gizmo'])).words[0]).toMatchObject({ answered: 'gizmo', why: 'class' });
  });

  it('with only knows the classes of the data alone', async () => {
    const { model, kept } = await fineTune(data, options({ only: true }));
    expect(Object.keys((json(model, 'words.json') as { classes: object }).classes)).toEqual(['dog', 'gizmo']);
    expect(kept).toBeNull();
  });

  it('refuses to go on with other options', async () => {
    await expect(fineTune(data, { ...given, steps: 3 })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: expect.stringMatching(/must go on with the options it began with .*got steps: 20 → 3$/),
    });
  });

  it.each<[string, Partial<FineTuneOptions>, RegExp]>([
    ['a time that is too short', { time: 3 }, /time must be at least 30 seconds.*got 3$/],
    ['no start', { init: 'nowhere' }, /model must be an existing folder, a hub id like owner\/name or "embedded", got/],
    ['an unknown option', { stepz: 3 } as object, /stepz/],
  ])('refuses %s', async (_, more, message) => {
    await expect(fineTune(data, options(more))).rejects.toThrow(message);
  });
});

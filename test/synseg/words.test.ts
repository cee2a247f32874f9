/** What commands say of labels that a checkpoint's table of words does not have, or answers as another word. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabelSet } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { drawScene, encodePng } from '@synseg/street-world/draw.ts';
import { sceneOf } from '@synseg/street-world/scene.ts';
import type { Context } from '../../packages/synseg/src/context.ts';
import { tellWords } from '../../packages/synseg/src/model.ts';
import { writeWords } from '../support/small-words.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';
import { testClip } from '../video/clips.ts';
import { FakeSession, halves } from '../video/fake-session.ts';
import { command } from './command.ts';

const root = temporaryFolder();
const model = writeWords(writeTinyClipseg(join(root, 'model')));
const flags = ['--model', model, '--cache-folder', join(root, 'cache'), '--device', 'cpu'];
const picture = join(root, 'frame.png');
const drawing = await drawScene(sceneOf(54, { aspect: 1.5 }), { size: 64 });
writeFileSync(picture, await encodePng(drawing.pixels, drawing.width, drawing.height));

describe('synseg segment', () => {
  it('warns of an unknown label, also under --quiet and in JSON, and keeps the names as asked', async () => {
    const argv = ['segment', picture, ...flags, '--labels', 'pooodle,a red taxi', '--json'];
    const { exitCode, stdout, stderr } = await command([...argv, '--quiet']);
    const report = JSON.parse(stdout) as { labels: string[]; unknown: { asked: string; nearest: string[] }[] };
    expect([exitCode, report.labels]).toEqual([0, ['pooodle', 'a red taxi']]);
    expect(report.unknown).toEqual([{ asked: 'pooodle', nearest: ['poodle'] }]);
    expect(stderr).toBe('pooodle: unknown to this checkpoint, nearest is poodle\n');
    expect((await command(argv)).stderr).toBe(`${stderr}a red taxi: answers as car (kind)\n`);
  });

  it('warns of labels that answer alike, and says the same of a saved set', async () => {
    const set = join(root, 'set.safetensors');
    const told = 'dog and poodle both answer as dog: the first gets the pixels\n';
    const saved = await command(['labels', 'dog,poodle,forklift', ...flags, '--save', set, '--json', '--quiet']);
    const { words, unknown } = JSON.parse(saved.stdout) as Pick<LabelSet, 'words' | 'unknown'>;
    expect(words).toEqual([
      { asked: 'dog', answered: 'dog', why: 'class' },
      { asked: 'poodle', answered: 'dog', why: 'kind' },
      { asked: 'forklift', answered: 'forklift', why: 'unknown' },
    ]);
    expect(unknown).toMatchObject([{ asked: 'forklift' }]);
    expect(saved.stderr).toBe(`forklift: unknown to this checkpoint, nearest are truck, car\n${told}`);
    const again = await command(['segment', picture, ...flags, '--label-set', set, '--json', '--quiet']);
    expect([again.exitCode, again.stderr]).toEqual([0, saved.stderr]);
    expect(JSON.parse(again.stdout)).toMatchObject({ labels: ['dog', 'poodle', 'forklift'], unknown });
  });
});

const strange = new LabelSet({
  ...halves.parts,
  words: [
    { asked: 'left', answered: 'left', why: 'unknown' },
    { asked: 'right', answered: 'side', why: 'adjective' },
  ],
  unknown: [{ asked: 'left', nearest: ['side'] }],
});
class StrangeSession extends FakeSession {
  override labels(): Promise<LabelSet> {
    return Promise.resolve(strange);
  }
}
const WARNING = 'left: unknown to this checkpoint, nearest is side\n';

describe('synseg video and synseg serve', () => {
  const clip = testClip(join(root, 'clip.mp4'), { seconds: 0.5 });
  const work = { load: () => Promise.resolve(new StrangeSession() as never) };
  const asked = [clip, '--model', 'm', '--labels', 'left,right', '--json'];

  it('warn of an unknown label, and list it in JSON', async () => {
    const { exitCode, stdout, stderr } = await command(['video', ...asked, '--quiet'], { work });
    expect([exitCode, stderr]).toEqual([0, WARNING]);
    expect(JSON.parse(stdout)).toMatchObject({
      labels: ['left', 'right'],
      unknown: [{ asked: 'left', nearest: ['side'] }],
    });
    const served = await command(['serve', ...asked, '--port', '0'], { work });
    expect(served.stderr).toContain(`${WARNING}right: answers as side (adjective)\n`);
    expect(JSON.parse(served.stdout)).toEqual({
      url: expect.stringContaining('http://'),
      unknown: [{ asked: 'left', nearest: ['side'] }],
    });
  });
});

describe('tellWords()', () => {
  const tell = (labels: Pick<LabelSet, 'words' | 'unknown'>, told?: readonly string[]): string[] => {
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    tellWords({ warn: say, note: say } satisfies Partial<Context>, labels as LabelSet, told);
    return lines;
  };

  it('says nothing of labels of which it has been said, of texts, plurals and synonyms', () => {
    expect(tell(strange, ['left'])).toEqual(['right: answers as side (adjective)']);
    expect(tell(strange, ['left', 'right'])).toEqual([]);
    const words = (['text', 'class', 'plural', 'synonym'] as const).map((why) => ({ asked: why, answered: why, why }));
    expect(tell({ words, unknown: [] })).toEqual([]);
  });

  it('says that no word is like one where none is', () => {
    expect(tell({ words: [], unknown: [{ asked: 'left', nearest: [] }] })).toEqual([
      'left: unknown to this checkpoint, which has no word like it',
    ]);
  });
});

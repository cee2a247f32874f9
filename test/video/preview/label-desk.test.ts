/** Changes of the labels, as a page asks for them. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { PreviewLabel, PreviewLabels } from '../../../packages/video/src/preview/preview-options.ts';
import { openLive, startPreview, streetLabels, until, watch } from './viewing.ts';
import { LabelDesk } from '../../../packages/video/src/preview/label-desk.ts';

describe('editing labels', () => {
  const renamed: PreviewLabels = { names: ['street'], colors: [[1, 2, 3]], thresholds: [0.25] };

  it('asks the program, tells everybody, and answers with what is now under way', async () => {
    const asked: (readonly PreviewLabel[])[] = [];
    const preview = await startPreview({
      onLabels: async (labels) => {
        asked.push(labels);
        return renamed;
      },
    });
    const { messages, of, change } = watch(preview);
    await until(() => of('labels').length === 1);
    expect(await change(1, [{ name: ' street ', threshold: 0.25 }, { name: 'bus' }])).toEqual({ type: 'answer' });
    // The answer follows the labels.
    expect(messages.slice(-2).map(({ data }) => data.type)).toEqual(['labels', 'answer']);
    expect(asked).toEqual([[{ name: 'street', threshold: 0.25 }, { name: 'bus' }]]);
    await until(() => of('labels').length === 2);
    expect(of('labels')[1]?.data).toEqual({ type: 'labels', revision: 2, ...renamed });
    preview.publishLabels(streetLabels);
    await until(() => of('labels').length === 3);
    expect(of('labels')[2]?.data).toEqual({ type: 'labels', revision: 3, ...streetLabels });
  });

  it('passes the reason of a rejection on, without credentials, and changes nothing', async () => {
    const preview = await startPreview({
      onLabels: () => Promise.reject(new Error('"rod" is not in the vocabulary of http://me:secret@hub/')),
    });
    const { of, change } = watch(preview);
    await until(() => of('labels').length === 1);
    expect(await change(1, [{ name: 'rod' }])).toEqual({
      type: 'answer',
      error: '"rod" is not in the vocabulary of http://hub',
    });
    expect(of('labels').length).toBe(1);
  });

  it('makes one change at a time, and lets none undo another', async () => {
    let running = 0;
    const preview = await startPreview({
      onLabels: async (labels) => {
        running += 1;
        expect(running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running -= 1;
        return {
          names: labels.map(({ name }) => name),
          colors: labels.map(() => [1, 2, 3] as const),
          thresholds: labels.map(() => null),
        };
      },
    });
    const viewers = [watch(preview), watch(preview), watch(preview)];
    await until(() => viewers.every(({ of }) => of('labels').length === 1));
    const answers = await Promise.all(viewers.map(({ change }, index) => change(1, [{ name: `label ${index}` }])));
    const conflict = {
      type: 'answer',
      error: 'Cannot change labels: somebody else changed them meanwhile',
      conflict: true,
    };
    expect(answers.filter(({ error }) => error === undefined)).toEqual([{ type: 'answer' }]);
    expect(answers.filter(({ error }) => error !== undefined)).toEqual([conflict, conflict]);
    expect(viewers.map(({ of }) => of('labels').at(-1)?.data['revision'])).toEqual([2, 2, 2]);
  });

  it.each<[unknown, unknown, string]>([
    [undefined, [{ name: 'car' }], 'revision must be an integer of at least 0, got none'],
    [1, undefined, 'labels must be a list that is not empty, got none'],
    [1, [], 'labels must be a list that is not empty, got an empty list'],
    [1, Array.from({ length: 256 }, (_, index) => ({ name: `n${index}` })), 'labels must be at most 255, got 256'],
    [1, [{ name: ' ' }], 'labels[0].name must be a string of 1 to 200 characters, got " "'],
    [1, [null], 'labels[0] must be an object, got null'],
    [1, [{ name: 'car', colour: 'red' }], 'labels[0] must have known names, got "colour"; known: name, threshold'],
    [1, [{ name: 'car' }, { name: 'car ' }], 'names must be unique, got "car" twice'],
    [1, [{ name: 'car', threshold: 1.5 }], 'labels[0].threshold must be a number from 0 to 1, got 1.5'],
    [1, [{ name: 'car', threshold: 'x' }], 'labels[0].threshold must be a number from 0 to 1, got "x"'],
  ])('says what is wrong with a request (%#)', async (revision, labels, text) => {
    const preview = await startPreview({ onLabels: () => Promise.reject(new Error('must not be asked')) });
    const { of, change } = watch(preview);
    await until(() => of('labels').length === 1);
    expect(await change(revision, labels)).toEqual({ type: 'answer', error: `Cannot change labels: ${text}` });
  });

  it('bounds the name of a label', async () => {
    const { of, change } = watch(await startPreview());
    await until(() => of('labels').length === 1);
    const { error } = await change(1, [{ name: 'x'.repeat(201) }]);
    expect(error).toContain('Cannot change labels: labels[0].name must be a string of 1 to 200 characters, got "xxx');
  });

  it.each<[string, string | Buffer, number, string]>([
    [
      'text that is no JSON',
      '{"revision":',
      1007,
      'Cannot read message: it must be JSON with type "drawn" or "labels"',
    ],
    ['null', 'null', 1007, 'Cannot read message: it must be JSON with type "drawn" or "labels"'],
    ['an unknown type', '{"type":"x"}', 1007, 'Cannot read message: it must be JSON with type "drawn" or "labels"'],
    ['bytes', Buffer.alloc(3), 1007, 'Cannot read message: it must be JSON with type "drawn" or "labels"'],
    ['more than 64 KiB', JSON.stringify({ type: 'x'.repeat(65_536) }), 1009, ''],
  ])('ends the connection of who sends %s', async (_, message, code, reason) => {
    const preview = await startPreview();
    const socket = openLive(preview);
    socket.on('open', () => socket.send(message));
    const [closed, why] = (await once(socket, 'close')) as [number, Buffer];
    expect([closed, why.toString()]).toEqual([code, reason]);
    await until(() => preview.viewers === 0);
  });

  it('lets a few changes wait and refuses more', async () => {
    const desk = new LabelDesk({ names: [], colors: [], thresholds: [] }, () => new Promise(() => {}));
    const body = { type: 'labels', revision: 1, labels: [{ name: 'car' }] };
    for (let waiting = 0; waiting < 16; waiting++) void desk.change(body);
    expect(await desk.change(body)).toEqual({
      type: 'answer',
      error: 'Cannot change labels: too many changes wait already',
    });
  });

  it('shows the person what is wrong with an answer that holds no labels', async () => {
    const desk = new LabelDesk({ names: [], colors: [], thresholds: [] }, () => Promise.resolve(undefined as never));
    expect(await desk.change({ revision: 1, labels: [{ name: 'car' }] })).toEqual({
      type: 'answer',
      error: 'Cannot change labels: labels must be an object, got undefined',
    });
    expect(desk.revision).toBe(1);
  });
});

/** Edits of the labels, as requests. */
import { describe, expect, it } from 'vitest';
import type { PreviewLabel, PreviewLabels } from '../../../packages/video/src/preview/preview-types.ts';
import { post, rawAnswer, startPreview, streetLabels, until, watch } from './viewing.ts';
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
    const { of } = watch(preview, 'live');
    await until(() => of('labels').length === 1);
    const answer = await post(preview, 'labels', {
      revision: 1,
      labels: [{ name: ' street ', threshold: 0.25 }, { name: 'bus' }],
    });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { labels: { type: 'labels', revision: 2, ...renamed } },
    ]);
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
    const answer = await post(preview, 'labels', { revision: 1, labels: [{ name: 'rod' }] });
    const labels = { type: 'labels', revision: 1, ...streetLabels };
    expect([answer.status, await answer.json()]).toEqual([
      422,
      { error: '"rod" is not in the vocabulary of http://hub', labels },
    ]);
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
    const change = (name: string): Promise<Response> => post(preview, 'labels', { revision: 1, labels: [{ name }] });
    const answers = await Promise.all([change('a'), change('b'), change('c')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const late = answers.find(({ status }) => status === 409) as Response;
    const { error, labels } = (await late.json()) as { error: string; labels: { revision: number } };
    expect([error, labels.revision]).toEqual(['Cannot change labels: somebody else changed them meanwhile', 2]);
  });

  it.each<[unknown, string]>([
    [null, 'revision must be a number, got undefined'],
    [{ revision: 1 }, 'there must be 1 to 255 labels, got undefined'],
    [{ revision: 1, labels: [] }, 'there must be 1 to 255 labels, got 0'],
    [
      { revision: 1, labels: Array.from({ length: 256 }, (_, index) => ({ name: `n${index}` })) },
      'there must be 1 to 255 labels, got 256',
    ],
    [{ revision: 1, labels: [{ name: ' ' }] }, 'a name must not be empty'],
    [{ revision: 1, labels: [null] }, 'a name must not be empty'],
    [{ revision: 1, labels: [{ name: 'x'.repeat(201) }] }, 'a name must have at most 200 characters, got 201'],
    [{ revision: 1, labels: [{ name: 'car' }, { name: 'car ' }] }, 'names must be unique, got "car" twice'],
    [{ revision: 1, labels: [{ name: 'car', threshold: 1.5 }] }, 'threshold of "car" must be in [0, 1], got 1.5'],
    [{ revision: 1, labels: [{ name: 'car', threshold: 'x' }] }, 'threshold of "car" must be in [0, 1], got "x"'],
  ])('says what is wrong with a request (%#)', async (body, text) => {
    const preview = await startPreview({ onLabels: () => Promise.reject(new Error('must not be asked')) });
    const answer = await post(preview, 'labels', body);
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
      400,
      `Cannot change labels: ${text}`,
    ]);
  });

  it('reads JSON only, and not more than 64 KiB of it', async () => {
    const preview = await startPreview();
    const form = await post(preview, 'labels', '{}', { 'Content-Type': 'text/plain' });
    expect([form.status, await form.text()]).toEqual([
      415,
      'Cannot read request: content type must be application/json\n',
    ]);
    const broken = await post(preview, 'labels', '{"revision":');
    expect([broken.status, await broken.text()]).toEqual([400, 'Cannot read request: body must be JSON\n']);
    const long = await rawAnswer(
      preview,
      'POST /labels HTTP/1.1',
      'Host: localhost',
      'Content-Type: application/json',
      'Content-Length: 70000',
      '',
      'x'.repeat(69_996),
    );
    expect(long).toContain('HTTP/1.1 413');
    expect(long).toContain('Cannot read request: body must have at most 65536 bytes');
  });

  it('lets a few changes wait and refuses more', async () => {
    const desk = new LabelDesk({ names: [], colors: [], thresholds: [] }, () => new Promise(() => {}));
    const body = { revision: 1, labels: [{ name: 'car' }] };
    for (let waiting = 0; waiting < 16; waiting++) void desk.change(body);
    expect(await desk.change(body)).toEqual({
      status: 409,
      error: 'Cannot change labels: too many changes wait already',
    });
  });

  it('shows the person what is wrong with an answer that holds no labels', async () => {
    const desk = new LabelDesk({ names: [], colors: [], thresholds: [] }, () => Promise.resolve(undefined as never));
    expect(await desk.change({ revision: 1, labels: [{ name: 'car' }] })).toEqual({
      status: 422,
      error: 'Cannot change labels: labels must hold names, colors and thresholds, lists of one length, got undefined',
    });
    expect(desk.revision).toBe(1);
  });
});

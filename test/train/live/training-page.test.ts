/** The server, asked as a browser and as strangers would. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HeldOutPicture, TrainingPageOptions } from '../../../packages/train/src/live/page-options.ts';
import type { PageState } from '../../../packages/train/src/live/page-protocol.ts';
import { openTrainingPage, type TrainingPage } from '../../../packages/train/src/live/training-page.ts';
import { heldOut, stepOf } from './reports.ts';

async function opened(options: TrainingPageOptions = {}): Promise<TrainingPage> {
  const page = await openTrainingPage(options);
  onTestFinished(() => page.close());
  return page;
}

/** Status and text of an answer to a request of exactly these headers. */
async function asked(page: TrainingPage, path: string, headers: Readonly<Record<string, string>>) {
  const { port } = new URL(page.url);
  const sent = request({ host: '127.0.0.1', port, path, headers }).end();
  const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer> & { readonly statusCode: number }];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return [response.statusCode, Buffer.concat(parts).toString()] as const;
}

describe('openTrainingPage()', () => {
  it('serves the page, its state while it is new, and the pictures, to many', async () => {
    const page = await opened({ title: 'animals' });
    expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const html = await fetch(page.url);
    expect(await html.text()).toContain('<script type="module" src="page.js">');
    expect(html.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    for (const file of ['page.js', 'page.css', 'icon.svg']) expect((await fetch(page.url + file)).status).toBe(200);

    page.showStep(stepOf(1));
    page.showPictures(1, [await heldOut('emu.jpg', '#00f')]);
    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${page.url}state`)));
    const states = (await Promise.all(answers.map((answer) => answer.json()))) as PageState[];
    expect(new Set(states.map(({ version }) => version)).size).toBe(1);
    const [{ version, pictures, step } = expect.fail()] = states;
    expect([step, pictures[0]?.name]).toEqual([1, 'emu.jpg']);
    const again = `${page.url}state?version=${version}`;
    expect((await fetch(again)).status).toBe(204);
    page.showStep(stepOf(2));
    expect(((await (await fetch(again)).json()) as PageState).step).toBe(2);

    const picture = await fetch(`${page.url}picture/${pictures[0]?.truth}`);
    expect([picture.headers.get('content-type'), picture.headers.get('x-content-type-options')]).toEqual([
      ...['image/png', 'nosniff'],
    ]);
    for (const path of ['picture/', `picture/${'0'.repeat(32)}`, 'picture/..%2fstate', 'etc/passwd', 'page.ts', '%00'])
      expect((await fetch(page.url + path)).status).toBe(404);
    expect((await fetch(`${page.url}state`, { method: 'POST' })).status).toBe(405);
  });

  it('takes scores and words that no report carries', async () => {
    const page = await opened();
    page.showNote('reading /sets/animals, 3/60');
    page.showScore(0, 0.25, true);
    page.showScore(7, 0.5, true);
    expect(await (await fetch(`${page.url}state`)).json()).toMatchObject({
      ...{ note: 'reading …/animals, 3/60', start: 0.25 },
      ...{ scores: [{ step: 7, value: 0.5 }], best: { step: 7, value: 0.5 } },
    });
  });

  it('answers to names of this machine only, and to no page of another origin', async () => {
    const page = await opened();
    const { host } = new URL(page.url);
    expect((await asked(page, '/state', { Host: 'localhost:1' }))[0]).toBe(200);
    expect(await asked(page, '/state', { Host: 'evil.example' })).toEqual([
      ...[403, 'Cannot open training page: host must be a name of this machine, got "evil.example"\n'],
    ]);
    expect(await asked(page, '/state', { Host: host, Origin: 'http://evil.example' })).toEqual([
      ...[403, 'Cannot open training page: origin must be the training page itself, got "http://evil.example"\n'],
    ]);
    expect((await asked(page, '/state', { 'Host': host, 'Sec-Fetch-Site': 'cross-site' }))[0]).toBe(403);
  });

  it('asks for a token where others can reach it', async () => {
    const page = await opened({ host: '0.0.0.0' });
    const { port, searchParams } = new URL(page.url);
    const token = searchParams.get('token') ?? '';
    expect(token).toMatch(/^[\w-]{24}$/);
    const address = `http://127.0.0.1:${port}/`;
    const locked = await fetch(address);
    expect([locked.status, (await locked.text()).includes('Enter the token')]).toEqual([401, true]);
    expect((await fetch(`${address}state`)).status).toBe(401);
    expect((await fetch(`${address}state?token=${token}`)).status).toBe(200);
    const entering = await fetch(`${address}?token=${token}`, { redirect: 'manual' });
    const cookie = entering.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await fetch(`${address}state`, { headers: { Cookie: cookie } })).status).toBe(200);
  });

  it('closes at once, whoever is connected, by its signal too, and then does nothing', async () => {
    const ending = new AbortController();
    const page = await opened({ signal: ending.signal });
    const socket = connect(Number(new URL(page.url).port), '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    ending.abort();
    await closed;
    await page.close();
    await expect(fetch(page.url)).rejects.toThrow();
    page.showStep(stepOf(1));
    page.showEnd('done');
    await expect(openTrainingPage({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  });

  it('stays until those who look have seen the end, if only for a second', async () => {
    const page = await opened();
    await (await fetch(`${page.url}state`)).text();
    page.showEnd('done');
    const closed = page.close();
    const state = (await (await fetch(`${page.url}state`)).json()) as PageState;
    expect([state.note, state.ended]).toEqual(['done', true]);
    expect(page.close()).toBe(closed);
    await closed;
    await expect(fetch(page.url)).rejects.toThrow();
    // Nobody has looked at this one.
    const other = await opened();
    other.showEnd('done');
    await other.close();
    await expect(fetch(other.url)).rejects.toThrow();
  });

  it('says what is wrong with what it is given', async () => {
    const page = await opened();
    const port = Number(new URL(page.url).port);
    await expect(openTrainingPage({ port })).rejects.toThrow(
      new RangeError(`Cannot open training page: 127.0.0.1:${port} must be free to listen on, got EADDRINUSE`),
    );
    await expect(openTrainingPage({ port: -1 })).rejects.toThrow('Cannot open training page: port must be');
    await expect(openTrainingPage({ token: 'short' })).rejects.toThrow(
      'token must be a string of at least 8 characters',
    );
    const picture = await heldOut('a.jpg', '#00f');
    const shown = (pictures: unknown) => () => page.showPictures(1, pictures as HeldOutPicture[]);
    expect(shown([{ ...picture, truth: new Uint8Array(9) }])).toThrow(
      'Cannot show pictures: pictures[0].truth must be a JPEG or PNG file of at most 4 MiB as Uint8Array',
    );
    expect(shown(Array.from({ length: 25 }, () => picture))).toThrow(
      'Cannot show pictures: pictures must be at most 24, got 25',
    );
    expect(() => page.showPlan([{ name: 'a' } as never])).toThrow(/^Cannot show plan: plan\[0\]\.value must be/);
    expect(() => page.showScore(1, 45, true)).toThrow('Cannot show score: mIoU must be');
    expect(() => page.showNote(7 as never)).toThrow('Cannot show note: text must be a string, got 7');
    expect(() => page.showEnd(7 as never)).toThrow('Cannot show end: text must be a string, got 7');
  });
});

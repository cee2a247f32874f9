/** The commands of examples/http-service/README.md: the service on a free port, its client, its limits and its end. */
import { readFileSync } from 'node:fs';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeRLE } from '@synseg/core/masks';
import { REPOSITORY } from '../../support/runtimes.ts';
import { expectShares, expectSuccess, openShell, runBlocks, type Running } from '../readme.ts';

const shell = await openShell('http-service');
const [serve = '', ask = ''] = runBlocks('http-service');
const results = join(REPOSITORY, 'out/http-service');

let service: Running;
let url: string;
let picture: Uint8Array<ArrayBuffer>;

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly error?: { readonly code: string; readonly message: string };
  readonly body: Record<string, unknown>;
}

async function post(
  query: string,
  body: NonNullable<RequestInit['body']> = picture,
  more: RequestInit = {},
): Promise<Answer> {
  const response = await fetch(`${url}/segment${query}`, { method: 'POST', body, ...more });
  const json = (await response.json()) as Answer['body'] & Pick<Answer, 'error'>;
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: json,
    ...(json.error === undefined ? {} : { error: json.error }),
  };
}

/** A request whose body stays away until it is ended. */
function begin(): { readonly request: ClientRequest; readonly answer: Promise<IncomingMessage> } {
  const request = httpRequest(`${url}/segment?labels=road`, {
    method: 'POST',
    headers: { 'content-length': picture.length },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) =>
    request.once('response', resolve).once('error', reject),
  );
  answer.catch(() => undefined);
  request.write(picture.subarray(0, 100));
  return { request, answer };
}

async function underWay(count: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (((await (await fetch(`${url}/health`)).json()) as { underWay: number }).underWay !== count) {
    if (Date.now() > deadline) throw new Error(`${count} requests did not come to be under way`);
  }
}

beforeAll(async () => {
  service = shell.start(serve, { PORT: '0' });
  [url = ''] = await service.said(/http:\/\/127\.0\.0\.1:\d+(?=\n)/);
  expectSuccess(await shell.run(ask, { PORT: new URL(url).port }));
  picture = new Uint8Array(readFileSync(join(results, 'scenes/images/test-00000000.jpg')));
});

describe('the example http-service', () => {
  it('answers its client with shares and an overlay', async () => {
    const outcome = await shell.run(ask, { PORT: new URL(url).port });
    expectSuccess(outcome);
    expectShares(outcome.stdout, ['road', 'building', 'sky', '(background)']);
    expect(outcome.stdout).toMatch(/\nout\/http-service\/overlay\.png\n$/);
    expect(await sharp(join(results, 'overlay.png')).metadata()).toMatchObject({
      format: 'png',
      width: 256,
      height: 256,
    });
  });

  it('answers with masks whose pixels are the shares, and the label map as PNG', async () => {
    const { status, type, body } = await post('?labels=road,%20a%20red%20car&labels=sky');
    expect([status, type]).toEqual([200, 'application/json']);
    const { width, height, areas, masks } = body as {
      width: number;
      height: number;
      areas: Record<string, number>;
      masks: Record<string, Parameters<typeof decodeRLE>[0]>;
    };
    expect([width, height, Object.keys(areas)]).toEqual([256, 256, ['road', 'a red car', 'sky']]);
    for (const [name, mask] of Object.entries(masks)) {
      expect(decodeRLE(mask).reduce((sum, bit) => sum + bit, 0) / (width * height)).toBeCloseTo(areas[name]!, 9);
    }
    const response = await fetch(`${url}/segment?labels=road,sky&format=mask`, { method: 'POST', body: picture });
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(await sharp(await response.arrayBuffer()).metadata()).toMatchObject({ width: 256, height: 256 });
  });

  it.each([
    ['no labels', '', 400, 'LABELS', 'labels must name at least one class'],
    ['a label twice', '?labels=car,car', 400, 'LABELS', 'names must be unique, got "car" twice'],
    [
      'too many labels',
      `?labels=${Array.from({ length: 33 }, (_, index) => `label ${index}`).join()}`,
      400,
      'LABELS',
      'labels must be at most 32, got 33',
    ],
    ['a long label', `?labels=${'x'.repeat(101)}`, 400, 'LABELS', 'at most 100 characters, got 101'],
    [
      'an unknown format',
      '?labels=car&format=gif',
      400,
      'FORMAT',
      'format must be one of json, mask, overlay, got "gif"',
    ],
  ])('refuses %s', async (_, query, status, code, message) => {
    expect(await post(query)).toMatchObject({
      status,
      type: 'application/json',
      error: { code, message: expect.stringContaining(message) },
    });
  });

  it('refuses what is no picture, no body, and one over the limit, told or not', async () => {
    expect(await post('?labels=car', 'no picture')).toMatchObject({ status: 422, error: { code: 'IMAGE_DECODE' } });
    expect(await post('?labels=car', '')).toMatchObject({ status: 400, error: { code: 'BODY' } });
    const large = new Uint8Array(10_000_001);
    expect(await post('?labels=car', large)).toMatchObject({ status: 413, error: { code: 'BODY_TOO_LARGE' } });
    const untold = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(large);
        controller.close();
      },
    });
    expect(await post('?labels=car', untold, { duplex: 'half' })).toMatchObject({
      status: 413,
      error: { code: 'BODY_TOO_LARGE' },
    });
    expect(await post('?labels=car')).toMatchObject({ status: 200 });
  });

  it('refuses other paths and methods', async () => {
    expect((await fetch(`${url}/other`)).status).toBe(404);
    expect((await fetch(`${url}//`)).status).toBe(404);
    const response = await fetch(`${url}/segment?labels=car`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('lets clients that go away go, and refuses the ninth at a time until one is done', async () => {
    const requests = Array.from({ length: 8 }, begin);
    await underWay(8);
    expect(await post('?labels=car')).toMatchObject({ status: 503, error: { code: 'BUSY' } });
    requests[0]!.request.destroy();
    await underWay(7);
    expect(await post('?labels=car')).toMatchObject({ status: 200 });
    for (const { request } of requests.slice(1)) request.end(picture.subarray(100));
    const answers = await Promise.all(requests.slice(1).map(({ answer }) => answer));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(7).fill(200));
    for (const answer of answers) answer.resume();
  });

  it('finishes what is under way on SIGTERM, takes no more, and ends with 0', async () => {
    const { request, answer } = begin();
    await underWay(1);
    service.signal('SIGTERM');
    const deadline = Date.now() + 10_000;
    while (!service.stderr.includes('SIGTERM: finishing 1 requests') && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    request.end(picture.subarray(100));
    expect((await answer).statusCode).toBe(200);
    (await answer).resume();
    expect(await service.outcome).toMatchObject({ code: 0, stderr: 'SIGTERM: finishing 1 requests\n' });
  });
});

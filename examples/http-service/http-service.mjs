/**
 * A small HTTP service: POST a picture, get it segmented.
 *
 *   PORT=8080 node http-service.mjs [--model embedded] [--host 127.0.0.1]
 *
 *   POST /segment?labels=road,car                  → JSON: width, height, areas, background, masks as COCO run lengths
 *   POST /segment?labels=road,car&format=mask      → PNG: label map, pixel value = place of the label, from 0
 *   POST /segment?labels=road,car&format=overlay   → PNG: the picture with its labels drawn over it
 *   GET  /health                                   → JSON: model, device, requests under way
 *
 * The body is the picture's file. Errors are JSON, {"error": {"code", "message"}}. SIGTERM and SIGINT finish what is
 * under way. One model is loaded; label sets are kept, so words that came before cost nothing.
 */
import { createServer } from 'node:http';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Segmenter, isSynsegError } from '@synseg/core';

/** What one request may ask for, and what all of them together may. */
const LIMITS = {
  bodyBytes: 10_000_000,
  pixels: 25_000_000,
  labels: 32,
  labelLength: 100,
  underWay: 8,
  labelSets: 100,
  bodySeconds: 30,
  leaveSeconds: 10,
};
const FORMATS = ['json', 'mask', 'overlay'];
const METHODS = new Map([
  ['/segment', 'POST'],
  ['/health', 'GET'],
]);

const { values } = parseArgs({
  options: { model: { type: 'string', default: 'embedded' }, host: { type: 'string', default: '127.0.0.1' } },
});
const segmenter = await Segmenter.load(values.model, { maxPixels: LIMITS.pixels });

/** An answer that is the client's own doing, or that it should try again later. */
class Refusal extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {Record<string, string>} [headers] */
  constructor(status, code, message, headers = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/**
 * Label sets by their names, the one used last at the end. @type {Map<string,
 * Promise<import('@synseg/core').LabelSet>>}
 */
const labelSets = new Map();
let underWay = 0;

/** @param {readonly string[]} names */
async function labelSet(names) {
  const key = JSON.stringify(names);
  const found = labelSets.get(key) ?? segmenter.labels(names);
  labelSets.delete(key);
  labelSets.set(key, found);
  const [oldest] = labelSets.keys();
  if (labelSets.size > LIMITS.labelSets && oldest !== undefined) labelSets.delete(oldest);
  try {
    return await found;
  } catch (error) {
    labelSets.delete(key);
    // Twice the same name, or, of a checkpoint with a vocabulary, a word that is not in it.
    const theirs = error instanceof RangeError || (isSynsegError(error) && error.code === 'LABEL_UNKNOWN');
    throw theirs ? new Refusal(400, 'LABELS', error.message) : error;
  }
}

/** @param {URLSearchParams} query */
function namesOf(query) {
  const names = query
    .getAll('labels')
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new Refusal(400, 'LABELS', 'labels must name at least one class: ?labels=road,car');
  if (names.length > LIMITS.labels)
    throw new Refusal(400, 'LABELS', `labels must be at most ${LIMITS.labels}, got ${names.length}`);
  const long = names.find((name) => name.length > LIMITS.labelLength);
  if (long !== undefined)
    throw new Refusal(400, 'LABELS', `a label must have at most ${LIMITS.labelLength} characters, got ${long.length}`);
  return names;
}

/** The body, read no further than the limit. @param {import('node:http').IncomingMessage} request */
async function bodyOf(request) {
  const tooLarge = () => new Refusal(413, 'BODY_TOO_LARGE', `the picture must have at most ${LIMITS.bodyBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > LIMITS.bodyBytes) throw tooLarge();
  /** @type {Buffer[]} */
  const parts = [];
  let bytes = 0;
  await new Promise((resolve, reject) => {
    request.on('data', (/** @type {Buffer} */ part) => {
      bytes += part.length;
      if (bytes > LIMITS.bodyBytes) reject(tooLarge());
      else parts.push(part);
    });
    request.once('end', resolve);
    request.once('close', () => reject(new Refusal(400, 'BODY', 'the connection closed before the body was whole')));
  });
  if (bytes === 0) throw new Refusal(400, 'BODY', 'the body must be the bytes of a picture, got none');
  return Buffer.concat(parts);
}

/** @param {import('node:http').IncomingMessage} request @param {URL} url @param {AbortSignal} signal */
async function segment(request, url, signal) {
  const names = namesOf(url.searchParams);
  const format = url.searchParams.get('format') ?? 'json';
  if (!FORMATS.includes(format))
    throw new Refusal(400, 'FORMAT', `format must be one of ${FORMATS.join(', ')}, got ${JSON.stringify(format)}`);
  const picture = await bodyOf(request);
  const result = await segmenter.segment(picture, await labelSet(names), { signal });
  if (format === 'json')
    return {
      width: result.width,
      height: result.height,
      areas: result.areas,
      background: result.background,
      masks: result.toRLE(),
    };
  return format === 'mask' ? result.toPNG() : result.overlay(picture, { maxPixels: LIMITS.pixels, signal });
}

/**
 * What a request is answered with: an object as JSON, or the bytes of a PNG.
 *
 * @param {import('node:http').IncomingMessage} request @param {AbortSignal} signal
 * @returns {Promise<object | Uint8Array>}
 */
async function answer(request, signal) {
  const { url: address = '' } = request;
  const url = URL.canParse(address, 'http://service') ? new URL(address, 'http://service') : undefined;
  const method = METHODS.get(url?.pathname ?? '');
  if (url === undefined || method === undefined)
    throw new Refusal(404, 'NOT_FOUND', `there is no ${url?.pathname ?? address}`);
  if (request.method !== method)
    throw new Refusal(405, 'METHOD', `${url.pathname} takes ${method}, got ${request.method}`, { allow: method });
  if (method === 'GET')
    return { model: values.model, device: segmenter.device, precision: segmenter.precision, underWay };
  if (underWay >= LIMITS.underWay)
    throw new Refusal(503, 'BUSY', `${LIMITS.underWay} requests are under way, try again`, { 'retry-after': '1' });
  underWay += 1;
  try {
    return await segment(request, url, signal);
  } finally {
    underWay -= 1;
  }
}

/** Status and words of an error; what is not the client's doing is told to the log alone. @param {unknown} error */
function refusalOf(error) {
  if (error instanceof Refusal) return error;
  if (isSynsegError(error) && error.code === 'IMAGE_DECODE') return new Refusal(422, error.code, error.message);
  console.error(error);
  return new Refusal(500, 'INTERNAL', 'the service failed');
}

const server = createServer(
  { requestTimeout: 1000 * LIMITS.bodySeconds, headersTimeout: 5000 },
  async (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      send(request, response, await answer(request, gone.signal));
    } catch (error) {
      // Nobody is there to be told.
      if (gone.signal.aborted) return;
      const refusal = refusalOf(error);
      send(request, response, { error: { code: refusal.code, message: refusal.message } }, refusal);
    }
  },
);

/**
 * @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response
 * @param {object | Uint8Array} body @param {{ status?: number, headers?: Record<string, string> }} [extra]
 */
function send(request, response, body, { status = 200, headers = {} } = {}) {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(`${JSON.stringify(body)}\n`);
  // What a client goes on to send after a refusal is read and thrown away.
  request.resume();
  response.writeHead(status, {
    'content-type': body instanceof Uint8Array ? 'image/png' : 'application/json',
    'content-length': bytes.length,
    'x-content-type-options': 'nosniff',
    ...(server.listening ? {} : { connection: 'close' }),
    ...headers,
  });
  response.end(bytes);
}

for (const name of ['SIGINT', 'SIGTERM']) {
  process.once(name, () => {
    console.error(`${name}: finishing ${underWay} requests`);
    setTimeout(() => server.closeAllConnections(), 1000 * LIMITS.leaveSeconds).unref();
    server.close(() => void segmenter[Symbol.asyncDispose]());
  });
}
server.listen(Number(process.env.PORT ?? 8080), values.host, () => {
  const address = server.address();
  console.log(`http://${values.host}:${typeof address === 'object' && address !== null ? address.port : ''}`);
});

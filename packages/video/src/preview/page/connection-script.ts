/** Script of the page: its connection to the server. */

/** `connection.js` */
export const CONNECTION_SCRIPT = String.raw`/**
 * The one connection of the page. Everything comes through one response, because browsers open only six connections to
 * a server, over all tabs. It is opened again when it ends or falls silent, and given up while nobody sees the page.
 */

/** Pictures of a source that may be on their way: what is shown is never older than these. */
const WINDOW = 2;
const SILENCE_MS = 15000;
const LONGEST_DELAY_MS = 5000;

/** @typedef {{ type: string, [field: string]: any }} Data */

/**
 * @param {(data: Data, jpeg: Uint8Array<ArrayBuffer> | undefined) => unknown} onMessage a promise is done when the picture is drawn
 * @param {(state: 'connecting' | 'live' | 'reconnecting' | 'locked' | 'paused') => void} onState
 */
export async function connect(onMessage, onState) {
  let failures = 0;
  onState('connecting');
  while (true) {
    if (document.hidden) {
      onState('paused');
      await seen();
      onState('reconnecting');
    }
    const status = await watch((data, jpeg) => {
      if (data.type === 'hello') {
        failures = 0;
        onState('live');
      }
      return onMessage(data, jpeg);
    });
    if (document.hidden) continue;
    onState(status === 401 ? 'locked' : 'reconnecting');
    failures += 1;
    const delay = Math.min(250 * 2 ** failures, LONGEST_DELAY_MS);
    await new Promise((resolve) => setTimeout(resolve, delay * (0.75 + Math.random() / 2)));
  }
}

/**
 * Opens the connection and reads it to its end.
 * @param {(data: Data, jpeg: Uint8Array<ArrayBuffer> | undefined) => unknown} onMessage
 * @returns {Promise<number>} the status of the answer; 0 if there was none
 */
async function watch(onMessage) {
  const stop = new AbortController();
  const end = () => stop.abort();
  const whenHidden = () => { if (document.hidden) end(); };
  let silence = setTimeout(end, SILENCE_MS);
  document.addEventListener('visibilitychange', whenHidden);
  let status = 0;
  try {
    const response = await fetch('live?window=' + WINDOW, { signal: stop.signal });
    status = response.status;
    if (!response.ok || response.body === null) return status;
    /** @type {Reports | undefined} */
    let reports;
    for await (const { data, jpeg } of messages(response.body)) {
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_MS);
      if (data.type === 'hello') reports = new Reports(data.viewer, end);
      const drawn = Promise.resolve(onMessage(data, jpeg));
      if (data.type === 'picture') void drawn.finally(() => reports?.drawn(data.source));
    }
  } catch {
    // The server is gone, or we are not wanted: both show in the state of the page.
  } finally {
    clearTimeout(silence);
    document.removeEventListener('visibilitychange', whenHidden);
    end();
  }
  return status;
}

/** Tells the server which pictures were drawn, in one request at a time. */
class Reports {
  /** @type {number[]} */
  #pictures = [];
  #busy = false;

  /** @param {number} viewer @param {() => void} onFailure */
  constructor(viewer, onFailure) {
    this.viewer = viewer;
    this.onFailure = onFailure;
  }

  /** @param {number} source */
  drawn(source) {
    while (this.#pictures.length <= source) this.#pictures.push(0);
    this.#pictures[source] += 1;
    if (!this.#busy) void this.#send();
  }

  async #send() {
    this.#busy = true;
    while (this.#pictures.length > 0) {
      const body = JSON.stringify({ viewer: this.viewer, pictures: this.#pictures });
      this.#pictures = [];
      const answer = await post('drawn', body).catch(() => undefined);
      if (answer === undefined || !answer.ok) this.onFailure();
    }
    this.#busy = false;
  }
}

/** @param {string} address @param {string} body JSON */
export function post(address, body) {
  return fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
}

/**
 * Splits the answer into messages: length of the JSON, length of the picture, both.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<{ data: Data, jpeg: Uint8Array<ArrayBuffer> | undefined }, void, undefined>}
 */
async function* messages(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let held = new Uint8Array(0);
  /** @param {number} length */
  const fill = async (length) => {
    while (held.length < length) {
      const { value, done } = await reader.read();
      if (done) return false;
      const longer = new Uint8Array(held.length + value.length);
      longer.set(held);
      longer.set(value, held.length);
      held = longer;
    }
    return true;
  };
  while (await fill(8)) {
    const head = new DataView(held.buffer, held.byteOffset, 8);
    const pictureAt = 8 + head.getUint32(0);
    const end = pictureAt + head.getUint32(4);
    if (!(await fill(end))) return;
    const data = JSON.parse(decoder.decode(held.subarray(8, pictureAt)));
    const jpeg = end === pictureAt ? undefined : held.slice(pictureAt, end);
    held = held.subarray(end);
    yield { data, jpeg };
  }
}

/** Waits until somebody sees the page. @returns {Promise<void>} */
function seen() {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    look();
  });
}
`;

/** A preview's whole life in one program, for runtimes other than the tests' own. Prints what happened as JSON. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { PreviewServer } from '../../../packages/video/src/preview/preview-server.ts';
import type { PreviewLabels } from '../../../packages/video/src/preview/preview-options.ts';

const labels: PreviewLabels = { names: ['road'], colors: [[1, 2, 3]], thresholds: [null] };
const preview = await PreviewServer.start({
  sources: ['a'],
  labels,
  onLabels: () => Promise.resolve({ ...labels, names: ['bus'] }),
});
const at = (path: string): URL => new URL(path, preview.url);

const sleepers = Array.from({ length: 4 }, () => {
  const socket = connect(Number(at('/').port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET /stream/0 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return socket;
});
while (preview.viewers < sleepers.length) await sleep(10);
const jpeg = new Uint8Array(1024 * 1024);
for (let index = 0; index < 60; index++) {
  preview.publish({
    source: 0,
    index,
    timeSeconds: 0,
    jpeg,
    areas: { road: 1 },
    latencySeconds: 0,
    dropped: 0,
    framesPerSecond: 1,
  });
  await sleep(2);
}
const page = await fetch(preview.url);
const script = await fetch(at('page.js'));
await script.body?.cancel();

const live = at('live').href.replace('http', 'ws');
const socket = new WebSocket(live);
const messages: Record<string, unknown>[] = [];
socket.on('message', (bytes: Buffer, isBinary) => {
  if (!isBinary) messages.push(JSON.parse(bytes.toString()) as Record<string, unknown>);
});
await once(socket, 'open');
socket.send(JSON.stringify({ type: 'labels', revision: 1, labels: [{ name: 'bus' }] }));
while (!messages.some(({ type }) => type === 'answer')) await sleep(10);
const edited = messages.findLast(({ type }) => type === 'labels');
const stranger = new WebSocket(live, { headers: { Origin: 'http://evil.example' } });
const [refused] = (await once(stranger, 'error')) as [Error];
const foreign = await fetch(at('/'), { headers: { Origin: 'http://evil.example' } });
const report = {
  page: [page.status, (await page.text()).includes('<main>')],
  script: script.status,
  names: edited?.['names'],
  refused: refused.message,
  foreign: foreign.status,
  lost: preview.picturesLost,
};
await foreign.body?.cancel();
const ended = Promise.all(sleepers.map((socket) => new Promise((resolve) => socket.on('close', resolve).resume())));
await preview.close();
await ended;
process.stdout.write(`${JSON.stringify({ ...report, viewers: preview.viewers })}\n`);

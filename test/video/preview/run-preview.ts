/** A preview's whole life in one program, for runtimes other than the tests' own. Prints what happened as JSON. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PreviewServer } from '../../../packages/video/src/preview/preview-server.ts';
import type { PreviewLabels } from '../../../packages/video/src/preview/preview-types.ts';

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
const edit = {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ revision: 1, labels: [{ name: 'bus' }] }),
};
const edited = (await (await fetch(at('labels'), edit)).json()) as { labels: PreviewLabels };
const foreign = await fetch(at('/'), { headers: { Origin: 'http://evil.example' } });
const report = {
  page: [page.status, (await page.text()).includes('<main>')],
  names: edited.labels.names,
  foreign: foreign.status,
  lost: preview.picturesLost,
};
await foreign.body?.cancel();
const ended = Promise.all(sleepers.map((socket) => new Promise((resolve) => socket.on('close', resolve).resume())));
await preview.close();
await ended;
process.stdout.write(`${JSON.stringify({ ...report, viewers: preview.viewers })}\n`);

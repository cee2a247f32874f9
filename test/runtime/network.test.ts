/**
 * The built package asks web servers: with a login, through a proxy, not on private addresses; and the process ends by
 * itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REPO, tinyRepo } from '../support/hub-download.ts';
import { startHubServer, type HubServer } from '../support/hub-server.ts';
import { REPOSITORY, commandOf } from '../support/runtimes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const script = join(import.meta.dirname, 'scripts/network.mjs');
const root = temporaryFolder();
const servers: Server[] = [];
async function listen(answer: RequestListener): Promise<Server> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return server;
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

let hub: HubServer;
let camera: Server;
let proxy: Server;
let tunnels: (string | undefined)[] = [];

beforeAll(async () => {
  hub = await startHubServer({ [REPO]: tinyRepo() });
  const picture = await sharp(Buffer.alloc(96 * 96 * 3, 90), { raw: { width: 96, height: 96, channels: 3 } })
    .jpeg()
    .toBuffer();
  camera = await listen((request, response) => {
    const fits = request.headers.authorization === `Basic ${Buffer.from('admin:pa#ss').toString('base64')}`;
    response.writeHead(fits ? 200 : 401).end(fits ? picture : undefined);
  });
  proxy = await listen((_, response) => response.writeHead(405).end());
  proxy.on('connect', (request, socket) => {
    tunnels.push(request.url);
    // Names that nobody has all lead to the hub.
    const address = new URL(request.url?.startsWith('hub.example') === true ? hub.url : `http://${request.url ?? ''}`);
    const onward = connect(Number(address.port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on('error', () => end.destroy());
  });
});

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await hub[Symbol.asyncDispose]();
});

it.each(['this Node', 'a newer Node', 'Deno'] as const)('under %s', async (runtime) => {
  tunnels = [];
  const url = `http://admin:pa#ss@127.0.0.1:${portOf(camera)}/snap.jpg`;
  const cacheDir = join(root, runtime.replaceAll(' ', '-'));
  const [command = '', ...rest] = commandOf(runtime);
  const env = {
    ...process.env,
    HTTP_PROXY: `http://127.0.0.1:${portOf(proxy)}`,
    http_proxy: '',
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  };
  const child = spawn(command, [...rest, script, url, REPO, cacheDir], {
    cwd: REPOSITORY,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const refusal =
    'Cannot open image: URL must answer with a picture, got 127.0.0.1, which is no public address ' +
    `(publicOnly) from http://127.0.0.1:${portOf(camera)}/snap.jpg`;
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `96 96\n${refusal}\n111111111\n`, stderr: '' });
  expect(new Set(tunnels)).toEqual(new Set(['hub.example:80']));
});

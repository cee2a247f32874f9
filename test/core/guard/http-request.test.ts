/** Requests over real sockets: logins, proxies, redirects, and addresses that are not for everybody. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { sendRequest, reasonOf, type RequestOptions } from '../../../packages/core/src/guard/http-request.ts';

const servers: Server[] = [];
async function listen(answer: RequestListener): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;
const ask = async (address: string | URL, options?: RequestOptions): Promise<string> =>
  (await sendRequest(address, options)).text();

let port = 0;
let other = 0;
/** What the proxy was asked to connect to, and the login it was given. */
const tunnels: { readonly url: string | undefined; readonly login: string | undefined }[] = [];
let proxy = 0;

beforeAll(async () => {
  const say = (request: IncomingMessage): string => request.headers.authorization ?? 'no login';
  ({ port: other } = await listen((request, response) => response.end(say(request))));
  ({ port } = await listen((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: `http://127.0.0.1:${other}/` }).end();
    else if (request.url === '/home') response.writeHead(302, { location: '/' }).end();
    else response.end(say(request));
  }));
  const through = await listen((_, response) => response.writeHead(405).end());
  proxy = through.port;
  through.server.on('connect', (request: IncomingMessage, socket) => {
    tunnels.push({ url: request.url, login: request.headers['proxy-authorization'] });
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on('error', () => end.destroy());
  });
});

afterEach(() => {
  vi.unstubAllEnvs();
  tunnels.length = 0;
});

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

describe('a login in the address', () => {
  it.each([
    ['admin:s3cret', 'admin:s3cret'],
    ['admin:pa%23ss', 'admin:pa#ss'],
    ['admin:pa#ss', 'admin:pa#ss'],
    ['admin:p@s/s?s', 'admin:p@s/s?s'],
    ['admin:50%', 'admin:50%'],
    ['admin:', 'admin:'],
    ['Jörg:größe', 'Jörg:größe'],
  ])('%s is sent as %s', async (login, sent) => {
    expect(await ask(`http://${login}@127.0.0.1:${port}/`)).toBe(basic(sent));
  });

  it('of a URL object is sent too, and the object stays as it was', async () => {
    const url = new URL(`http://admin:s3cret@127.0.0.1:${port}/`);
    expect(await ask(url)).toBe(basic('admin:s3cret'));
    expect(url.password).toBe('s3cret');
  });

  it('goes along a redirect of its server, and to no other', async () => {
    expect(await ask(`http://admin:s3cret@127.0.0.1:${port}/home`)).toBe(basic('admin:s3cret'));
    expect(await ask(`http://admin:s3cret@127.0.0.1:${port}/away`)).toBe('no login');
  });
});

describe('a proxy of the environment', () => {
  it.each([
    ['HTTP_PROXY', 'one'],
    ['http_proxy', 'two'],
    ['ALL_PROXY', 'three'],
  ])('%s is used, with its own login', async (name, host) => {
    for (const each of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NO_PROXY', 'no_proxy']) vi.stubEnv(each, undefined);
    vi.stubEnv(name, `http://robot:gate@127.0.0.1:${proxy}`);
    expect(await ask(`http://u:p@${host}.example/snap.jpg`)).toBe(basic('u:p'));
    expect(tunnels).toEqual([{ url: `${host}.example:80`, login: basic('robot:gate') }]);
  });

  it('is left aside for hosts of NO_PROXY', async () => {
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${proxy}`);
    vi.stubEnv('NO_PROXY', 'example.org,127.0.0.1');
    expect(await ask(`http://127.0.0.1:${port}/`)).toBe('no login');
    expect(tunnels).toEqual([]);
  });

  it('HTTPS_PROXY carries https', async () => {
    for (const each of ['https_proxy', 'NO_PROXY', 'no_proxy']) vi.stubEnv(each, undefined);
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${proxy}`);
    // What answers at its end speaks plain http: the tunnel is what is looked at.
    await expect(ask('https://camera.example/')).rejects.toThrow('fetch failed');
    expect(tunnels[0]?.url).toBe('camera.example:443');
  });

  it('that is no address is named, without its login', async () => {
    vi.stubEnv('HTTP_PROXY', 'socks5://robot:gate@127.0.0.1:1080');
    vi.stubEnv('http_proxy', undefined);
    expect(await ask('http://camera.example/').catch(reasonOf)).toBe(
      'a proxy in the environment that is no http or https address: socks5://127.0.0.1:1080',
    );
  });
});

describe('publicOnly', () => {
  it.each([
    '127.0.0.1',
    'localhost',
    '[::1]',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0.0.0.0',
    '[::ffff:127.0.0.1]',
    '10.1.2.3',
    '169.254.169.254',
  ])('connects to %s neither directly nor through a proxy', async (host) => {
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${proxy}`);
    const reason = await ask(`http://${host}:${port}/`, { publicOnly: true }).catch(reasonOf);
    expect(reason).toMatch(/, which is no public address \(publicOnly\)$/);
    expect(tunnels).toEqual([]);
  });
});

it('ends with the reason of its signal', async () => {
  const silent = await listen(() => undefined);
  const stop = new AbortController();
  const asked = ask(`http://127.0.0.1:${silent.port}/`, { signal: stop.signal });
  await once(silent.server, 'request');
  stop.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
});

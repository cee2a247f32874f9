/** Who may look, and from where. */
import { describe, expect, it } from 'vitest';
import { handshake, rawAnswer, startPreview } from './viewing.ts';

describe('who may look', () => {
  it('answers on this machine only to names of this machine', async () => {
    const preview = await startPreview();
    for (const host of ['127.0.0.1', 'localhost:1234', '[::1]:80', 'synseg.localhost']) {
      expect(await rawAnswer(preview, 'GET / HTTP/1.1', `Host: ${host}`)).toContain('HTTP/1.1 200 OK');
    }
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80', '192.168.1.9']) {
      const answer = await rawAnswer(preview, 'GET / HTTP/1.1', `Host: ${host}`);
      expect(answer).toContain('HTTP/1.1 403');
      expect(answer).toContain(`Cannot open preview: host must be a name of this machine, got "${host}"`);
    }
  });

  it('refuses what pages of other origins ask for, and lets links lead here', async () => {
    const preview = await startPreview();
    const { host } = new URL(preview.url);
    const ask = (line: string, ...more: string[]): Promise<string> =>
      rawAnswer(preview, line, `Host: ${host}`, ...more);
    expect(await ask('GET / HTTP/1.1', 'Origin: http://evil.example')).toContain(
      'origin must be the preview itself, got "http://evil.example"',
    );
    expect(await ask('GET / HTTP/1.1', 'Origin: null')).toContain('HTTP/1.1 403');
    expect(await ask('GET /stream/0 HTTP/1.1', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors')).toContain(
      'requests must come from the preview itself, got one from a cross-site page',
    );
    expect(await ask('GET / HTTP/1.1', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate')).toContain(
      'HTTP/1.1 200 OK',
    );
    expect(await ask('GET / HTTP/1.1', `Origin: http://${host}`, 'Sec-Fetch-Site: same-origin')).toContain(
      'HTTP/1.1 200 OK',
    );
  });

  it('opens its WebSocket to the page alone', async () => {
    const preview = await startPreview();
    const { host } = new URL(preview.url);
    const origin = (text: string): string => `Cannot open preview: origin must be the preview itself, got "${text}"\n`;
    expect(await handshake(preview, { Origin: `http://${host}` })).toEqual([101, '']);
    expect(await handshake(preview)).toEqual([101, '']); // a program
    for (const text of ['http://evil.example', `http://${host}.evil.example`, 'http://127.0.0.1:1', 'null'])
      expect(await handshake(preview, { Origin: text })).toEqual([403, origin(text)]);
    expect(await handshake(preview, { Host: 'evil.example', Origin: 'http://evil.example' })).toEqual([
      403,
      'Cannot open preview: host must be a name of this machine, got "evil.example"\n',
    ]);
    expect((await handshake(preview, { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'websocket' }))[0]).toBe(403);
    expect(preview.viewers).toBeLessThanOrEqual(2);
    const upgrade = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: x'];
    const elsewhere = await rawAnswer(preview, 'GET /other HTTP/1.1', `Host: ${host}`, ...upgrade);
    expect(elsewhere).toContain('HTTP/1.1 404 Not Found');
  });

  it('makes up a token when others can reach it, and asks for it', async () => {
    const preview = await startPreview({ host: '0.0.0.0' });
    const { port, searchParams } = new URL(preview.url);
    const token = searchParams.get('token') ?? '';
    expect(token).toMatch(/^[\w-]{24}$/);
    const address = `http://127.0.0.1:${port}/`;
    const locked = await fetch(address);
    expect([locked.status, (await locked.text()).includes('Enter the token')]).toEqual([401, true]);
    for (const path of ['page.js', 'stream/0', 'snapshot/0.jpg', '?token=wrong', '?token='])
      expect((await fetch(address + path)).status).toBe(401);
    const refusal = 'Cannot open preview: token must be the one printed when the preview was started\n';
    expect(await (await fetch(`${address}stream/0`)).text()).toBe(refusal);
    expect(locked.headers.get('Set-Cookie')).toBe(null);
    // The form is to look like one.
    for (const path of ['page.css', 'icon.svg']) expect((await fetch(address + path)).status).toBe(200);

    const entering = await fetch(`${address}?token=${token}`, { redirect: 'manual' });
    const cookie = entering.headers.get('Set-Cookie') ?? '';
    expect([entering.status, entering.headers.get('Location')]).toEqual([303, './']);
    expect(cookie).toBe(`synseg_${port}=${token}; HttpOnly; SameSite=Lax; Path=/`);
    expect((await fetch(address, { headers: { Cookie: `other=1; ${cookie.split(';')[0] ?? ''}` } })).status).toBe(200);
    expect((await fetch(`${address}page.js`, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await fetch(`${address}page.js?token=${token}`)).status).toBe(200);
    expect((await fetch(address, { headers: { Cookie: `synseg_${port}=%` } })).status).toBe(401);

    const Host = `127.0.0.1:${port}`;
    const foreign = { Origin: 'http://evil.example', Cookie: cookie };
    expect(await handshake(preview, { Host })).toEqual([401, refusal]);
    expect(await handshake(preview, { Host, Cookie: `synseg_${port}=wrong` })).toEqual([401, refusal]);
    expect((await handshake(preview, { Host, ...foreign }))[0]).toBe(403);
    expect(await handshake(preview, { Host, Origin: `http://${Host}`, Cookie: cookie })).toEqual([101, '']);
  });

  it('takes a token of the caller, on any address', async () => {
    const preview = await startPreview({ token: 'open sesame=1' });
    expect(new URL(preview.url).searchParams.get('token')).toBe('open sesame=1');
    const entering = await fetch(preview.url, { redirect: 'manual' });
    const cookie = entering.headers.get('Set-Cookie')?.split(';')[0] ?? '';
    const page = new URL('/', preview.url);
    expect((await fetch(page)).status).toBe(401);
    expect((await fetch(page, { headers: { Cookie: cookie } })).status).toBe(200);
  });
});

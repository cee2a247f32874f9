import { expect, test } from 'vitest';
import { cleanError, encodedLogin, shownURL, withoutSecrets } from '../../../packages/core/src/guard/secrets.ts';

test.each([
  ['rtsp://admin:pa#ss@127.0.0.1:1/x', 'rtsp://127.0.0.1:1/x'],
  ['rtsp://admin:p/s?s@127.0.0.1:1/x', 'rtsp://127.0.0.1:1/x'],
  ['rtsp://admin:12/s?s@127.0.0.1:1/x', 'rtsp://127.0.0.1:1/x'],
  ["rtsp://admin:p'ss@127.0.0.1:1/x", 'rtsp://127.0.0.1:1/x'],
  ['rtsp://admin:p@ss@cam.local/x', 'rtsp://cam.local/x'],
  ['rtsp://127.0.0.1:1/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp?real_stream', 'rtsp://127.0.0.1:1/…'],
  ['http://127.0.0.1:1/videostream.cgi?loginuse=admin&loginpas=hunter2', 'http://127.0.0.1:1/videostream.cgi'],
  ['https://host.example/hls/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc/index.m3u8', 'https://host.example/index.m3u8'],
  ['https://host.example/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', 'https://host.example/…'],
  ['rtmp://live.example/app/streamkey', 'rtmp://live.example/…'],
  ['https://a.example/@b.example', 'https://…'],
  ['https://cdn.example/snap@hunter2', 'https://cdn.example/…'],
  ['rtsp://[fe80::1]:554/live', 'rtsp://[fe80::1]:554/live'],
  ['srt://host:9000?passphrase=correcthorse', 'srt://host:9000'],
  ['http://h/a?x=/y@z', 'http://…'],
  ['http://cam/login?user=admin&pw=secret@corp.com', 'http://…'],
  ['http://cam:8080/?pw=secret@corp.com', 'http://…'],
  ['rtsp://user:pa@cam/x?mail=a@b.example', 'rtsp://…'],
  ['rtsp://admin:pa#ss@cam/1', 'rtsp://cam/1'],
  ['rtsp://admin:p@s/s@cam:554/1', 'rtsp://…'],
  ['rtsp://admin:@cam/1', 'rtsp://cam/1'],
  ['rtsp://TOKEN@cam/1', 'rtsp://cam/1'],
  ['rtsp://admin:pa ss@cam/1', 'rtsp://cam/1'],
  ['RTSP://admin:pa%40ss@CAM:554/Live', 'rtsp://CAM:554/Live'],
  ['rtsp:/admin:hunter2@cam/1', '***@cam/1'],
  ['rtsp:admin:hunter2@cam/1', '***@cam/1'],
  ['admin:hunter2@192.168.1.10:554/stream', '***@192.168.1.10:554/stream'],
  ['C:\\videos\\a@b.mp4', 'C:\\videos\\a@b.mp4'],
  ['/data/12:30 a@b.mp4', '/data/12:30 a@b.mp4'],
  ['data:image/png;base64,AAAA', 'data: URL'],
  ['frames/a@b.png', 'frames/a@b.png'],
  ['http://', 'http://'],
])('shownURL(%s)', (url, shown) => {
  expect(shownURL(url)).toBe(shown);
});

test('addresses inside a text are shown as shownURL has them, with the punctuation around them', () => {
  expect(
    withoutSecrets('[tcp @ 0x1] Connection to "tcp://cam:554?timeout=0" failed; rtsp://u:secret@cam/1: refused'),
  ).toBe('[tcp @ 0x1] Connection to "tcp://cam:554" failed; rtsp://cam/1: refused');
});

test('the secrets of a known address are found wherever they stand, also decoded', () => {
  expect(withoutSecrets('login pa ss failed, pa%20ss', ['rtsp://admin:pa%20ss@cam/1'])).toBe('login *** failed, ***');
  expect(withoutSecrets('Cannot open rtsp://admin:a b@cam/1 now', ['rtsp://admin:a b@cam/1'])).toBe(
    'Cannot open rtsp://cam/1 now',
  );
});

test('cleanError() cleans message, stack and every cause, and keeps the object', () => {
  const cause = new Error('GET http://u:hunter2@cam/x failed');
  const error = new Error('Cannot open http://u:hunter2@cam/x', { cause });
  expect(cleanError(error)).toBe(error);
  expect(JSON.stringify([error.message, error.stack, cause.message, cause.stack])).not.toContain('hunter2');
});

test('what Node keeps in an error besides its text is cleaned as well', () => {
  const url = 'rtsp://u:hunter2@cam /1';
  let invalid: unknown;
  try {
    invalid = new URL(url);
  } catch (error) {
    invalid = error;
  }
  const spawned = Object.assign(new Error('spawn ENOENT'), {
    code: 'ENOENT',
    spawnargs: ['-i', 'rtsp://u:hunter2@cam/1'],
  });
  const error = new AggregateError([invalid, spawned], 'both', { cause: 'http://u:hunter2@cam' });
  cleanError(error, [url]);
  expect(invalid).toBeInstanceOf(TypeError);
  expect(JSON.stringify([{ ...(invalid as object) }, { ...spawned }, error.cause])).not.toContain('hunter2');
  expect(spawned.code).toBe('ENOENT');
});

test('a login alone is a secret, too', () => {
  expect(withoutSecrets('TOKEN123 was refused', ['rtsp://TOKEN123@cam/1'])).toBe('*** was refused');
});

test.each([
  ['rtsp://admin:pa#ss@127.0.0.1:1/x', 'rtsp://admin:pa%23ss@127.0.0.1:1/x'],
  ['rtsp://admin:p/s?s@cam/x', 'rtsp://admin:p%2Fs%3Fs@cam/x'],
  ['rtsp://admin:p@s:s@cam/x?y=1', 'rtsp://admin:p%40s%3As@cam/x?y=1'],
  ['rtsp://admin:50%@cam/x', 'rtsp://admin:50%25@cam/x'],
  ['rtsp://admin:p%40ss@cam/x', 'rtsp://admin:p%40ss@cam/x'],
  ['rtsp://admin:pä ss@cam/x', 'rtsp://admin:p%C3%A4%20ss@cam/x'],
  ['rtsp://admin:1234@cam/x', 'rtsp://admin:1234@cam/x'],
  ['http://cam:8080/?pw=secret@corp.com', 'http://cam:8080/?pw=secret@corp.com'],
  ['rtsp://cam/x', 'rtsp://cam/x'],
  ['file:///a@b', 'file:///a@b'],
  ['a@b.mp4', 'a@b.mp4'],
])('encodedLogin(%s)', (url, encoded) => {
  expect(encodedLogin(url)).toBe(encoded);
});

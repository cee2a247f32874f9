import { expect, test } from 'vitest';
import { cleanError, shownURL, withoutSecrets } from '../../../packages/core/src/guard/secrets.ts';

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
  ['data:image/png;base64,AAAA', 'data: URL'],
  ['frames/a@b.png', 'frames/a@b.png'],
])('shownURL(%s)', (url, shown) => {
  expect(shownURL(url)).toBe(shown);
});

test('addresses inside a text are shown as shownURL has them, with the punctuation around them', () => {
  expect(withoutSecrets('[tcp @ 0x1] Connection to "tcp://cam:554?timeout=0" failed; rtsp://u:secret@cam/1: refused')).toBe(
    '[tcp @ 0x1] Connection to "tcp://cam:554" failed; rtsp://cam/1: refused',
  );
});

test('the secrets of a known address are found wherever they stand, also decoded', () => {
  expect(withoutSecrets('login pa ss failed, pa%20ss', ['rtsp://admin:pa%20ss@cam/1'])).toBe('login *** failed, ***');
  expect(withoutSecrets('Cannot open rtsp://admin:a b@cam/1 now', ['rtsp://admin:a b@cam/1'])).toBe('Cannot open rtsp://cam/1 now');
});

test('cleanError() cleans message, stack and every cause, and keeps the object', () => {
  const cause = new Error('GET http://u:hunter2@cam/x failed');
  const error = new Error('Cannot open http://u:hunter2@cam/x', { cause });
  expect(cleanError(error)).toBe(error);
  expect(JSON.stringify([error.message, error.stack, cause.message, cause.stack])).not.toContain('hunter2');
});

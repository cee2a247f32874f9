import { describe, expect, it } from 'vitest';
import { failureLine, hopeless, passing, reasonOf, refused } from '../../../packages/video/src/live/reason.ts';

describe('reasonOf()', () => {
  it.each([
    ['Cannot read source "rtsp://cam/1": no first frame within 15 s', 'no first frame within 15 s'],
    [
      'Cannot decode video "rtsp://cam/1": no frame could be decoded. ffmpeg said: [tcp @ 0x1] [error] Connection ' +
        'to tcp://cam:554 failed\n[error] rtsp://cam/1: Connection refused',
      'rtsp://cam/1: Connection refused',
    ],
    [
      'Cannot decode video "rtsp://cam/1": no frame could be decoded. ffmpeg said: [rtsp @ 0x1] [error] method ' +
        'DESCRIBE failed: 401 Unauthorized\n[concat @ 0x2] [error] Impossible to open\n[error] pipe:0: Server returned',
      '401 Unauthorized: user name or password is wrong or missing',
    ],
    [
      'Cannot decode video "a": no frame could be decoded. ffmpeg said: [error] pipe:0: Connection refused',
      'Connection refused',
    ],
    [
      'Cannot decode video "a": no frame could be decoded. ffmpeg said: [error] a: Server returned 403 Forbidden ' +
        '(access denied)',
      '403 Forbidden: the server refuses this user or address',
    ],
    ['Cannot read source "a": the stream ended.', 'the stream ended.'],
    ['Cannot read source "a": the stream ended. [error] one\n[rtsp @ 0x1] [warning] two', 'the stream ended. two'],
    ['the robot\nfell over', 'the robot fell over'],
  ])('%j', (message, reason) => {
    expect(reasonOf(message)).toBe(reason);
  });
});

describe('failureLine()', () => {
  it('is the first and the last thing said, in one line', () => {
    const message = 'Cannot decode video "a": no frame could be decoded. ffmpeg said: moov atom not found\n';
    expect(failureLine(`${message}more\nfile:a: Invalid data`)).toBe(
      'Cannot decode video "a": no frame could be decoded. ffmpeg said: moov atom not found; file:a: Invalid data',
    );
    expect(failureLine('lens cap on')).toBe('lens cap on');
  });
});

describe('another attempt', () => {
  it('helps after what passes, not after what is wrong with the options', () => {
    expect(
      [
        'Connection refused',
        'Failed to resolve hostname cam',
        'Server returned 5XX Server Error reply',
        'no first frame within 15 s',
      ].every((text) => passing.test(text)),
    ).toBe(true);
    expect(
      ['404 Not Found', '401 Unauthorized: …', '403 Forbidden'].every(
        (text) => refused.test(text) && !passing.test(text),
      ),
    ).toBe(true);
    expect(
      [
        'rtspx://h: Protocol not found',
        "Unrecognized option 'x'.",
        'Option rtsp_transpot not found.',
        'Format not on whitelist',
      ].every((text) => hopeless.test(text)),
    ).toBe(true);
    expect(hopeless.test('Server returned 404 Not Found')).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { InputReport } from '../../../packages/video/src/decode/input-report.ts';

const read = (...lines: readonly string[]): InputReport => {
  const report = new InputReport();
  lines.forEach((line) => report.feed(line));
  return report;
};
const input = "[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:a.mp4':";

describe('InputReport', () => {
  it('reads length and average rate of the input, not of the output', () => {
    const report = read(
      '[info]   Duration: 09:00:00.00',
      ...[input, '[info]   Duration: 01:02:03.50, start: 0.000000, bitrate: 225 kb/s'],
      '[info]   Stream #0:0[0x1](und): Video: mjpeg, yuvj420p, 64x64, 90k tbr, 90k tbn (attached pic)',
      '[info]   Stream #0:1[0x2](eng): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 160x120 [SAR 1:1 DAR 4:3], ' +
        '29.97 fps, 29.97 tbr, 30k tbn (default)',
      ...[
        '[info] Stream mapping:',
        '[info]   Stream #0:0: Video: rawvideo, rgb24, 32x24, 99 fps',
        '[info]   Duration: 00:00:09.00',
      ],
    );
    expect([report.durationSeconds, report.frameRate, report.corrupt]).toEqual([3723.5, 29.97, 0]);
  });

  it('knows nothing where nothing is said', () => {
    const report = read(
      input,
      '[info]   Duration: N/A, start: 1.4, bitrate: N/A',
      '[info]   Stream #0:0: Video: h264, yuv420p, 90k tbn',
      '[info] Output #0',
    );
    expect([report.durationSeconds, report.frameRate]).toEqual([undefined, undefined]);
    expect(read(input, '[info]   Stream #0:0: Video: h264, yuv420p, 1k fps, 1k tbr').frameRate).toBe(1000);
  });

  it('counts damaged packets and frames once each', () => {
    const report = read(
      '[mpegts @ 0x1] [warning] Packet corrupt (stream = 0, dts = 126000).',
      '[h264 @ 0x1] [error] error while decoding MB 3 4, bytestream -7',
      '[h264 @ 0x1] [info] concealing 132 DC, 132 AC, 132 MV errors in P frame',
      '[file:a.ts @ 0x1] [warning] corrupt decoded frame in stream 0',
      '[warning] file:a.ts: corrupt decoded frame in stream 0',
      '[error] Error while decoding stream #0:0: Invalid data found when processing input',
      '[vist#0:0/h264 @ 0x1] [error] [dec:h264 @ 0x2] Error submitting packet to decoder: Invalid data found',
      '[rtsp @ 0x1] [warning] RTP: missed 3 packets',
    );
    expect(report.corrupt).toBe(6);
  });
});

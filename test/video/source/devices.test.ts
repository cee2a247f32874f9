import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  cameraInput,
  find,
  linuxDevices,
  listDevices,
  parseAvfoundation,
  parseDshow,
} from '../../../packages/video/src/source/devices.ts';
import { temporaryFolder } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const mac = `
[AVFoundation indev @ 0x7f9] AVFoundation video devices:
[AVFoundation indev @ 0x7f9] [0] FaceTime HD Camera
[AVFoundation indev @ 0x7f9] [1] Capture screen 0
[AVFoundation indev @ 0x7f9] AVFoundation audio devices:
[AVFoundation indev @ 0x7f9] [0] MacBook Pro Microphone
: Input/output error`;

const windows4 = `
[dshow @ 0000020a] DirectShow video devices (some may be both video and audio devices)
[dshow @ 0000020a]  "Integrated Camera"
[dshow @ 0000020a]     Alternative name "@device_pnp_\\\\?\\usb#vid_04f2"
[dshow @ 0000020a]  "OBS Virtual Camera"
[dshow @ 0000020a]     Alternative name "@device_sw_{860BB310}"
[dshow @ 0000020a] DirectShow audio devices
[dshow @ 0000020a]  "Microphone Array"
dummy: Immediate exit requested`;

const windows5 = `
[dshow @ 0000017c] "Integrated Camera" (video)
[dshow @ 0000017c]   Alternative name "@device_pnp_\\\\?\\usb#vid_04f2"
[dshow @ 0000017c] "Capture Card" (video, audio)
[dshow @ 0000017c]   Alternative name "@device_pnp_\\\\?\\usb#vid_07ca"
[dshow @ 0000017c] "OBS Virtual Camera" (none)
[dshow @ 0000017c] "Microphone Array" (audio)
dummy: Immediate exit requested`;

describe('lists of cameras', () => {
  it('are read from AVFoundation', () => {
    expect(parseAvfoundation(mac)).toEqual([
      { id: 'camera:0', name: 'FaceTime HD Camera', index: 0 },
      { id: 'camera:1', name: 'Capture screen 0', index: 1 },
    ]);
    expect(parseAvfoundation('')).toEqual([]);
  });

  it('are read from DirectShow, old and new', () => {
    expect(parseDshow(windows4).map(({ name }) => name)).toEqual(['Integrated Camera', 'OBS Virtual Camera']);
    expect(parseDshow(windows5)).toEqual([
      { id: 'camera:0', name: 'Integrated Camera', index: 0 },
      { id: 'camera:1', name: 'Capture Card', index: 1 },
      { id: 'camera:2', name: 'OBS Virtual Camera', index: 2 },
    ]);
    expect(parseDshow('')).toEqual([]);
  });

  it('are read from /sys on Linux, without the nodes that carry metadata', () => {
    for (const [node, index, name] of [
      ['video10', '0', 'Late'],
      ['video0', '0', 'Front door\n'],
      ['video1', '1', 'Front door'],
      ['other', '0', 'x'],
    ] as const) {
      mkdirSync(join(folder.path, node));
      writeFileSync(join(folder.path, node, 'index'), index);
      writeFileSync(join(folder.path, node, 'name'), name);
    }
    mkdirSync(join(folder.path, 'video2'));
    expect(linuxDevices(folder.path)).toEqual([
      { id: 'camera:0', name: 'Front door', index: 0, path: '/dev/video0' },
      { id: 'camera:2', name: 'video2', index: 2, path: '/dev/video2' },
      { id: 'camera:10', name: 'Late', index: 10, path: '/dev/video10' },
    ]);
    expect(linuxDevices(join(folder.path, 'nowhere'))).toEqual([]);
  });

  it('name each camera as it can be opened', async () => {
    for (const { id, name, index } of await listDevices()) expect([id, name !== '']).toEqual([`camera:${index}`, true]);
    await expect(listDevices({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  });
});

describe('a camera', () => {
  const devices = parseAvfoundation(mac);

  it('is found by name or number', () => {
    expect(find('Capture screen 0', devices).index).toBe(1);
    expect(find('0', devices).name).toBe('FaceTime HD Camera');
  });

  it('that is not there is an error naming those that are', async () => {
    expect(() => find('Front door', devices)).toThrow(
      'Cannot open camera: it must be one of this computer\'s (camera:0 "FaceTime HD Camera", camera:1 "Capture ' +
        'screen 0"), got "Front door"',
    );
    expect(() => find('x', [])).toThrow('(no camera), got "x"');
    if (process.platform === 'linux')
      await expect(cameraInput('camera:no such camera', undefined, 'ffmpeg')).rejects.toMatchObject({
        code: 'VIDEO_DECODE',
      });
  });
});

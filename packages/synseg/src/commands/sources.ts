/** `synseg probe` and `synseg devices`: sources, described without reading them. */
import * as video from '@synseg/video';
import { PROBE_OPTIONS } from '@synseg/video/options';
import { command } from '../context.ts';
import { among, only } from '../flags.ts';
import { IMAGE_FLAGS } from '../model.ts';

const PROBE_FLAGS = { ...only(IMAGE_FLAGS, 'maxPixels'), ...only(PROBE_OPTIONS, 'live') };

export const probe = command({
  name: 'PROBE_FLAGS',
  flags: PROBE_FLAGS,
  operand: '<source>',
  async run({ signal }, flags, source: string) {
    const info = await video.probe(source, { ...among(PROBE_FLAGS, flags), signal });
    const { width, height, codec, frameRate, durationSeconds, rotation, variableRate, hasAudio, audioCodec } = info;
    const { name } = video.describeSource(source);
    const facts = [
      `${width}×${height}`,
      codec,
      `${frameRate.toFixed(2)} frames/s${variableRate ? ' (varies)' : ''}`,
      durationSeconds === undefined ? 'no duration' : `${durationSeconds.toFixed(2)} s`,
      ...(rotation === 0 ? [] : [`turned by ${rotation}°`]),
      hasAudio ? `sound ${audioCodec ?? ''}`.trim() : 'no sound',
    ];
    return { json: { source: name, ...info }, text: `${name}: ${facts.join(', ')}` };
  },
});

const DEVICES_FLAGS = {};

export const devices = command({
  name: 'DEVICES_FLAGS',
  flags: DEVICES_FLAGS,
  async run({ signal }) {
    const found = await video.listDevices({ signal });
    const text = found.map(({ id, name }) => `${id}  ${name}`).join('\n');
    return { json: { devices: found }, text: found.length === 0 ? 'No camera found.' : text };
  },
});

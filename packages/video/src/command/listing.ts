/** `synseg-video probe` and `synseg-video devices`: what there is, without reading it. */
import { listDevices } from '../source/devices.ts';
import { probe } from '../source/probe.ts';
import { sourceName } from '../source/source.ts';
import type { DevicesArguments, ProbeArguments } from './arguments.ts';
import type { CommandSurroundings } from './run.ts';

/** Prints what ffprobe says about a source. */
export async function probeCommand(
  { source, json, maxPixels }: ProbeArguments,
  { stdout, signal }: CommandSurroundings,
): Promise<void> {
  const info = await probe(source, { signal, ...(maxPixels === undefined ? {} : { maxPixels }) });
  if (json === true) return void stdout.write(`${JSON.stringify({ source: sourceName(source), ...info })}\n`);
  const { width, height, codec, frameRate, durationSeconds, rotation, variableRate, hasAudio, audioCodec } = info;
  const facts = [
    `${width}×${height}`,
    codec,
    `${frameRate.toFixed(2)} frames/s${variableRate ? ' (varies)' : ''}`,
    durationSeconds === undefined ? 'no duration' : `${durationSeconds.toFixed(2)} s`,
    ...(rotation === 0 ? [] : [`turned by ${rotation}°`]),
    hasAudio ? `sound ${audioCodec ?? ''}`.trim() : 'no sound',
  ];
  stdout.write(`${sourceName(source)}: ${facts.join(', ')}\n`);
}

/** Prints the cameras of this machine. */
export async function devicesCommand(
  { json }: DevicesArguments,
  { stdout, signal }: CommandSurroundings,
): Promise<void> {
  const devices = await listDevices({ signal });
  if (json === true) return void stdout.write(`${JSON.stringify({ devices })}\n`);
  stdout.write(
    devices.length === 0 ? 'No camera found.\n' : devices.map(({ id, name }) => `${id}  ${name}\n`).join(''),
  );
}

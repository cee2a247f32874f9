/** `synseg doctor`: runtime, devices that really start, ffmpeg and caches of this machine. */
import { access, constants, mkdir } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { cacheUsage, defaultCacheFolder, hubDefaults } from '@synseg/core/checkpoint';
import { messageOf } from '@synseg/core/guards';
import { OPENVINO_DEVICES, openVinoInfo, PROVIDERS, runtimeInfo, tryDevice } from '@synseg/core/runtime';
import { findFfmpeg } from '@synseg/video';
import { command } from '../context.ts';
import { megabytes, table } from '../text.ts';

const DOCTOR_FLAGS = {};

export const doctor = command({ name: 'DOCTOR_FLAGS', flags: DOCTOR_FLAGS, run });

async function run() {
  const missing = (error: unknown): { message: string } => ({ message: messageOf(error) });
  const folder = defaultCacheFolder();
  const openVino: { path?: string; version?: string; devices?: readonly string[]; message?: string } =
    await openVinoInfo().catch(missing);
  const providers = [];
  for (const provider of [...PROVIDERS, ...(openVino.message === undefined ? OPENVINO_DEVICES : [])]) {
    const message = await tryDevice(provider, folder).then(() => undefined, messageOf);
    providers.push({ provider, works: message === undefined, ...(message === undefined ? {} : { message }) });
  }
  const usage = await cacheUsage(folder);
  const runtime = {
    ...{ name: 'Deno' in globalThis ? 'deno' : 'node', version: process.version },
    ...{ platform: process.platform, architecture: process.arch },
    ...{ cores: availableParallelism(), memoryBytes: totalmem() },
  };
  const ffmpeg: { path?: string; version?: string; message?: string } = await findFfmpeg().catch(missing);
  const bytes = usage.reduce((sum, section) => sum + section.bytes, 0);
  const cache = { folder, writable: await isWritable(folder), bytes, hubFolder: hubDefaults().cacheDir };
  const { name, version, platform, architecture, cores, memoryBytes } = runtime;
  const machine = `${platform} ${architecture}, ${cores} cores, ${megabytes(memoryBytes)}`;
  const onnxruntime = await runtimeInfo();
  return {
    json: { runtime, onnxruntime, openVino, providers, ffmpeg, cache },
    text: table([
      ['runtime', `${name} ${version} on ${machine}`],
      ['onnxruntime', onnxruntime.version],
      [
        'OpenVINO',
        openVino.message === undefined
          ? `${openVino.version} (${openVino.path}): ${openVino.devices?.join(', ')}`
          : `no: ${openVino.message}`,
      ],
      ...providers.map(({ provider, works, message }) => [provider, works ? 'works' : `no: ${brief(message)}`]),
      ['ffmpeg', ffmpeg.message === undefined ? `${ffmpeg.version} (${ffmpeg.path})` : `no: ${ffmpeg.message}`],
      ['cache', `${cache.folder}, ${megabytes(cache.bytes)}${cache.writable ? '' : ', not writable'}`],
      ['hub cache', cache.hubFolder],
    ]),
  };
}

async function isWritable(folder: string): Promise<boolean> {
  const tried = mkdir(folder, { recursive: true }).then(() => access(folder, constants.W_OK));
  return tried.then(() => true).catch(() => false);
}

function brief(text = ''): string {
  return text.split('\n')[0]?.slice(0, 160) ?? '';
}

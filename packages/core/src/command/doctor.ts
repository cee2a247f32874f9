/** `synseg doctor`: what this machine has, found out by trying. */
import { access, constants, mkdir } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { cacheUsage, defaultCacheFolder } from '../cache/cache-folder.ts';
import { hubDefaults } from '../checkpoint/hub.ts';
import { messageOf } from '../errors.ts';
import { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-writer.ts';
import { add, scalar } from '../graph/ops.ts';
import { PROVIDERS, type Provider } from '../session/providers.ts';
import { RuntimeSession, runtimeInfo } from '../session/runtime.ts';
import { findFfmpeg } from './ffmpeg.ts';
import { megabytes, table, type CommandContext, type CommandResult } from './output.ts';

interface ProviderReport {
  readonly provider: Provider;
  readonly works: boolean;
  readonly message?: string;
}

/** Runs `synseg doctor`. */
export async function doctorCommand(_: CommandContext): Promise<CommandResult> {
  const providers: ProviderReport[] = [];
  for (const provider of PROVIDERS) providers.push(await tryProvider(provider));
  const { version, bundledProviders } = runtimeInfo();
  const folder = defaultCacheFolder();
  const usage = await cacheUsage(folder);
  const report = {
    runtime: {
      name: 'Deno' in globalThis ? 'deno' : 'node',
      version: process.version,
      platform: process.platform,
      architecture: process.arch,
      cores: availableParallelism(),
      memoryBytes: totalmem(),
    },
    onnxruntime: { version, bundledProviders },
    providers,
    ffmpeg: await findFfmpeg(),
    cache: {
      folder,
      writable: await isWritable(folder),
      bytes: usage.reduce((sum, { bytes }) => sum + bytes, 0),
      hubFolder: hubDefaults().cacheDir,
    },
  };
  const { runtime, ffmpeg, cache } = report;
  return {
    json: report,
    text: table([
      [
        'runtime',
        `${runtime.name} ${runtime.version} on ${runtime.platform} ${runtime.architecture}, ` +
          `${String(runtime.cores)} cores, ${megabytes(runtime.memoryBytes)}`,
      ],
      ['onnxruntime', version],
      ...providers.map(({ provider, works, message }) => [
        provider,
        works ? 'works' : `no: ${firstLine(message ?? '')}`,
      ]),
      [
        'ffmpeg',
        ffmpeg.message !== undefined
          ? `no: ${ffmpeg.message}`
          : `${ffmpeg.version ?? 'unknown'} (${ffmpeg.path ?? ''})`,
      ],
      ['cache', `${cache.folder}, ${megabytes(cache.bytes)}${cache.writable ? '' : ', not writable'}`],
      ['hub cache', cache.hubFolder],
    ]),
  };
}

/** Makes a session and runs it: the only proof that a provider works. */
async function tryProvider(provider: Provider): Promise<ProviderReport> {
  const graph = new Graph('probe');
  const x = graph.input('x', 'float32', [1]);
  graph.output('y', add(x, scalar(x, 1)));
  try {
    const session = await RuntimeSession.create(writeOnnx(graph), { provider, threads: 1 });
    const { y } = await session.run({ x: { data: Float32Array.of(1), shape: [1] } });
    await session.release();
    return y?.data[0] === 2
      ? { provider, works: true }
      : { provider, works: false, message: `1 + 1 must be 2, got ${String(y?.data[0])}` };
  } catch (error) {
    return { provider, works: false, message: messageOf(error) };
  }
}

async function isWritable(folder: string): Promise<boolean> {
  return mkdir(folder, { recursive: true })
    .then(() => access(folder, constants.W_OK))
    .then(
      () => true,
      () => false,
    );
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.slice(0, 160) ?? '';
}

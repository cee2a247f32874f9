/** ffmpeg as a camera on loopback: over RTSP, UDP, HTTP and TCP; it can be killed, frozen and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { VideoSource } from '../../../packages/video/src/source/source.ts';

/** A port of 127.0.0.1 that nobody uses, for TCP and UDP. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = createSocket('udp4');
  const free = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false)).bind(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise<void>((resolve) => socket.close(() => resolve()));
  await new Promise((resolve) => server.close(resolve));
  return free ? port : freePort();
}

/** A port of 127.0.0.1 that refuses: below those that others are given, and nothing listens there. */
export const CLOSED_PORT = 1;

/** How pictures come from a sender to a reader. */
export interface Route {
  readonly source: VideoSource;
  /** The sender's output arguments. */
  readonly output: readonly string[];
}

/** The routes by name. */
export const routes: Readonly<Record<string, (port: number) => Route>> = {
  'RTSP': (port) => ({
    source: { url: `rtsp://127.0.0.1:${port}/live`, inputOptions: ['-rtsp_flags', 'listen'] },
    output: ['-f', 'rtsp', '-rtsp_transport', 'tcp', `rtsp://127.0.0.1:${port}/live`],
  }),
  'UDP': (port) => ({
    source: `udp://127.0.0.1:${port}`,
    output: ['-f', 'mpegts', `udp://127.0.0.1:${port}?pkt_size=1316`],
  }),
  'HTTP': (port) => ({
    source: `http://127.0.0.1:${port}/live.ts`,
    output: ['-f', 'mpegts', '-listen', '1', `http://127.0.0.1:${port}/live.ts`],
  }),
  'TCP': (port) => ({ source: `tcp://127.0.0.1:${port}`, output: ['-f', 'mpegts', `tcp://127.0.0.1:${port}?listen`] }),
  'TCP, listening': (port) => ({
    source: `tcp://127.0.0.1:${port}?listen`,
    output: ['-f', 'mpegts', `tcp://127.0.0.1:${port}`],
  }),
};

/** Sends a moving test picture, 25 frames a second; tries again while nobody answers. */
export class Sender {
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #wanted = false;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(output: readonly string[], { size = '160x120', more = [] as readonly string[] } = {}) {
    const input = ['-re', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`];
    const codec = [
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-tune',
      'zerolatency',
      '-g',
      '10',
      '-pix_fmt',
      'yuv420p',
    ];
    this.#args = ['-v', 'quiet', '-nostdin', ...input, ...codec, ...more, ...output];
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): this {
    this.#wanted = true;
    this.#run();
    return this;
  }

  /** SIGKILL: the connection breaks. */
  async kill(): Promise<void> {
    this.#wanted = false;
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** The sender stops sending but keeps its connection. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  #run(): void {
    const child = spawn('ffmpeg', this.#args, { stdio: 'ignore' });
    this.#child = child;
    this.#ended = once(child, 'close').then(() => {
      if (this.#wanted) setTimeout(() => this.#wanted && this.#run(), 100);
    });
  }
}

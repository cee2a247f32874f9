/**
 * The only file that starts ffmpeg and ffprobe. It knows processes, not video: pipes, the last lines of stderr, and
 * that a child is gone on every way out (stopped by us, by `reaper.ts`, or by its pipes closing).
 *
 * Children run in a process group of their own, so Ctrl-C in a terminal reaches this process only and the files can be
 * finished in order. If this process is killed, the pipes close and ffmpeg ends by itself.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { shownURL, withoutSecrets } from '@synseg/core/guards';
import { adopt, release } from './reaper.ts';

/** The end of a child: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The child's pipes, for {@link startTool}. */
export interface ToolPipes {
  /** Give the child a stdin pipe to write to, this process's own stdin, or these bytes. @default false */
  readonly input?: boolean | 'inherit' | AsyncIterable<Uint8Array>;
  /** Number of output pipes: `pipe:1`, then `pipe:3`, `pipe:4`, … @default 1 */
  readonly outputs?: number;
  /** Addresses and other texts that hold secrets, in the child's arguments or its input. */
  readonly secrets?: readonly string[];
  /** @default this process's */
  readonly environment?: NodeJS.ProcessEnv;
  /** Sees each line of stderr; returning true keeps it out of {@link ToolProcess.lastLines}. */
  readonly onLine?: (line: string) => boolean;
}

const keptLines = 12;
const keptCharacters = 400;

/** The parts of ffmpeg that speak, with their addresses in memory, and the level of what is said. */
const sender = /^(?:\[[^\]]* @ [^\]]*\] *|\[(?:warning|error|fatal|panic)\] *)+/;
/** A refused format, which only the sender tells, and a refused protocol, with all that would be allowed. */
const refusedFormat = /^\[([^\]]*) @ .*Format not on whitelist '.*/;
const refusedProtocol = /(Protocol '[^']*' not on whitelist) '.*/;

/** A line of ffmpeg's as people are shown it. */
function readable(line: string): string {
  return line.replace(refusedFormat, 'Format $1 not on whitelist').replace(refusedProtocol, '$1').replace(sender, '');
}

/** A running ffmpeg or ffprobe. */
export class ToolProcess {
  /** Resolves, never rejects, when the child is gone and its stderr is read to the end. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #secrets: readonly string[];

  constructor(child: ChildProcess, onLine: (line: string) => boolean, secrets: readonly string[]) {
    this.#child = child;
    this.#secrets = secrets;
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => {
        this.#keep(error.message);
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    void this.exited.then(() => release(child));
    // A pipe that breaks says nothing that the child's end does not.
    for (const stream of child.stdio) stream?.on('error', () => {});
    let rest = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop() ?? '';
      for (const line of lines) if (!onLine(line)) this.#keep(line);
    });
    child.stderr?.once('end', () => onLine(rest) || this.#keep(rest));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The child's stdin; only there when asked for. */
  get input(): Writable {
    if (this.#child.stdin === null) throw new Error('internal: this child has no stdin');
    return this.#child.stdin;
  }

  /** Output number `index`: 0 is `pipe:1`, 1 is `pipe:3`, and so on. */
  output(index: number): Readable {
    const stream = this.#child.stdio[index === 0 ? 1 : index + 2];
    if (stream === null || stream === undefined) throw new Error(`internal: this child has no output ${index}`);
    return stream as Readable;
  }

  /** The last lines the child wrote to stderr, without secrets; empty if it said nothing. */
  lastLines(): string {
    return this.#lines.join('\n');
  }

  /**
   * Ends the child: its pipes are closed, SIGTERM, and SIGKILL after `graceMs` milliseconds. Idempotent.
   *
   * ffmpeg is asked a second time after a moment: the first SIGTERM does not take it out of a read from a silent
   * network, the second does, and it can still take leave of the server.
   */
  async stop(graceMs = 2000): Promise<Exit> {
    for (const stream of this.#child.stdio) if (stream !== this.#child.stderr) stream?.destroy();
    this.#child.kill('SIGTERM');
    const again = setTimeout(() => this.#child.kill('SIGTERM'), Math.min(100, graceMs / 2));
    const timer = setTimeout(() => this.kill(), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(again);
      clearTimeout(timer);
    }
  }

  /** SIGKILL, at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
    this.#child.stderr?.destroy();
  }

  #keep(line: string): void {
    if (line.trim() === '') return;
    // Before it is cut: half an address is no longer known for one.
    const plain = this.#secrets.filter((secret) => shownURL(secret) === secret);
    const shown = plain.reduce((text, secret) => text.split(secret).join('***'), withoutSecrets(line, this.#secrets));
    this.#lines.push(readable(shown).slice(0, keptCharacters));
    if (this.#lines.length > keptLines) this.#lines.shift();
  }
}

/** Starts `path` with `args`. The caller must see to it that it ends: read it out, or {@link ToolProcess.stop} it. */
export function startTool(path: string, args: readonly string[], pipes: ToolPipes = {}): ToolProcess {
  const { input = false, outputs = 1 } = pipes;
  const fed = typeof input === 'object';
  const stdin = input === true || fed ? 'pipe' : input || 'ignore';
  const more = Array.from({ length: Math.max(0, outputs - 1) }, () => 'pipe' as const);
  const child = spawn(path, args, {
    stdio: [stdin, outputs > 0 ? 'pipe' : 'ignore', 'pipe', ...more],
    ...(pipes.environment === undefined ? {} : { env: pipes.environment }),
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  adopt(child, !fed);
  // The child need not read to the end, and may be gone already: how it ended says what went wrong.
  if (fed && child.stdin !== null) pipeline(input, child.stdin).catch(() => {});
  return new ToolProcess(child, pipes.onLine ?? (() => false), pipes.secrets ?? []);
}

/** The result of {@link runTool}: how the child ended, and what it wrote. */
export interface ToolReport extends Exit {
  readonly stdout: string;
  readonly stderr: string;
  /** The end of `stderr`, without secrets. */
  readonly lastLines: string;
}

/** Runs `path` to its end and returns what it wrote. Abort rejects with `signal.reason`. */
export async function runTool(
  path: string,
  args: readonly string[],
  signal?: AbortSignal,
  pipes: Pick<ToolPipes, 'input' | 'secrets' | 'environment'> = {},
): Promise<ToolReport> {
  signal?.throwIfAborted();
  const said: string[] = [];
  const onLine = (line: string): boolean => {
    said.push(line);
    return false;
  };
  const tool = startTool(path, args, { ...pipes, onLine });
  const abort = (): void => void tool.stop();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    tool.output(0).on('data', (chunk: Uint8Array) => chunks.push(chunk));
    const exit = await tool.exited;
    signal?.throwIfAborted();
    const stdout = Buffer.concat(chunks).toString('utf8');
    return { ...exit, stdout, stderr: said.join('\n'), lastLines: tool.lastLines() };
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

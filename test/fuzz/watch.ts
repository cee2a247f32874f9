/** Runs the cases of a subject in processes of their own and watches them: hangs, deaths, memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CaseEvent, CaseOrder } from './case-process.ts';

/** What is run, and what is borne. */
export interface WatchOptions {
  readonly seed: number;
  /** The first case and the one after the last. */
  readonly first: number;
  readonly end: number;
  /** Milliseconds that one case may take; a process may take `START` times as long to begin. */
  readonly caseTimeoutMs: number;
  /** Bytes of memory that a process may have. */
  readonly memoryBytes: number;
  /** Folder that inputs with a fault are kept in. */
  readonly keep: string;
}

/** A case that ended in neither a value nor an error of ours. */
export interface Finding {
  readonly subject: string;
  readonly seed: number;
  readonly number: number;
  /** `hang`, `death`, `memory`, or what is wrong with the error. */
  readonly kind: string;
  readonly message: string;
  readonly stack: string;
}

/** What became of a subject's cases. */
export interface Report {
  readonly subject: string;
  ran: number;
  accepted: number;
  refused: number;
  /** Largest resident memory of a process, bytes. */
  peakBytes: number;
  readonly findings: Finding[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const POLL_MS = 100;
/** Loading the packages and a checkpoint takes longer than a case. */
const START = 6;
/** A subject that kills this many processes is given up. */
const MOST_ENDS = 25;

/** Runs a subject's cases; those after a hang or a death go on in a fresh process. */
export async function watchSubject(subject: string, options: WatchOptions): Promise<Report> {
  const report: Report = { subject, ran: 0, accepted: 0, refused: 0, peakBytes: 0, findings: [] };
  let ends = 0;
  for (let first = options.first; first < options.end && ends < MOST_ENDS; ends++) {
    const stopped = await runProcess(subject, { ...options, first }, report);
    if (stopped === undefined) break;
    report.findings.push({ subject, seed: options.seed, ...stopped });
    // It could not even begin.
    if (stopped.number < first) break;
    report.ran++;
    first = stopped.number + 1;
    await keepInput(subject, options, stopped.number);
  }
  return report;
}

/** Runs cases until they are done, or until one stops the process. */
async function runProcess(
  subject: string,
  options: WatchOptions,
  report: Report,
): Promise<Omit<Finding, 'subject' | 'seed'> | undefined> {
  const folder = mkdtempSync(join(tmpdir(), `synseg-fuzz-${subject}-`));
  const child = start(
    {
      subject,
      seed: options.seed,
      first: options.first,
      end: options.end,
      folder,
      keep: options.keep,
      keepOnly: false,
    },
    options,
  );
  let [number, since, done, peak] = [options.first - 1, performance.now(), false, 0];
  let stopped: { kind: string; message: string } | undefined;
  const stop = (kind: string, message: string): void => {
    stopped ??= { kind, message };
    child.kill('SIGKILL');
  };
  const watch = setInterval(() => {
    peak = peakOf(child.pid) || peak;
    const limit = number < options.first ? START * options.caseTimeoutMs : options.caseTimeoutMs;
    if (peak > options.memoryBytes) stop('memory', `${(peak / 2 ** 20).toFixed(0)} MiB resident`);
    else if (performance.now() - since > limit) stop('hang', `no end after ${String(limit)} ms`);
  }, POLL_MS);
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)));
  const closed = once(child, 'close') as Promise<[code: number | null, signal: string | null]>;
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const event = JSON.parse(line) as CaseEvent;
    since = performance.now();
    if (event.type === 'done') done = true;
    else if (event.type === 'start') number = event.number;
    else {
      report.ran++;
      if (event.accepted) report.accepted++;
      else report.refused++;
      if (event.fault !== undefined) report.findings.push({ subject, seed: options.seed, number, ...event.fault });
    }
  }
  const [code, signal] = await closed;
  clearInterval(watch);
  rmSync(folder, { recursive: true, force: true });
  report.peakBytes = Math.max(report.peakBytes, peak);
  if (done && stopped === undefined && code === 0) return undefined;
  const { kind, message } = stopped ?? { kind: 'death', message: signal ?? `exit code ${String(code)}` };
  return { number, kind, message, stack: stopped === undefined ? stderr : '' };
}

/** The input of a case that stopped its process, written by another that only makes it. */
async function keepInput(subject: string, options: WatchOptions, number: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `synseg-fuzz-${subject}-`));
  const child = start(
    { subject, seed: options.seed, first: number, end: number + 1, folder, keep: options.keep, keepOnly: true },
    options,
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), START * options.caseTimeoutMs);
  await once(child, 'close');
  clearTimeout(timer);
  rmSync(folder, { recursive: true, force: true });
}

function start(order: CaseOrder, { memoryBytes }: WatchOptions): ReturnType<typeof spawn> {
  mkdirSync(join(order.folder, 'home'));
  const heap = String(Math.floor((0.75 * memoryBytes) / 2 ** 20));
  return spawn(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      `--max-old-space-size=${heap}`,
      fileURLToPath(new URL('./case-process.ts', import.meta.url)),
      JSON.stringify(order),
    ],
    {
      cwd: root,
      // Nothing of the user's is read or written, and nothing is fetched.
      env: {
        PATH: process.env['PATH'],
        HOME: join(order.folder, 'home'),
        TMPDIR: order.folder,
        TSX_TSCONFIG_PATH: join(root, 'tsconfig.run.json'),
        HF_HUB_OFFLINE: '1',
        SYNSEG_CACHE: join(order.folder, 'home/cache'),
      },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    },
  );
}

/** Largest resident memory of a process so far, bytes; 0 where the system does not tell. */
function peakOf(pid: number | undefined): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

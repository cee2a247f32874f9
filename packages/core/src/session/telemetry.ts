/**
 * Turns off the telemetry of onnxruntime, which would keep a device id and a queue of events in the user's cache folder
 * and send them. The runtime only asks the process's environment, when its first session is made; a thread's
 * `process.env` is a copy that it never sees. A variable the user has set is left as it is.
 */
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

const NAME = 'ORT_DISABLE_TELEMETRY';
/** Marks the process as done; threads inherit the mark. */
const DONE = 'synseg.telemetry';
/** Longest wait for a main thread that is inside a blocking call, ms. */
const MAIN_THREAD_MS = 2000;

interface DenoEnvironment {
  readonly env: { get(name: string): string | undefined; set(name: string, value: string): void };
}

let done: Promise<void> | undefined;

/** To be awaited before a session is made. Fast, and never an error: at worst telemetry stays as it was. */
export function disableTelemetry(): Promise<void> {
  done ??= disable().catch(() => undefined);
  return done;
}

async function disable(): Promise<void> {
  const { Deno: deno } = globalThis as { Deno?: DenoEnvironment };
  if (deno !== undefined) {
    if (deno.env.get(NAME) === undefined) deno.env.set(NAME, '1');
  } else if (isMainThread) process.env[NAME] ??= '1';
  else if (getEnvironmentData(DONE) === undefined) await inMainThread(`process.env.${NAME} ??= '1'`);
  setEnvironmentData(DONE, true);
}

/** Runs a line in the main thread, which may not load this package: a worker has no other way. */
async function inMainThread(line: string): Promise<void> {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  await new Promise<void>((resolve) => {
    // It also keeps the thread alive meanwhile: a session does not.
    const timer = setTimeout(resolve, MAIN_THREAD_MS);
    session.post('Runtime.evaluate', { expression: line }, () => {
      clearTimeout(timer);
      resolve();
    });
  });
  session.disconnect();
}

// Later workers then have nothing to do: the package is usually imported in the main thread first.
if (isMainThread) void disableTelemetry();

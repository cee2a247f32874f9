/**
 * Keeps a process from ending while a thread is inside the runtime.
 *
 * Ending a worker inside `session.run()`, or while it loads the runtime's addon, aborts the process (exit code 134). A
 * thread marks the time it spends there in shared memory; when the process exits, for whatever reason, the owner asks
 * the thread to start nothing more and waits until it is out.
 */

const STATE = 0;
const STOPPED = 1;
const CELLS = 2;

const IDLE = 0;
const RUNNING = 1;

/** Longest wait at process exit, ms; a longer run is left to abort. */
const EXIT_WAIT_MS = 60_000;

/** Thrown inside the thread when the process is exiting; never caught. */
class Stopped extends Error {}

/** One thread's mark in shared memory. */
export class RunGuard {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array;

  /** @param memory - the owner's, in the thread; in the owner absent */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT);
    this.#cells = new Int32Array(this.memory);
  }

  /** In the thread: runs work that must not be interrupted, loading the runtime included. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    Atomics.store(this.#cells, STATE, RUNNING);
    try {
      if (Atomics.load(this.#cells, STOPPED) === 1) throw new Stopped();
      return await work();
    } finally {
      Atomics.store(this.#cells, STATE, IDLE);
      Atomics.notify(this.#cells, STATE);
    }
  }

  /** In the owner, at process exit: forbids new work and blocks until the current one is done. */
  stopAndWait(): void {
    Atomics.store(this.#cells, STOPPED, 1);
    const deadline = Date.now() + EXIT_WAIT_MS;
    while (Atomics.load(this.#cells, STATE) === RUNNING && Date.now() < deadline)
      Atomics.wait(this.#cells, STATE, RUNNING, 100);
  }
}

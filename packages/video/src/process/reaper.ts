/**
 * Sees to it that no child outlives this process, as far as a process can: at its exit, and when a signal ends it.
 *
 * Signals are listened to only while there are children, and stay the business of those who listen as well: a program
 * with a handler of its own ends its work in order. Where nobody else listens, the signal does what it would have done.
 * `kill -9` cannot be seen: children then end because their pipes close, and those that wait for a silent network
 * because of the time limit on it.
 */

/** A child process, as far as the reaper needs to know it. */
export interface Child {
  /** `null` when it reads nothing from this process. */
  readonly stdin: unknown;
  kill(signal: 'SIGKILL'): boolean;
}

const signals = process.platform === 'win32' ? [] : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const);
/** Each child, and whether it ends its work in order when its input ends. */
const living = new Map<Child, boolean>();
/** A signal whose handler was taken off in this turn of the event loop. */
let handled: string | undefined;

function killAll(): void {
  for (const child of living.keys()) child.kill('SIGKILL');
}

function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1 || handled === signal) return;
  // Encoders are left alone: their input ends with this process, and then they finish their file.
  for (const [child, finishes] of living) if (!finishes) child.kill('SIGKILL');
  unwatch();
  process.kill(process.pid, signal);
}

/** A listener added by `once()` is off the list when its turn comes, and in Deno that may be before ours. */
function onRemoved(event: string | symbol, listener: unknown): void {
  if (listener === onSignal || typeof event !== 'string') return;
  handled = event;
  setImmediate(() => (handled = undefined));
}

function watch(): void {
  process.on('exit', killAll);
  process.on('removeListener', onRemoved);
  for (const signal of signals) process.prependListener(signal, onSignal);
}

function unwatch(): void {
  process.removeListener('exit', killAll);
  process.removeListener('removeListener', onRemoved);
  for (const signal of signals) process.removeListener(signal, onSignal);
}

/**
 * Looks after `child` until {@link release}.
 *
 * @param finishes - false for a child that is fed here and writes no file of its own
 */
export function adopt(child: Child, finishes = true): void {
  if (living.size === 0) watch();
  living.set(child, finishes && child.stdin !== null);
}

/** The child has ended. */
export function release(child: Child): void {
  if (living.delete(child) && living.size === 0) unwatch();
}

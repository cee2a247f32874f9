/**
 * A subject with every fault there is, each at its own case: what the fuzzer must find. Not one of those that are run.
 */
import type { Subject } from '../subject.ts';

export function open(): Subject {
  const runs: Readonly<Record<number, () => unknown>> = {
    1: () => {
      for (;;);
    },
    3: () => process.exit(3),
    5: () => (undefined as unknown as { readonly length: number }).length,
    7: () => {
      const held: Buffer[] = [];
      for (;;) held.push(Buffer.alloc(2 ** 24, 1));
    },
    9: () => new Promise(() => setInterval(() => undefined, 1000)),
    11: () => {
      throw new TypeError('Cannot count: number must be a number, got "x"');
    },
    13: () => void Promise.reject(new Error('nobody waits for this')),
  };
  let number = Number.NaN;
  return {
    make: (draw) => {
      number = Number.isNaN(number)
        ? (JSON.parse(process.argv[2] as string) as { readonly first: number }).first
        : number + 1;
      const run = runs[number];
      return { files: { 'input.txt': draw.text() }, run: () => run?.() };
    },
  };
}

/** A subject that takes everything: what the fuzzer must not be content with. Not one of those that are run. */
import type { Subject } from '../subject.ts';

export function open(): Subject {
  return { make: () => ({ run: () => undefined }) };
}

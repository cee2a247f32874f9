/** A segmenter's session, as it is handed to another thread. */
import type { MessagePort } from 'node:worker_threads';
import { checkKind } from '../guard/arguments.ts';
import type { EngineInfo } from '../session/protocol.ts';
import type { Bounds } from './load-options.ts';

/** Limits on pictures and calls; a shared session may leave some out. */
export type SharedBounds = Pick<Bounds, 'maxQueue' | 'maxPixels'> & Partial<Bounds>;

/** A loaded segmenter's session for another thread; plain data but for `port`, which must be in the transfer list. */
export interface SharedSegmenter extends SharedBounds {
  readonly port: MessagePort;
  readonly info: EngineInfo;
}

/** @throws TypeError unless it is what `segmenter.share()` returned */
export function checkShared(shared: SharedSegmenter): void {
  const given = shared as Partial<SharedSegmenter> | undefined | null;
  const fits = typeof given?.port?.postMessage === 'function' && given.info !== undefined;
  checkKind(
    'attach segmenter',
    'shared',
    shared,
    fits,
    'be what segmenter.share() returned, with its port transferred',
  );
}

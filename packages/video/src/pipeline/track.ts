/** One source's way through, from its reader to its files, as the options of the stream want it. */
import type { LabelSet, Segmenter } from '@synseg/core';
import { guarded } from '../callbacks.ts';
import { checkDecode } from '../decode/decode.ts';
import type { DecodeEnd } from '../decode/decode-options.ts';
import { SourceReader } from '../live/source-reader.ts';
import { pick } from '../pick.ts';
import type { FramePool } from '../pool/pool.ts';
import { describeSource, type VideoSource } from '../source/source.ts';
import type { OutputFiles, StreamSettings } from '../video-options.ts';
import { FrameOutputs, renderRequest } from './frame-outputs.ts';
import { FrameWork } from './frame-work.ts';
import { Lane } from './lane.ts';
import type { SourceOutputs } from './output-files.ts';

/** The part of a segmenter that a video needs: its session, shared with the pool's threads. */
export type VideoSegmenter = Pick<Segmenter, 'inputSize' | 'share'> & Partial<Pick<Segmenter, 'embeddingDim'>>;

/** A source with the files to write for it. */
export interface SourceWithFiles extends OutputFiles {
  readonly source: VideoSource;
}

/** A source's reader, its frames on their way, and its files. */
export interface Track {
  readonly reader: SourceReader;
  readonly lane: Lane;
  readonly outputs: FrameOutputs;
}

/** The things that all sources share. */
export interface Shared {
  readonly action: string;
  readonly segmenter: VideoSegmenter;
  readonly labels: LabelSet;
  readonly settings: StreamSettings;
  readonly names: readonly string[];
  readonly pool: FramePool;
  readonly maxInFlight: number;
  readonly leaving: AbortController;
  /** Takes what functions of the caller throw where nobody could catch it. */
  readonly tell: (error: unknown) => void;
}

/** Prepares a source; nothing is opened yet. @throws {RangeError} when its options do not fit together */
export function openTrack(files: SourceOutputs, index: number, shared: Shared): Track {
  const { action, segmenter, labels, settings, names, pool, maxInFlight, leaving, tell } = shared;
  const { source } = files;
  const { policy, onError, maxStalenessSeconds, encoder, fps, every } = settings;
  const { kind, live } = describeSource(source);
  // Live sources have their own speed, and no beginning to go back to.
  const playing = live === true ? { loop: false, realTime: false } : pick(settings, 'loop', 'realTime');
  checkDecode(action, source, { ...settings, ...playing });
  const render = renderRequest(action, settings, files);
  const views = settings.keyframes === undefined ? settings.views : 5;
  const [height, width] = segmenter.inputSize;
  const reader: SourceReader = new SourceReader(source, {
    ...settings,
    ...playing,
    // Five views look at the quarters of the picture, which then have the model's resolution each.
    size: { width: views === 5 ? 2 * width : width, height: views === 5 ? 2 * height : height },
    fullResolution: render.overlay !== undefined,
    signal: leaving.signal,
    name: names[index] as string,
    onState: guarded(settings.onState, tell),
    onEnd: guarded((end: DecodeEnd) => settings.onEnd?.({ source: reader.name, ...end }), tell),
  });
  const lane = new Lane({
    ...{ index, reader, labels, policy, onError, maxStalenessSeconds },
    work: new FrameWork(pool, { ...settings, render, inputSize: segmenter.inputSize }),
    // Of an http source it is not known yet whether it is live; pushed frames come when they will, and a loop has no
    // end.
    canWait: (settings.live ?? live) === false && kind !== 'frames' && !settings.loop && !settings.realTime,
    // A live frame that waits behind others of its source in the model is late already: one runs, and one more follows
    // when there is no other source whose frame could.
    limit: (decided) => (decided === 'every-frame' ? maxInFlight : names.length > 1 ? 1 : 2),
  });
  // A loop's clock is not the sound's.
  const sound = settings.loop ? 'none' : 'copy';
  const outputs = new FrameOutputs(files, { source, sound, encoder, fps, every, info: () => reader.info });
  return { reader, lane, outputs };
}

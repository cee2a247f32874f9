/**
 * The files of one source: opened before it is read, written frame by frame, finished or left as they are at the end.
 */
import { readOptions } from '@synseg/core/guards';
import type { OpenedSource } from '../decode/decode-options.ts';
import type { FrameRequest } from '../pool/render.ts';
import { CocoSink } from '../sinks/coco.ts';
import { csvSink } from '../sinks/csv.ts';
import type { FrameSink, SinkNeeds } from '../sinks/frame-sink.ts';
import { jsonlSink } from '../sinks/jsonl.ts';
import { OverlayVideoSink, type OverlayVideoOptions } from '../sinks/overlay-video.ts';
import { PngSequenceSink } from '../sinks/png-sequence.ts';
import type { SegmentedFrame } from '../segmented-frame.ts';
import { FRAME_JPEG_OPTIONS, type GivenFiles, type OutputFiles, type StreamSettings } from '../video-options.ts';

/** The sink of each kind of file. */
const texts = { jsonl: jsonlSink, coco: CocoSink, csv: csvSink };
const sinks = { overlay: OverlayVideoSink, ...texts, pngFolder: PngSequenceSink };

/** The files that were asked for, by their kinds. */
function wanted(files: GivenFiles): readonly (readonly [kind: keyof OutputFiles, path: string])[] {
  return (Object.keys(sinks) as (keyof OutputFiles)[]).flatMap((kind) =>
    files[kind] === undefined ? [] : [[kind, files[kind]] as const],
  );
}

/**
 * Everything that a frame of a source is rendered to: what the caller asks for, and what the files need.
 *
 * @throws {RangeError} when a file needs another size than was asked for
 */
export function renderRequest(action: string, settings: StreamSettings, files: GivenFiles): FrameRequest {
  const { size, alpha, contour, legend } = settings;
  const needs = Object.assign({}, ...wanted(files).map(([kind]) => sinks[kind].needs)) as SinkNeeds;
  if (needs.mapSize === 'source' && size === 'model')
    throw new RangeError(`Cannot ${action}: size must be 'source' with coco or pngFolder, got 'model'`);
  const forms = new Set<string>([...settings.render, ...Object.keys(needs)]);
  const jpeg = forms.has('jpeg') ? readOptions(action, FRAME_JPEG_OPTIONS, settings.jpeg) : undefined;
  return {
    mapSize: needs.mapSize ?? size ?? 'model',
    rle: forms.has('rle'),
    polygons: forms.has('polygons'),
    png: forms.has('png'),
    ...(forms.has('overlay') || jpeg !== undefined ? { overlay: { alpha, contour, legend } } : {}),
    ...(jpeg === undefined ? {} : { jpeg }),
  };
}

/** Facts about the source that the files need. */
export interface FrameOutputsOptions extends Omit<OverlayVideoOptions, 'info'> {
  /** The facts known of the source by now. */
  readonly info: () => OpenedSource | undefined;
}

/** All files of one source. */
export class FrameOutputs {
  readonly #wanted: ReturnType<typeof wanted>;
  readonly #options: FrameOutputsOptions;
  readonly #sinks: { readonly path: string; readonly sink: FrameSink }[] = [];
  readonly #files: string[] = [];
  readonly #unfinished: string[] = [];
  #begun = false;

  constructor(files: GivenFiles, options: FrameOutputsOptions) {
    this.#wanted = wanted(files);
    this.#options = options;
  }

  /** Files that are whole and in place. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** Files that could not be finished, where they were left. */
  get unfinished(): readonly string[] {
    return this.#unfinished;
  }

  /** Opens the files. @throws {SynsegError | RangeError} when one of them cannot be written */
  async open(): Promise<void> {
    for (const [kind, path] of this.#wanted)
      this.#sinks.push({ path, sink: await sinks[kind].open(path, this.#options) });
  }

  /** Adds a frame to each file. @throws {SynsegError} `VIDEO_ENCODE` when one of them cannot be written */
  async write(frame: SegmentedFrame): Promise<void> {
    this.#begun = true;
    for (const { sink } of this.#sinks) await sink.write(frame);
  }

  /** Finishes the files and puts them in place. @throws {SynsegError} `VIDEO_ENCODE` for the first that fails */
  async close(limitMs?: number): Promise<void> {
    const endings = await Promise.allSettled(this.#sinks.map(({ sink }) => sink.close(limitMs)));
    for (const [index, { path, sink }] of this.#sinks.entries()) {
      if (endings[index]?.status === 'rejected') this.#unfinished.push(...(await sink.abandon()));
      else if (this.#begun) this.#files.push(path);
    }
    const failed = endings.find((ending) => ending.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Leaves the files under their partial names; what was there under their own stays. Never rejects. */
  async abandon(): Promise<void> {
    const kept = await Promise.all(this.#sinks.map(({ sink }) => sink.abandon()));
    this.#unfinished.push(...kept.flat());
  }
}

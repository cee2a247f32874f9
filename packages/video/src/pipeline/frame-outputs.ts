/** The files of one source: opened before it is read, written frame by frame, finished on every way out. */
import type { OpenedSource } from '../decode/decode.ts';
import { CocoSink } from '../sinks/coco.ts';
import { CsvSink } from '../sinks/csv.ts';
import type { FrameSink } from '../sinks/frame-sink.ts';
import { JsonlSink } from '../sinks/jsonl.ts';
import { OverlayVideoSink, type OverlayVideoOptions } from '../sinks/overlay-video.ts';
import { PngSequenceSink } from '../sinks/png-sequence.ts';
import type { SegmentedFrame } from '../segmented-frame.ts';
import type { OutputFiles } from '../video-options.ts';

/** What the files must know of their source. */
export interface FrameOutputsOptions extends Omit<OverlayVideoOptions, 'info'> {
  /** What is known of the source by now. */
  readonly info: () => OpenedSource | undefined;
}

/** All files of one source. */
export class FrameOutputs {
  readonly #files: OutputFiles;
  readonly #options: FrameOutputsOptions;
  readonly #sinks: FrameSink[] = [];

  constructor(files: OutputFiles, options: FrameOutputsOptions) {
    this.#files = files;
    this.#options = options;
  }

  /** Opens the files. @throws {SynsegError | RangeError} when one of them cannot be written */
  async open(): Promise<void> {
    const { overlay, jsonl, coco, csv, pngFolder } = this.#files;
    if (overlay !== undefined) this.#sinks.push(await OverlayVideoSink.open(overlay, this.#options));
    if (jsonl !== undefined) this.#sinks.push(await JsonlSink.open(jsonl));
    if (coco !== undefined) this.#sinks.push(await CocoSink.open(coco));
    if (csv !== undefined) this.#sinks.push(await CsvSink.open(csv));
    if (pngFolder !== undefined) this.#sinks.push(await PngSequenceSink.open(pngFolder));
  }

  /** Adds a frame to each file. @throws {SynsegError} `VIDEO_ENCODE` when one of them cannot be written */
  async write(frame: SegmentedFrame): Promise<void> {
    for (const sink of this.#sinks) await sink.write(frame);
  }

  /** Finishes the files and puts them in place. @throws {SynsegError} `VIDEO_ENCODE` for the first that fails */
  async close(): Promise<void> {
    const endings = await Promise.allSettled(this.#sinks.map((sink) => sink.close()));
    const failed = endings.find((ending) => ending.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Finishes the files as far as they go; never rejects. */
  async abort(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.abort()));
  }
}

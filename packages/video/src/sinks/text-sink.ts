/** Results as text: each frame adds its lines to one file. */
import type { SegmentedFrame } from '../segmented-frame.ts';
import type { FrameSink } from './frame-sink.ts';
import { GrowingFile } from './growing-file.ts';

/** The lines of a frame, line breaks included. */
type Lines = (frame: SegmentedFrame) => string;

/** Writes frames of any sources to one file of text. */
export class TextSink implements FrameSink {
  readonly #file: GrowingFile;
  readonly #linesOf: Lines;

  private constructor(file: GrowingFile, linesOf: Lines) {
    [this.#file, this.#linesOf] = [file, linesOf];
  }

  /** Opens the file under its partial name. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written. */
  static async open(path: string, what: string, linesOf: Lines, header?: string): Promise<TextSink> {
    return new TextSink(await GrowingFile.open(path, what, header), linesOf);
  }

  async write(frame: SegmentedFrame): Promise<void> {
    await this.#file.write(this.#linesOf(frame));
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  abandon(): Promise<readonly string[]> {
    return this.#file.abandon();
  }
}

/**
 * Masks as JSON lines. One line per frame, written when the frame is done:
 *
 * `{"index":0,"timeSeconds":0,"width":352,"height":352,"sourceWidth":960,"sourceHeight":540,"areas":{"road":0.4},`
 * `"masks":{"road":{"size":[352,352],"counts":"…"}}}`
 *
 * `width` and `height` are the label map's, as is each mask's `size` (COCO order: height, width); scale masks by
 * `sourceWidth / width` and `sourceHeight / height` to lay them over the picture. `counts` is COCO's compressed RLE.
 * The file grows under `.name.partial.jsonl` and gets its name when it is closed.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { SynsegError, messageOf } from '@synseg/core';
import type { SegmentedFrame } from '../segmented-frame.ts';
import { beginFile, finishFile } from './partial-file.ts';

/** Writes frames to a JSONL file. */
export class JsonlSink {
  readonly #path: string;
  readonly #file: FileHandle;
  #closed: Promise<void> | undefined;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Opens the file under its partial name. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written. */
  static async open(path: string): Promise<JsonlSink> {
    return new JsonlSink(path, await guard(path, async () => open(await beginFile(path), 'w')));
  }

  /** Appends one line. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written, `DISPOSED` after `close()`. */
  async write(frame: SegmentedFrame): Promise<void> {
    if (this.#closed !== undefined) throw new SynsegError('DISPOSED', `Cannot write masks: "${this.#path}" is closed`);
    const { index, timeSeconds, width, height, sourceWidth, sourceHeight, areas } = frame;
    const line = { index, timeSeconds, width, height, sourceWidth, sourceHeight, areas, masks: frame.toRLE() };
    await guard(this.#path, () => this.#file.appendFile(`${JSON.stringify(line)}\n`));
  }

  /** Puts the file in place. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= guard(this.#path, async () => {
      await this.#file.close();
      await finishFile(this.#path);
    });
    return this.#closed;
  }
}

async function guard<Value>(path: string, action: () => Promise<Value>): Promise<Value> {
  try {
    return await action();
  } catch (cause) {
    throw new SynsegError('VIDEO_ENCODE', `Cannot write masks "${path}": ${messageOf(cause)}`, { cause });
  }
}

/**
 * All frames as one COCO JSON: a video is a `videos` entry, a frame an `images` entry, a label's mask in a frame one
 * annotation with compressed run lengths, area and box. Label maps are delivered at source size, so masks fit the
 * pictures; `frame_id` is the frame's number, `time_seconds` its time, `pixel_aspect` the width of a pixel by its
 * height.
 *
 * Every label is a category, seen or not: its id is its place among the labels, from 1, so files of one label set
 * agree. Labels that come in mid-stream get the next ids, in their order; those that were there keep theirs.
 *
 * A picture of an image sequence has its own `file_name`, and the video is called as its folder. Frames of anything
 * else have no file: theirs is `NAME/000123.png`, the name of the video and the frame's number, as ffmpeg and the
 * folder of palette PNGs would write it.
 *
 * COCO wants two long lists, and neither is kept in memory: annotations go to `.name.….partial.json`, one a line,
 * images to `.name.images.….partial.json`, which is appended when the file is closed. After `kill -9` both are there,
 * and lack only the brackets around their lines.
 */
import type { CocoRle } from '@synseg/core';
import { measureRLE } from '@synseg/core/masks';
import { createReadStream } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { SegmentedFrame } from '../segmented-frame.ts';
import { sixDecimals } from './csv-text.ts';
import type { FrameSink } from './frame-sink.ts';
import { GrowingFile } from './growing-file.ts';
import { frameFileName } from './png-sequence.ts';
import { writeError } from './write-error.ts';

const what = 'COCO annotations';
const head = '{"info":{"description":"Label maps of a video, by @synseg/video"},"licenses":[],\n"annotations":[';

type Video = { readonly id: number; readonly name: string; readonly folder: string };
type Category = { readonly id: number; readonly name: string; readonly color: readonly number[] };

/** Writes frames of any sources to one COCO JSON. */
export class CocoSink implements FrameSink {
  static readonly needs = { rle: true, mapSize: 'source' } as const;
  readonly #file: GrowingFile;
  readonly #images: GrowingFile;
  readonly #videos = new Map<string, Video>();
  readonly #categories = new Map<string, Category>();
  #imageCount = 0;
  #annotationCount = 0;
  #last: Promise<unknown> = Promise.resolve();
  #finished: Promise<void> | undefined;

  private constructor(file: GrowingFile, images: GrowingFile) {
    [this.#file, this.#images] = [file, images];
  }

  /** Opens the file under its partial name. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written. */
  static async open(path: string): Promise<CocoSink> {
    const file = await GrowingFile.open(path, what, head);
    const extension = extname(path);
    const images = join(dirname(path), `${basename(path, extension)}.images${extension}`);
    try {
      return new CocoSink(file, await GrowingFile.open(images, what));
    } catch (error) {
      await file.remove().catch(() => undefined);
      throw error;
    }
  }

  write(frame: SegmentedFrame): Promise<void> {
    const written = this.#last.then(() => this.#add(frame));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async #add(frame: SegmentedFrame): Promise<void> {
    const { pixelAspect, index, timeSeconds, segmentation: labelled } = frame;
    const { width, height } = labelled;
    const video = this.#video(frame);
    const masks = labelled.toRLE();
    const id = this.#imageCount + 1;
    const image = {
      ...{ id, file_name: frame.fileName ?? `${video.folder}/${frameFileName(index)}`, width, height },
      ...{ video_id: video.id, frame_id: index, time_seconds: sixDecimals(timeSeconds), pixel_aspect: pixelAspect },
    };
    // Not in the order of the masks: JavaScript puts names that look like numbers first.
    const categories = labelled.labels.map((name, at) => [name, this.#category(name, labelled.colors[at])] as const);
    const seen = categories.filter(([name]) => Object.hasOwn(masks, name));
    const lines = seen.map(([name, category], place) => {
      const segmentation = masks[name] as CocoRle;
      const { area, box } = measureRLE(segmentation);
      const ids = { id: this.#annotationCount + 1 + place, image_id: id, category_id: category };
      const annotation = JSON.stringify({ ...ids, iscrowd: 0, area, bbox: box, segmentation });
      return `${ids.id === 1 ? '' : ','}\n${annotation}`;
    });
    await this.#images.write(`${id === 1 ? '' : ','}\n${JSON.stringify(image)}`);
    try {
      await this.#file.write(lines.join(''));
    } catch (error) {
      await this.#images.undo();
      throw error;
    }
    this.#imageCount += 1;
    this.#annotationCount += lines.length;
  }

  /** Joins the parts and puts the file in place. Without a frame there is no file. */
  close(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async abandon(): Promise<readonly string[]> {
    await this.#last;
    return [...(await this.#file.abandon()), ...(await this.#images.abandon())];
  }

  async #finish(): Promise<void> {
    await this.#last;
    if (this.#imageCount > 0) {
      await this.#file.write('\n],\n"images":[');
      await this.#copyImages();
      const videos = JSON.stringify([...this.#videos.values()].map(({ id, name }) => ({ id, name })));
      const categories = JSON.stringify([...this.#categories.values()]);
      await this.#file.write(`\n],\n"videos":${videos},\n"categories":${categories}}\n`);
    }
    await this.#file.close();
    await this.#images.remove();
  }

  async #copyImages(): Promise<void> {
    const { partial, length } = this.#images;
    const chunks: AsyncIterable<Buffer> = createReadStream(partial, { end: length - 1 });
    try {
      for await (const chunk of chunks) await this.#file.write(chunk);
    } catch (cause) {
      throw writeError(what, this.#file.path, cause);
    }
  }

  #video({ source, fileName }: SegmentedFrame): Video {
    let video = this.#videos.get(source);
    if (video === undefined) {
      const parts = source.replace(/[?#].*$/, '').split(/[/\\]/);
      const name = parts.at(-1) ?? '';
      const plain = name.replace(/\.[^.]*$/, '').replaceAll(/[^\p{L}\p{N}._-]+/gu, '_');
      const id = this.#videos.size + 1;
      const isTaken = plain === '' || [...this.#videos.values()].some(({ folder }) => folder === plain);
      const ofPicture = parts.slice(0, -1).join('/') || '.';
      const folder = isTaken ? `${plain || 'video'}-${id}` : plain;
      video = { id, name: fileName === undefined ? source : ofPicture, folder };
      this.#videos.set(source, video);
    }
    return video;
  }

  #category(name: string, color: readonly number[] = [0, 0, 0]): number {
    let category = this.#categories.get(name);
    if (category === undefined) {
      category = { id: this.#categories.size + 1, name, color };
      this.#categories.set(name, category);
    }
    return category.id;
  }
}

/** The real clip: a file, a URL or a camera, segmented into words for some seconds. */
import type { LabelColor, Segmenter } from '@synseg/core';
import { decodeFrames, describeSource, segmentVideo } from '@synseg/video';
import { progress } from './progress.ts';
import { panelSize, type SheetPart, type SheetRow } from './sheet.ts';

const ROWS = 4;

/** How footage is segmented. */
export interface FootageOptions {
  readonly labels: readonly string[];
  /** Length that is shown, from the beginning. */
  readonly seconds: number;
  readonly views: 1 | 5;
  /** File for the overlay. */
  readonly overlay: string;
}

/** What came of it. */
export interface Footage {
  /** The source's name, without a password. */
  readonly name: string;
  /** File with the overlay. */
  readonly overlay: string;
  /** What its frames can be read from once more: the source; of a camera or a stream, which is gone, the overlay. */
  readonly video: string;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly names: readonly string[];
  readonly colors: readonly LabelColor[];
  /** Mean share of the picture of each label, 0 … 1. */
  readonly shares: readonly number[];
  /** Labels that the checkpoint does not know. */
  readonly unknown: readonly string[];
}

/** Segments a source, and writes its overlay. @throws Error when it cannot be opened, or has no frames */
export async function segmentFootage(
  source: string,
  segmenter: Segmenter,
  { labels: words, seconds, views, overlay }: FootageOptions,
): Promise<Footage> {
  const labels = await segmenter.labels(words);
  const sums = new Float64Array(words.length);
  let size = { width: 0, height: 0 };
  let [frames, first] = [0, 0];
  const { name, kind } = describeSource(source);
  const isRepeatable = kind === 'file' || kind === 'sequence';
  const show = progress('s segmented');
  const started = performance.now();
  const stream = segmentVideo(source, segmenter, labels, {
    overlay,
    views,
    size: 'source',
    // The clocks of cameras and streams begin anywhere.
    ...(isRepeatable ? { end: seconds } : {}),
  });
  for await (const { timeSeconds, sourceWidth, sourceHeight, segmentation } of stream) {
    if (frames === 0) [size, first] = [{ width: sourceWidth, height: sourceHeight }, timeSeconds];
    if (timeSeconds - first >= seconds) break;
    for (const [index, name] of labels.names.entries()) sums[index]! += segmentation.areas[name]!;
    frames += 1;
    show(Math.floor(timeSeconds - first), seconds);
  }
  show(seconds, seconds);
  if (frames === 0) throw new Error(`Cannot segment video "${name}": it must have frames, got none in ${seconds} s`);
  return {
    name,
    overlay,
    video: isRepeatable ? source : overlay,
    frames,
    ...size,
    framesPerSecond: (1000 * frames) / (performance.now() - started),
    names: labels.names,
    colors: labels.colors,
    shares: [...sums].map((sum) => sum / frames),
    unknown: labels.unknown.map(({ asked }) => asked),
  };
}

/** Some frames, each beside what was found; of what cannot be read once more, what was found alone. */
export async function footageSheet({ video, overlay, ...footage }: Footage): Promise<SheetPart> {
  const { frames, names, colors, shares } = footage;
  const size = panelSize(footage);
  const options = { every: Math.ceil(frames / ROWS), size };
  const rows: SheetRow[] = [];
  for await (const { timeSeconds, data } of decodeFrames(overlay, options))
    rows.push({ title: `${timeSeconds.toFixed(1)} s`, panels: [data] });
  const legend = { title: 'mean share of the picture', names, colors, values: shares };
  if (video === overlay) return { columns: ['what was found'], rows, size, legend };
  let row = 0;
  for await (const { data } of decodeFrames(video, options)) {
    const found = rows[row];
    if (found === undefined) break;
    rows[row] = { ...found, panels: [data, ...found.panels] };
    row += 1;
  }
  return { columns: ['', 'what was found'], rows, size, legend };
}

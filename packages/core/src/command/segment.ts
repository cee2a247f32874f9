/** `synseg segment`: one picture in, areas, overlay, label map and outlines out. */
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { writeFileAtomic } from '../cache/atomic-file.ts';
import { checkOutputs } from '../guard/output-paths.ts';
import { shownURL } from '../guard/secrets.ts';
import type { PictureFormat } from '../image/image.ts';
import { DEFAULT_LIMITS } from '../guard/limits.ts';
import { readImage } from '../image/picture-bytes.ts';
import { LabelSet } from '../labels/label-set.ts';
import type { LabelsOptions } from '../labels/label-request.ts';
import type { Background } from '../model/postprocess.ts';
import type { ViewCount } from '../model/views.ts';
import { Segmenter } from '../segmenter/segmenter.ts';
import { loadOptionsOf, loadProgress, modelOf, type LoadFlags } from './load-progress.ts';
import { percent, table, type CommandContext, type CommandResult } from './output.ts';

/** Flags of `synseg segment`. */
export interface SegmentFlags extends LoadFlags {
  readonly labels?: readonly string[];
  readonly labelSet?: string;
  readonly out?: string;
  readonly mask?: string;
  readonly maxPixels?: number;
  readonly allowSvg?: true;
  readonly rle?: true;
  readonly polygons?: true;
  readonly views?: ViewCount;
  readonly threshold?: number;
  readonly background?: Background;
  readonly templates?: NonNullable<LabelsOptions['templates']>;
}

/** Formats of the overlay by the ending of its file. */
const FORMATS = new Map<string, PictureFormat>([
  ['.png', 'png'],
  ['.jpg', 'jpeg'],
  ['.jpeg', 'jpeg'],
  ['.webp', 'webp'],
]);

/** Runs `synseg segment`. */
export async function segmentCommand(
  { signal, stderr }: CommandContext,
  image: string,
  flags: SegmentFlags,
): Promise<CommandResult> {
  const {
    labels: names,
    labelSet,
    out,
    mask,
    maxPixels,
    allowSvg,
    rle,
    polygons,
    views,
    threshold,
    background,
    templates,
  } = flags;
  if ((names === undefined) === (labelSet === undefined))
    throw new RangeError('Cannot segment: either --labels or --label-set must be given, got both or neither');
  const format = out === undefined ? 'png' : FORMATS.get(extname(out).toLowerCase());
  if (format === undefined)
    throw new RangeError(`Cannot segment: --out must end in ${[...FORMATS.keys()].join(', ')}, got "${out as string}"`);
  if (mask !== undefined && extname(mask).toLowerCase() !== '.png')
    throw new RangeError(`Cannot segment: --mask must end in .png, got "${mask}"`);
  const outputs = Object.entries({ '--out': out, '--mask': mask }).flatMap(([name, path]) =>
    path === undefined ? [] : [{ name, path }],
  );
  await checkOutputs('segment', outputs, [image, ...(labelSet === undefined ? [] : [labelSet])]);
  const bounds = {
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(allowSvg === undefined ? {} : { allowSVG: allowSvg }),
  };
  const model = modelOf(flags, stderr);
  const started = performance.now();
  const progress = loadProgress(stderr);
  await using segmenter = await Segmenter.load(model, {
    ...loadOptionsOf(flags),
    ...bounds,
    signal,
    onProgress: progress.onProgress,
  }).finally(progress.close);
  const loaded = performance.now();
  const decision = {
    ...(threshold === undefined ? {} : { threshold }),
    ...(background === undefined ? {} : { background }),
  };
  const labels =
    labelSet === undefined
      ? await segmenter.labels(names as readonly string[], {
          ...decision,
          ...(templates === undefined ? {} : { templates }),
          signal,
        })
      : await savedLabels(labelSet, threshold, background);
  const embedded = performance.now();
  // A pipe can be read once, and what an address answers may change: the overlay is drawn on what was segmented.
  const once =
    out !== undefined &&
    (/^(?:https?|data):/i.test(image) || (await stat(image).catch(() => undefined))?.isFile() === false);
  const picture = once ? (await readImage(image, { ...DEFAULT_LIMITS, publicOnly: false, signal })).bytes : image;
  const result = await segmenter.segment(picture, labels, { ...(views === undefined ? {} : { views }), signal });
  const segmented = performance.now();
  if (out !== undefined) await writeFileAtomic(out, await result.overlay(picture, { ...bounds, format, signal }));
  if (mask !== undefined) await writeFileAtomic(mask, await result.toPNG());
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    json: {
      image: shownURL(image),
      model,
      device: segmenter.device,
      precision: segmenter.precision,
      width: result.width,
      height: result.height,
      labels: result.labels,
      colors: result.colors,
      areas: result.areas,
      background: result.background,
      backgroundRule: labels.backgroundRule,
      ...(out === undefined ? {} : { out }),
      ...(mask === undefined ? {} : { mask }),
      ...(rle === undefined ? {} : { rle: result.toRLE() }),
      ...(polygons === undefined ? {} : { polygons: result.toPolygons() }),
      milliseconds: {
        load: round(loaded - started),
        labels: round(embedded - loaded),
        segment: round(segmented - embedded),
      },
    },
    text:
      `${table([...result.labels.map((label) => [label, percent(result.areas[label] ?? 0)]), ['(background)', percent(result.background)]])}background: ` +
      `${labels.backgroundRule}\n`,
  };
}

/** A saved set, decided as the flags say where they say something. */
async function savedLabels(
  path: string,
  threshold: number | undefined,
  background: Background | undefined,
): Promise<LabelSet> {
  const saved = await LabelSet.load(path);
  return new LabelSet({ ...saved.parts, ...saved.ruleWith({ threshold, background }) });
}

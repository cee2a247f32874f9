/** `synseg segment`: one picture in, areas, overlay, label map and outlines out. */
import { writeFileAtomic } from '../cache/atomic-file.ts';
import { LabelSet } from '../labels/label-set.ts';
import type { LabelsOptions } from '../labels/label-request.ts';
import type { Background } from '../model/postprocess.ts';
import type { ViewCount } from '../model/views.ts';
import { Segmenter } from '../segmenter/segmenter.ts';
import { loadProgress, modelOf, type LoadFlags } from './load-progress.ts';
import { percent, table, type CommandContext, type CommandResult } from './output.ts';

/** Flags of `synseg segment`. */
export interface SegmentFlags extends LoadFlags {
  readonly labels?: readonly string[];
  readonly labelSet?: string;
  readonly out?: string;
  readonly mask?: string;
  readonly rle?: true;
  readonly polygons?: true;
  readonly views?: ViewCount;
  readonly threshold?: number;
  readonly background?: Background;
  readonly templates?: NonNullable<LabelsOptions['templates']>;
}

/** Runs `synseg segment`. */
export async function segmentCommand({ signal, stderr }: CommandContext, image: string, flags: SegmentFlags): Promise<CommandResult> {
  const { model: _, labels: names, labelSet, out, mask, rle, polygons, views, threshold, background, templates, ...load } = flags;
  if ((names === undefined) === (labelSet === undefined)) throw new RangeError('Cannot segment: either --labels or --label-set must be given, got both or neither');
  const model = modelOf(flags, stderr);
  const started = performance.now();
  const progress = loadProgress(stderr);
  await using segmenter = await Segmenter.load(model, { ...load, signal, onProgress: progress.onProgress }).finally(progress.close);
  const loaded = performance.now();
  const decision = { ...(threshold === undefined ? {} : { threshold }), ...(background === undefined ? {} : { background }) };
  const labels =
    labelSet === undefined
      ? await segmenter.labels(names as readonly string[], { ...decision, ...(templates === undefined ? {} : { templates }), signal })
      : await savedLabels(labelSet, threshold, background);
  const embedded = performance.now();
  const result = await segmenter.segment(image, labels, { ...(views === undefined ? {} : { views }), signal });
  const segmented = performance.now();
  if (out !== undefined) await writeFileAtomic(out, await result.overlay(image, { signal }));
  if (mask !== undefined) await writeFileAtomic(mask, await result.toPNG());
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    json: {
      image,
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
      milliseconds: { load: round(loaded - started), labels: round(embedded - loaded), segment: round(segmented - embedded) },
    },
    text: `${table([...result.labels.map((label) => [label, percent(result.areas[label] ?? 0)]), ['(background)', percent(result.background)]])}background: ${labels.backgroundRule}\n`,
  };
}

/** A saved set, decided as the flags say where they say something. */
async function savedLabels(path: string, threshold: number | undefined, background: Background | undefined): Promise<LabelSet> {
  const saved = await LabelSet.load(path);
  return new LabelSet({ ...saved.parts, ...saved.ruleWith({ threshold, background }) });
}


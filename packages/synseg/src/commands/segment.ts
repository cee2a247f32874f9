/** `synseg segment`: one picture → areas, overlay, label map, run lengths and outlines. */
import { stat } from 'node:fs/promises';
import { LabelSet } from '@synseg/core';
import { writeFileAtomic } from '@synseg/core/checkpoint';
import { DEFAULT_LIMITS, checkOutputs, flag, readImage, shownURL, text, value } from '@synseg/core/guards';
import type { OptionsOf } from '@synseg/core/guards';
import { LABELS_OPTIONS, SEGMENT_OPTIONS } from '@synseg/core/options';
import { command, type Context, type Result } from '../context.ts';
import { among, only } from '../flags.ts';
import { IMAGE_FLAGS, LABEL_FLAGS, MODEL_FLAGS, NAMES, loadModel, tellWords } from '../model.ts';
import { percent, table } from '../text.ts';

const file = (...endings: readonly string[]): ReturnType<typeof text> =>
  value<string>(
    `end in ${endings.join(', ')}`,
    (path) => typeof path === 'string',
    (path) => endings.some((ending) => path.toLowerCase().endsWith(ending)),
    { fromText: String, placeholder: 'file' },
  );

/** Views of the picture. */
const VIEW_FLAGS = only(SEGMENT_OPTIONS, 'views', 'merge');

export const SEGMENT_FLAGS = {
  /** Names of the classes, separated by commas. */
  labels: NAMES,
  /** Label set that `synseg labels --save` wrote; instead of --labels. */
  labelSet: { ...text(), placeholder: 'file' },
  ...MODEL_FLAGS,
  /** Writes the picture with its labels drawn over it: .png, .jpg or .webp. */
  out: file('.png', '.jpg', '.jpeg', '.webp'),
  /** Writes the label map as a palette PNG: pixel value = label index, 255 = background. */
  mask: file('.png'),
  ...VIEW_FLAGS,
  ...IMAGE_FLAGS,
  ...LABEL_FLAGS,
  /** Adds the masks as COCO run lengths to the object of --json. */
  rle: flag(),
  /** Adds the outlines as polygons to the object of --json. */
  polygons: flag(),
};

export const segment = command({
  name: 'SEGMENT_FLAGS',
  flags: SEGMENT_FLAGS,
  operand: '<image>',
  help: `
The picture is a file or a URL. "synseg street.jpg …" is short for
"synseg segment street.jpg …".

Examples:
  $ synseg segment street.jpg --model CIDAS/clipseg-rd64-refined \\
      --labels "road,car,a person in red" --out overlay.png
  $ synseg segment street.jpg --model ./checkpoint --labels road,car --json --rle > masks.json
`,
  run,
});

async function run(context: Context, flags: OptionsOf<typeof SEGMENT_FLAGS>, image: string): Promise<Result> {
  const { labels: names, labelSet, out, mask, rle, polygons } = flags;
  const { signal } = context;
  const isNamed = names !== undefined;
  const given = isNamed ? 'both' : 'neither';
  if (isNamed === (labelSet !== undefined))
    throw new RangeError(`Cannot segment: either --labels or --label-set must be given, got ${given}`);
  const places = Object.entries({ '--out': out, '--mask': mask });
  const outputs = places.flatMap(([name, path]) => (path === undefined ? [] : [{ name, path }]));
  await checkOutputs('segment', outputs, [image, ...(labelSet === undefined ? [] : [labelSet])]);
  const started = performance.now();
  const { segmenter, model } = await loadModel(context, flags);
  await using _ = segmenter;
  const loaded = performance.now();
  const labels =
    names === undefined
      ? await savedLabels(labelSet as string, among(LABELS_OPTIONS, flags))
      : await segmenter.labels(names, { ...among(LABELS_OPTIONS, flags), signal });
  tellWords(context, labels);
  const embedded = performance.now();
  // A pipe can be read once, and a URL may answer differently: the overlay is drawn on the bytes that were segmented.
  const once =
    out !== undefined &&
    (/^(?:https?|data):/i.test(image) || (await stat(image).catch(() => undefined))?.isFile() === false);
  const picture = once
    ? (await readImage(image, { ...DEFAULT_LIMITS, publicOnly: false, ...among(IMAGE_FLAGS, flags), signal })).bytes
    : image;
  const result = await segmenter.segment(picture, labels, { ...among(VIEW_FLAGS, flags), signal });
  const segmented = performance.now();
  if (out !== undefined) {
    const look = { ...among(IMAGE_FLAGS, flags), format: formatOf(out), signal };
    await writeFileAtomic(out, await result.overlay(picture, look));
  }
  if (mask !== undefined) await writeFileAtomic(mask, await result.toPNG());
  const since = (start: number, end: number): number => Math.round((end - start) * 10) / 10;
  const [load, embed] = [since(started, loaded), since(loaded, embedded)];
  const milliseconds = { load, labels: embed, segment: since(embedded, segmented) };
  const { width, height, colors, areas } = result;
  const shares = [...result.labels.map((label) => areas[label] ?? 0), result.background];
  const rows = [...result.labels, '(background)'].map((label, at) => [label, percent(shares[at] as number)]);
  return {
    json: {
      ...{ image: shownURL(image), model, device: segmenter.device, precision: segmenter.precision },
      ...{ width, height, labels: result.labels, unknown: labels.unknown, colors, areas },
      ...{ background: result.background, backgroundRule: labels.backgroundRule },
      ...(out === undefined ? {} : { out }),
      ...(mask === undefined ? {} : { mask }),
      ...(rle === true ? { rle: result.toRLE() } : {}),
      ...(polygons === true ? { polygons: result.toPolygons() } : {}),
      milliseconds,
    },
    text: `${table(rows)}\nbackground: ${labels.backgroundRule}`,
  };
}

const formatOf = (path: string): 'jpeg' | 'png' | 'webp' =>
  /\.jpe?g$/i.test(path) ? 'jpeg' : /\.webp$/i.test(path) ? 'webp' : 'png';

/** A saved set; threshold and background of the flags override its own. */
async function savedLabels(path: string, flags: OptionsOf<typeof LABELS_OPTIONS>): Promise<LabelSet> {
  const { threshold, background } = flags;
  const saved = await LabelSet.load(path);
  return new LabelSet({ ...saved.parts, ...saved.ruleWith({ threshold, background }) });
}

/** Pictures whose annotation is a file of a mask. */
import type { ExportFiles } from './export-files.ts';
import type { AnnotatedPicture } from './annotated-set.ts';
import { readLegendMask, type MaskLegend } from './mask-legend.ts';
import { unknownMask } from './unknown-mask.ts';

/** A picture, and its mask where it has one; paths in the export. */
export interface MaskPair {
  readonly picture: string;
  readonly mask: string | undefined;
  readonly split: string | undefined;
}

/** A picture whose mask is read by a legend. */
export function maskPicture(
  files: ExportFiles,
  { picture, mask, split }: MaskPair,
  legend: MaskLegend,
): AnnotatedPicture {
  const image = files.at(picture);
  const source = mask === undefined ? undefined : files.at(mask);
  return {
    key: picture,
    image,
    source: source ?? image,
    split,
    labeled: source !== undefined,
    readMask: (limits) =>
      source === undefined ? unknownMask(image, limits) : readLegendMask(picture, image, source, legend, limits),
  };
}

/** In the order of their keys. */
export function inOrder(pictures: readonly AnnotatedPicture[]): readonly AnnotatedPicture[] {
  return [...pictures].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** A path without its ending. */
export function stemOf(path: string): string {
  return path.replace(/\.[^./]+$/, '');
}

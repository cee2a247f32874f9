/** COCO JSON: captions, instances, or both, as a data set. */
import { basename } from 'node:path';
import { encodeIndexMask } from '../image/index-mask.ts';
import { PROBED_PICTURES } from './coco-file.ts';
import { COCO_BACKGROUND, COCO_IGNORE } from './coco-mask.ts';
import { categoryClasses, paintPicture, readPictures } from './coco-pictures.ts';
import { dataError } from './data-error.ts';
import type { Dataset, Opening } from './dataset.ts';
import { IndexedDataset } from './indexed-dataset.ts';
import { categoriesOf } from './row.ts';
import { expectPictures } from './row-dataset.ts';
import { withLazyMask } from './sample.ts';

/**
 * Opens COCO files. Mask value 0 is background and 255 unlabeled; a category's value is its id, where all files give
 * each name one id and all ids are 1 to 254, else its rank by id, from 1. Categories of a sample are noun phrases of
 * its captions or, without captions, the names of its instances' categories.
 */
export async function openCoco({
  sources,
  options,
  phrases,
  known,
  warnings,
  limits,
  signal,
}: Opening): Promise<Dataset> {
  const leaveOut = (what: string, problem: string): void => warnings.warn('broken-row', `${what} left out: ${problem}`);
  const { files, pictures, names, masks } = await readPictures(sources, options.images, leaveOut, signal);
  const annotated = pictures.filter(({ captions, instances }) => captions.length + instances.length > 0);
  const [{ path, root }] = files;
  if (annotated.length === 0)
    throw dataError(`"${path}" must hold images with captions or instances`, `${pictures.length} images without`);
  await expectPictures(
    annotated.slice(0, PROBED_PICTURES).map(({ image }) => image),
    root,
  );
  return new IndexedDataset({
    of: sources.map((source) => basename(source)).join(' and '),
    size: annotated.length,
    ...(masks ? { classes: categoryClasses(names), ignoreIndex: COCO_IGNORE, backgroundIndex: COCO_BACKGROUND } : {}),
    open: () => ({
      read: (index) => {
        const picture = annotated[index]!;
        const { file, image, captions, instances } = picture;
        const labels = instances.map((instance) => names.get(instance.index) ?? '');
        const before = known?.find(file);
        const words =
          before !== undefined ? { categories: before } : captions.length > 0 ? { captions } : { categories: labels };
        const sample = { key: file, image, categories: categoriesOf(words, phrases) };
        return masks && (picture.width * picture.height > 0 || instances.length > 0)
          ? withLazyMask(sample, async () => encodeIndexMask(await paintPicture(picture, limits, signal)))
          : sample;
      },
    }),
  });
}

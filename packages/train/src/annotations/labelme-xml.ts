/** One file of LabelMe's older XML. */
import { annotationError } from './export-files.ts';
import { MAX_SHAPES, shapeName } from './make-set.ts';
import { numberIn } from './numbers.ts';
import { readXml } from './xml-file.ts';

const MAX_TEXT = 4096;
const MAX_POINTS = 1_000_000;

/** Elements whose texts are kept, those of an object by their place in it. */
const TEXTS = new Set([
  ...['folder', 'filename', 'imagesize/nrows', 'imagesize/ncols'],
  ...['name', 'deleted', 'type', 'segm/mask', 'polygon/pt/x', 'polygon/pt/y'],
]);

/** An object that was not deleted. */
export interface XmlObject {
  readonly label: string;
  /** Corners `[x, y, x, y, …]`; empty where it has a mask. */
  readonly points: readonly number[];
  /** File of its mask. */
  readonly mask: string | undefined;
  /** True when it was drawn as a box. */
  readonly box: boolean;
}

/** What a file says of its picture. */
export interface LabelMeXml {
  readonly picture: string;
  readonly stated: { readonly width: number; readonly height: number } | undefined;
  readonly objects: readonly XmlObject[];
}

/** Reads a file; undefined when it is XML of something else. @throws SynsegError `DATASET_FORMAT` */
export async function readLabelMeXml(source: string, signal: AbortSignal | undefined): Promise<LabelMeXml | undefined> {
  const objects: XmlObject[] = [];
  const within: string[] = [];
  const fail = (rule: string, got: string): never => {
    throw annotationError(`"${source}" must ${rule}`, got);
  };
  let texts = new Map<string, string>();
  const ofPicture = new Map<string, string>();
  let points: number[] = [];
  let total = 0;
  let isOurs = true;
  const endObject = (): void => {
    const isDeleted = /^[1-9]/.test((texts.get('deleted') ?? '').trim());
    const label = (texts.get('name') ?? '').trim();
    if (!isDeleted) {
      if (label === '') fail('give each object a name', `none for object ${objects.length + 1}`);
      if (objects.length === MAX_SHAPES) fail(`have at most ${MAX_SHAPES} objects`, 'more');
      const mask = points.length === 0 ? texts.get('segm/mask')?.trim() : undefined;
      objects.push({ label, points, mask: mask || undefined, box: texts.get('type')?.trim() === 'bounding_box' });
    }
    [texts, points] = [new Map<string, string>(), []];
  };
  const endPoint = (): void => {
    if (++total > MAX_POINTS) fail(`have at most ${MAX_POINTS} points`, 'more');
    const what = `corners of ${shapeName('polygon', texts.get('name') ?? '')}`;
    try {
      points.push(numberIn(texts.get('polygon/pt/x'), what), numberIn(texts.get('polygon/pt/y'), what));
    } catch (cause) {
      fail('be whole', cause instanceof Error ? cause.message : String(cause));
    }
    texts.delete('polygon/pt/x');
    texts.delete('polygon/pt/y');
  };
  await readXml(
    source,
    {
      open: (name) => {
        if (within.length === 0) isOurs = name === 'annotation';
        within.push(name);
      },
      text: (text) => {
        if (!isOurs || text.trim() === '') return;
        const inObject = within[1] === 'object';
        const path = within.slice(inObject ? 2 : 1).join('/');
        if (!TEXTS.has(path)) return;
        const into = inObject ? texts : ofPicture;
        into.set(path, ((into.get(path) ?? '') + text).slice(0, MAX_TEXT));
      },
      close: (name) => {
        within.pop();
        if (!isOurs) return;
        if (name === 'object' && within.length === 1) endObject();
        if (name === 'pt' && within.length === 3 && within[1] === 'object') endPoint();
      },
    },
    { signal },
  );
  if (!isOurs) return undefined;
  const [width, height] = [Number(ofPicture.get('imagesize/ncols')), Number(ofPicture.get('imagesize/nrows'))];
  const picture = [ofPicture.get('folder'), ofPicture.get('filename')].map((part) => (part ?? '').trim());
  return { picture: picture.join('/'), stated: width > 0 && height > 0 ? { width, height } : undefined, objects };
}

/** Options of `openTrainingPage()`, and the data that is shown on the page. */
import { abortSignal, flag, group, integer, list, number } from '@synseg/core/guards';
import { rangeError, readOptions, text, value, withDefault } from '@synseg/core/guards';
import type { Option, OptionsOf } from '@synseg/core/guards';

const isText = (given: unknown): given is string => typeof given === 'string';
const anyText = value<string>('be a string', isText);

const tokenText: Option<string> = {
  ...value<string>('be a string of at least 8 characters', isText, ({ length }) => length >= 8, {
    fromText: String,
    placeholder: 'text',
  }),
  secret: true,
};

/** Options of `openTrainingPage()`. */
export const TRAINING_PAGE_OPTIONS = {
  /** Address to listen on. Any but this machine's own makes a token necessary. @default '127.0.0.1' */
  host: withDefault(text(), '127.0.0.1'),
  /** Port to listen on; 0 is any free one. @default 0 */
  port: withDefault(integer({ least: 0, most: 65_535 }), 0),
  /**
   * Secret that a viewer must know, at least 8 characters.
   * @default none on this machine's own address, else 24 random characters
   */
  token: tokenText,
  /** Heading of the page. @default 'training' */
  title: withDefault(anyText, 'training'),
  /** Closes the page at once. */
  signal: abortSignal(),
};
export type TrainingPageOptions = OptionsOf<typeof TRAINING_PAGE_OPTIONS>;

/** Bytes of a picture that is sent to a page. */
const MOST_BYTES = 4 * 2 ** 20;

/** The type of a picture's file by its first bytes. */
export function pictureType(bytes: Uint8Array): 'image/jpeg' | 'image/png' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'image/jpeg';
  return bytes[0] === 0x89 && bytes[1] === 0x50 ? 'image/png' : undefined;
}

const picture = value<Uint8Array>(
  'be a JPEG or PNG file of at most 4 MiB as Uint8Array',
  (given) => given instanceof Uint8Array,
  (bytes) => pictureType(bytes) !== undefined && bytes.length <= MOST_BYTES,
);

/** A held-out picture. */
const HELD_OUT_PICTURE = {
  /** Name of its file; folders in it are not shown. */
  name: anyText,
  photo: picture,
  /** The masks that were drawn. */
  truth: picture,
  /** The masks as the model has them now. */
  prediction: picture,
};
const NEEDED = ['name', 'photo', 'truth', 'prediction'] as const;
/** A held-out picture: three JPEG or PNG files. They are kept until the next ones come: do not write into them. */
export type HeldOutPicture = OptionsOf<typeof HELD_OUT_PICTURE, (typeof NEEDED)[number]>;

/** Pictures that are shown at a time. */
const MOST_PICTURES = 24;
const PICTURES = { step: integer({ least: 0 }), pictures: list(group(HELD_OUT_PICTURE, NEEDED), { least: 0 }) };
const ENTRY = { name: anyText, value: anyText };
/** A line of the plan: `{ name: 'steps', value: '1,200' }`. */
export type PlanEntry = OptionsOf<typeof ENTRY, 'name' | 'value'>;
const PLAN = { plan: list(group(ENTRY, ['name', 'value']), { least: 0 }) };

/** Checks pictures to show. */
export function readPictures(step: unknown, given: unknown): readonly HeldOutPicture[] {
  const { pictures } = readOptions('show pictures', PICTURES, { step, pictures: given }, ['step', 'pictures']);
  if (pictures.length > MOST_PICTURES)
    throw rangeError('show pictures', 'pictures', `be at most ${MOST_PICTURES}`, pictures.length);
  return pictures;
}

const SCORE = { step: integer({ least: 0 }), mIoU: number({ least: 0, most: 1 }), best: flag() };

/** Checks a score to show. */
export function readScore(step: unknown, mIoU: unknown, best: unknown) {
  return readOptions('show score', SCORE, { step, mIoU, best }, ['step', 'mIoU', 'best']);
}

/** Checks a plan to show. */
export function readPlan(given: unknown): readonly PlanEntry[] {
  return readOptions('show plan', PLAN, { plan: given }, ['plan']).plan;
}

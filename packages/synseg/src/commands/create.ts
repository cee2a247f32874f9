/** `synseg create`: a checkpoint from nothing but sizes and a file of captions. */
import { choice, group, integer, list, text, type OptionsOf } from '@synseg/core/guards';
import * as train from '@synseg/train';
import { COLUMN } from '../columns.ts';
import { command, type Context, type Result } from '../context.ts';
import { among } from '../flags.ts';
import { grouped } from '../text.ts';

/** Options of `createCheckpoint()`. */
const CREATE_OPTIONS = {
  /**
   * Tokens at most.
   * @default 2048
   */
  vocabulary: integer(),
  /** Encoder of pictures. */
  vision: group({ side: integer(), patch: integer(), width: integer(), layers: integer(), heads: integer() }),
  /** Encoder of texts. */
  text: group({ width: integer(), layers: integer(), heads: integer(), tokens: integer() }),
  /**
   * Length of an embedding.
   * @default 128
   */
  projectionDim: integer(),
  /**
   * Blocks that the decoder reads, from 0.
   * @default three, up to the last but one
   */
  taps: list(integer({ least: 0 })),
  /** Decoder. */
  decoder: group({
    reduceDim: integer(),
    heads: integer(),
    intermediateSize: integer(),
    head: choice(['simple', 'refined']),
  }),
  /** @default 42 */
  seed: integer({ least: 0 }),
};

/** Flags of `synseg create`. */
export const CREATE_FLAGS = {
  /** New folder. */
  out: { ...text(), placeholder: 'folder' },
  /**
   * Layout of the captions.
   * @default by the name of the file
   */
  format: choice(['tsv', 'csv', 'jsonl', 'coco', 'text']),
  /** Names of fields, or columns from 0. */
  keys: group({ image: COLUMN, caption: COLUMN }),
  ...CREATE_OPTIONS,
};

/** Runs `synseg create`. */
export const create = command({
  name: 'CREATE_FLAGS',
  flags: CREATE_FLAGS,
  needed: ['out'],
  operand: '<captions>',
  help: `
Captions are a file, also packed as .gz. What is written segments, though at random.

Examples:
  $ synseg create captions.jsonl --out nano --vision width=192,layers=6
  $ synseg train --data captions.jsonl --objective contrastive --init nano --out runs/encoders --evaluate-pairs held-out.jsonl
  $ synseg train --data captions.jsonl --recipe best --init runs/encoders/best --out runs/head
`,
  run,
});

async function run(
  { signal, work }: Context,
  flags: OptionsOf<typeof CREATE_FLAGS, 'out'>,
  captions: string,
): Promise<Result> {
  const { out, format, keys } = flags;
  const texts = train.readCaptions(captions, { format, keys, signal });
  const { createCheckpoint = train.createCheckpoint } = work;
  const made = await createCheckpoint(out, texts, { ...among(CREATE_OPTIONS, flags), signal });
  const { vision, text: words, decoder } = made.parameters;
  const millions = (count: number): string => (count / 1e6).toFixed(2);
  const sum = millions(vision + words + decoder);
  const parts = `pictures ${millions(vision)}, texts ${millions(words)}, decoder ${millions(decoder)}`;
  return { json: made, text: `wrote ${made.folder}\n  ${grouped(made.vocabulary)} tokens; ${sum} M numbers: ${parts}` };
}

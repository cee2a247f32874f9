/** `synseg create`: a checkpoint with random weights, whose tokenizer is learned from captions. */
import { text } from '@synseg/core/guards';
import * as train from '@synseg/train';
import { CREATE_OPTIONS, READ_CAPTIONS_OPTIONS } from '@synseg/train/options';
import { command } from '../context.ts';
import { among } from '../flags.ts';
import { grouped } from '../text.ts';

export const CREATE_FLAGS = {
  /** New folder of the checkpoint. */
  out: { ...text(), placeholder: 'folder' },
  ...READ_CAPTIONS_OPTIONS,
  ...CREATE_OPTIONS,
};

export const create = command({
  name: 'CREATE_FLAGS',
  flags: CREATE_FLAGS,
  needed: ['out'],
  operand: '<captions>',
  help: `
The captions are one file, which may be packed as .gz; the tokenizer is learned from
them. The new checkpoint loads and runs, but knows nothing before it is trained.

Examples:
  $ synseg create captions.jsonl --out nano --vision width=192,layers=6
  $ synseg train --encoders --data captions.jsonl --init nano --out runs/encoders --evaluation data=held-out.jsonl
  $ synseg train --data captions.jsonl --init runs/encoders/best --out runs/head
`,
  async run({ signal, work }, flags, captions: string) {
    const texts = train.readCaptions(captions, { ...among(READ_CAPTIONS_OPTIONS, flags), signal });
    const { createCheckpoint = train.createCheckpoint } = work;
    const made = await createCheckpoint(flags.out, texts, { ...among(CREATE_OPTIONS, flags), signal });
    const { vision, text: words, decoder } = made.parameters;
    const millions = (count: number): string => (count / 1e6).toFixed(2);
    const sum = millions(vision + words + decoder);
    const parts = `pictures ${millions(vision)}, texts ${millions(words)}, decoder ${millions(decoder)}`;
    const size = `${grouped(made.vocabulary)} tokens; ${sum} M numbers: ${parts}`;
    return { json: made, text: `wrote ${made.folder}\n  ${size}` };
  },
});

/** `synseg-train create`: a checkpoint from nothing but sizes and a file of captions. */
import type { CheckpointShape } from '../fresh/checkpoint-shape.ts';
import type { CreateOptions, CreatedCheckpoint } from '../fresh/create-checkpoint.ts';
import {
  BROKEN,
  captionFormat,
  captionRecords,
  type CaptionFormat,
  type CaptionKeys,
} from '../phrases/caption-records.ts';
import { grouped, pick, type CommandContext, type CommandResult, type OutputFlags } from './output.ts';

/** `createCheckpoint()`, or what stands for it in a test. */
export type CreateCheckpoint = (
  folder: string,
  captions: AsyncIterable<string>,
  options: CreateOptions,
) => Promise<CreatedCheckpoint>;

/** Flags of `synseg-train create`. */
export interface CreateFlags extends OutputFlags, CheckpointShape, Pick<CreateOptions, 'vocabulary' | 'seed'> {
  readonly out: string;
  readonly format?: Exclude<CaptionFormat, 'spacy'>;
  readonly keys?: CaptionKeys;
}

/** Runs `synseg-train create`. */
export async function createCommand(
  create: CreateCheckpoint,
  { signal }: CommandContext,
  captions: string,
  flags: CreateFlags,
): Promise<CommandResult> {
  const { out, format = captionFormat(captions), keys = {} } = flags;
  const made = await create(out, captionsOf(captions, format, keys, signal), {
    ...pick(flags, 'vision', 'text', 'projectionDim', 'taps', 'decoder', 'vocabulary', 'seed'),
    signal,
  });
  const { vision, text, decoder } = made.parameters;
  const millions = (count: number): string => (count / 1e6).toFixed(2);
  return {
    json: made,
    text:
      `wrote ${made.folder}\n  ${grouped(made.vocabulary)} tokens; ${millions(vision + text + decoder)} M ` +
      `numbers: pictures ${millions(vision)}, texts ${millions(text)}, decoder ${millions(decoder)}`,
  };
}

/** Captions of a file, those that cannot be read left out. */
async function* captionsOf(
  path: string,
  format: CaptionFormat,
  keys: CaptionKeys,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for await (const record of captionRecords({ path, format, keys, header: undefined, signal }))
    if (record !== BROKEN) yield record.caption;
}

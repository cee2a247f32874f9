/** The captions of a file, for who needs no more of it. */
import { captionFormat, captionRecords, type CaptionFormat } from './caption-records.ts';
import type { CaptionKeys } from './caption-columns.ts';
import { BROKEN } from './text-chunks.ts';

/** How {@link readCaptions} reads a file. */
export interface ReadCaptionsOptions {
  /** Layout of the file. @default by its name, which may end in `.gz` */
  readonly format?: Exclude<CaptionFormat, 'spacy'> | undefined;
  /** Names or columns of the fields. */
  readonly keys?: CaptionKeys | undefined;
  readonly signal: AbortSignal;
}

/** Captions of a file in its order; what cannot be read is left out. */
export async function* readCaptions(path: string, options: ReadCaptionsOptions): AsyncGenerator<string> {
  const { format = captionFormat(path), keys = {}, signal } = options;
  for await (const records of captionRecords({ path, format, keys, header: undefined, signal })) {
    for (const record of records) if (record !== BROKEN) yield record.caption;
  }
}

/** The captions of a file, and nothing else of it. */
import { choice, group, readOptions, text, withDefault, SIGNAL_OPTION, type OptionsOf } from '@synseg/core/guards';
import { BROKEN, CAPTION_FORMATS, CAPTION_KEYS, captionFormat, captionRecords } from './caption-records.ts';

/** Options of {@link readCaptions}. */
export const READ_CAPTIONS_OPTIONS = {
  /** Layout of the file. @default by its name, which may end in `.gz` */
  format: choice(CAPTION_FORMATS.filter((name) => name !== 'spacy')),
  /** Names of fields, or columns from 0. */
  keys: withDefault(group(CAPTION_KEYS), {}),
  ...SIGNAL_OPTION,
};
export type ReadCaptionsOptions = OptionsOf<typeof READ_CAPTIONS_OPTIONS>;

/**
 * Captions of a file in its order, for `createCheckpoint()` for example; rows that cannot be read are left out.
 *
 * @param path - file of captions, gzip or not
 */
export async function* readCaptions(path: string, options: ReadCaptionsOptions = {}): AsyncGenerator<string> {
  readOptions('read captions', { path: text() }, { path }, ['path']);
  const { format = captionFormat(path), keys, signal } = readOptions('read captions', READ_CAPTIONS_OPTIONS, options);
  for await (const record of captionRecords({ path, format, keys, header: undefined, signal }))
    if (record !== BROKEN) yield record.caption;
}

/** The files that a source is written to and read from: none may be both. */
import { extname, join } from 'node:path';
import { checkOutputs, type OutputPath } from '@synseg/core/guards';
import { entryOf } from '../file-entry.ts';
import { pngTables } from '../sinks/png-sequence.ts';
import { findPictures } from '../source/sequence.ts';
import { describeSource, sourcePath, type VideoSource } from '../source/source.ts';
import type { GivenFiles, OutputFiles } from '../video-options.ts';

/** A source, and the files to write for it. */
export type SourceOutputs = GivenFiles & { readonly source: VideoSource };

/** Endings of text files. A shell's pattern behind `--csv` makes an output of the first file that fits it. */
const endings = {
  jsonl: ['.jsonl', '.ndjson', '.json', '.txt'],
  coco: ['.json', '.txt'],
  csv: ['.csv', '.tsv', '.txt'],
} as const;

/**
 * Checks, before anything is opened, that no file to write is one that is read or another's, nor one that is there and
 * is plainly something else.
 *
 * @param nameOf - what the caller calls an output: its option's name
 * @param read - other files and folders that are read
 * @throws {RangeError} naming the output and what it meets
 */
export async function checkPlaces(
  action: string,
  sources: readonly SourceOutputs[],
  nameOf: (kind: keyof OutputFiles, index: number) => string,
  read: readonly string[] = [],
): Promise<void> {
  const outputs = sources.flatMap((files, index) => outputPaths(files, (kind) => nameOf(kind, index)));
  if (outputs.length === 0) return;
  const inputs = await Promise.all(sources.map(({ source }) => sourceFiles(source)));
  await checkOutputs(action, outputs, [...inputs.flat(), ...read]);
  for (const [index, files] of sources.entries()) {
    for (const kind of Object.keys(endings) as (keyof typeof endings)[]) {
      const path = files[kind];
      if (path === undefined || ['', ...endings[kind]].includes(extname(path).toLowerCase())) continue;
      const entry = await entryOf(path);
      if (entry?.isFile() !== true || entry.size === 0) continue;
      const rule = `must end in ${endings[kind].join(', ')} to replace a file`;
      throw new RangeError(`Cannot ${action}: ${nameOf(kind, index)} ${rule}, got "${path}"`);
    }
  }
}

/** The places that files are written to. */
function outputPaths(files: GivenFiles, nameOf: (kind: keyof OutputFiles) => string): readonly OutputPath[] {
  const { pngFolder, overlay, jsonl, coco, csv } = files;
  const paths = Object.entries({ overlay, jsonl, coco, csv }).flatMap(([kind, path]): OutputPath[] =>
    path === undefined ? [] : [{ name: nameOf(kind as keyof OutputFiles), path }],
  );
  if (pngFolder === undefined) return paths;
  const name = nameOf('pngFolder');
  const tables = Object.keys(pngTables).map((table) => ({ name: `${table} of ${name}`, path: join(pngFolder, table) }));
  return [...paths, { name, path: pngFolder, folder: true, endings: ['.png'] }, ...tables];
}

/** The files that reading a source reads, as far as they are known before; those of a sequence in its order. */
export async function sourceFiles(source: VideoSource): Promise<readonly string[]> {
  const { kind } = describeSource(source);
  if (kind === 'stdin') return ['-'];
  const path = sourcePath(source);
  if (path === undefined)
    return typeof source === 'object' && 'url' in source ? [source.url.replace(/^file:/, '')] : [];
  if (kind !== 'sequence') return [path];
  // What is wrong with a pattern is said by who reads it.
  const pictures = await findPictures(path).catch(() => undefined);
  return pictures === undefined ? [path] : pictures.names.map((name) => join(pictures.folder, name));
}

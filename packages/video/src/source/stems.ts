/** Names for files that are made of sources. */
import { basename, dirname, extname } from 'node:path';
import { checkKind } from '@synseg/core/guards';
import { describeSource, type VideoSource } from './source.ts';

/** Characters that file systems or shells do not take. */
const foreign = /[\s/\\:*?"<>|\p{Cc}]+/gu;
/** A file system takes 255 bytes of name, four of them for some characters. */
const mostCharacters = 50;

/** True for a text that {@link sourceStems} could give. */
export function isStem(text: string): boolean {
  return text !== '' && text.length <= 4 * mostCharacters && text.search(foreign) === -1 && !/^[.-]/.test(text);
}

/**
 * A name for the files made of each source, without an ending, that every file system takes: `clips/drive.mp4` →
 * `drive`, `camera:0` → `camera-0`, `street/*.jpg` → `street`. Each is its own, also where systems take `A` and `a` for
 * one.
 *
 * @throws {TypeError} when `sources` is no list, or one of them no source.
 * @example
 * ```ts
 * import { sourceStems } from '@synseg/video';
 * const stems = sourceStems(['a/drive.mp4', 'b/drive.mp4', 'rtsp://admin:hunter2@cam/front']);
 * console.assert(stems.join() === 'drive,drive-2,front');
 * ```
 */
export function sourceStems(sources: readonly VideoSource[]): readonly string[] {
  checkKind('name sources', 'sources', sources, Array.isArray(sources), 'be a list');
  const taken = new Set<string>();
  return sources.map((source) => {
    const { kind, name } = describeSource(source);
    const last = kind === 'sequence' ? basename(dirname(name)) : basename(name, extname(name));
    // Dots at the beginning hide a file or lead out of its folder.
    const plain = last.replaceAll(foreign, '-').replace(/^[.-]+/, '');
    const stem = [...plain].slice(0, mostCharacters).join('') || 'source';
    let own = stem;
    for (let number = 2; taken.has(own.toLowerCase()); number++) own = `${stem}-${number}`;
    taken.add(own.toLowerCase());
    return own;
  });
}

/** Text files: UTF-8, with or without a byte order mark, or UTF-16 with one. */
import { readInput } from './input-file.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/**
 * Reads a whole text file up to a limit; a longer or endless file is an error before it fills the memory.
 *
 * @throws Error of the file system, or when the path is a folder or a device
 * @throws RangeError when it has more than `maxTextBytes` bytes
 */
export async function readTextFile(path: string, maxTextBytes: number = DEFAULT_LIMITS.maxTextBytes): Promise<string> {
  const tooLong = (): Error => new RangeError(`more than ${maxTextBytes} bytes (maxTextBytes)`);
  return decodeText(await readInput(path, maxTextBytes, tooLong));
}

/** Text of the bytes, without the byte order mark that says how it is encoded. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(utf16Of(bytes) ?? 'utf-8').decode(bytes);
}

/** The kind of UTF-16 that a byte order mark declares, if any. */
export function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

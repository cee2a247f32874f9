/**
 * How a source is named to ffmpeg and to people. Files and URLs today; cameras, pipes and raw frames get their
 * arguments here too, so that nothing else has to know what kind of source it reads.
 */
import { fileURLToPath } from 'node:url';
import { redactCredentials } from '../process/redact.ts';

/** A video file's path, or a URL that ffmpeg can open (`file:` URLs included). */
export type VideoSource = string | URL;

const scheme = /^[a-z][a-z0-9+.-]+:\/\//i;

/** The local path of a source, or `undefined` if it is a network URL. */
export function sourcePath(source: VideoSource): string | undefined {
  const text = String(source);
  if (/^file:\/\//i.test(text)) return fileURLToPath(text);
  return scheme.test(text) ? undefined : text;
}

/** What ffmpeg and ffprobe take after `-i`: `file:` in front of a path keeps `:` and `-` in names from meaning more. */
export function sourceInput(source: VideoSource): string {
  const path = sourcePath(source);
  return path === undefined ? String(source) : `file:${path}`;
}

/** The source as it may be shown: a path as it is, a URL without its credentials. */
export function sourceName(source: VideoSource): string {
  return redactCredentials(sourcePath(source) ?? String(source));
}

/** @throws {TypeError} when `source` is neither a non-empty string nor a `URL`. */
export function checkSource(source: unknown): asserts source is VideoSource {
  if (source instanceof URL || (typeof source === 'string' && source.length > 0)) return;
  const got = typeof source === 'string' ? '""' : source === null ? 'null' : typeof source;
  throw new TypeError(`Cannot open video: source must be a path or a URL, got ${got}`);
}

/**
 * XML while it is read, strict and bounded. Entities of a document are not expanded: a document type is refused, since
 * annotations have none. The only file that imports saxes.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SaxesParser } from 'saxes';
import { messageOf } from '@synseg/core/guards';
import { turnTaker } from '@synseg/core/runtime';
import { annotationError } from './export-files.ts';

/** Bytes of a file. */
const MAX_BYTES = 2 ** 32;
/** Bytes of one tag, with its attributes, or of a text. */
const MAX_PIECE = 64 * 2 ** 20;
/** Bytes of the inside of an element that is read at once. */
const MAX_PART = 256 * 2 ** 20;
const MAX_DEPTH = 100;
/** Bytes that are parsed between turns of the event loop. */
const CHUNK = 2 ** 16;

/** Those of XML itself. */
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** What an XML file holds, in its order. */
export interface XmlHandlers {
  /** @param at - byte after the tag */
  readonly open: (name: string, attributes: Readonly<Record<string, string>>, at: number) => void;
  /** @param at - byte after the tag */
  readonly close?: (name: string, at: number) => void;
  /** Text between tags, whole. */
  readonly text?: (text: string) => void;
}

/** Part of a file: the inside of an element, up to and with its closing tag. */
export interface XmlPart {
  /** Name of the element. */
  readonly name: string;
  /** Bytes [start, end). */
  readonly start: number;
  readonly end: number;
}

class XmlError extends Error {}

/**
 * Reads a file, or the inside of one of its elements, and calls the handlers; memory does not grow with the file.
 *
 * @throws SynsegError `DATASET_FORMAT` when it cannot be read, is no well-formed XML in UTF-8, or over a limit
 */
export async function readXml(
  path: string,
  handlers: XmlHandlers,
  { part, signal }: { readonly part?: XmlPart; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const fail = (rule: string, got: string, cause?: unknown): never => {
    throw annotationError(`"${path}" must ${rule}`, got, cause);
  };
  try {
    const info = await stat(path);
    if (!info.isFile()) fail('be a readable file', 'something else');
    if (info.size > MAX_BYTES) fail(`have at most ${MAX_BYTES} bytes`, `${info.size}`);
    if (part !== undefined && part.end - part.start > MAX_PART)
      fail(`have at most ${MAX_PART} bytes in a <${part.name}>`, `${part.end - part.start}`);
    const range = part === undefined ? {} : { start: part.start, end: Math.max(part.start, part.end - 1) };
    await parse(createReadStream(path, { highWaterMark: CHUNK, ...range }), handlers, part, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof XmlError) fail('be well-formed XML', cause.message.slice(0, 200), cause);
    if (isOfFiles(cause)) fail('be a readable file', messageOf(cause), cause);
    throw cause;
  }
}

async function parse(
  chunks: AsyncIterable<Uint8Array>,
  handlers: XmlHandlers,
  part: XmlPart | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const parser = new SaxesParser({ xmlns: false, position: false });
  // What a plain object inherits would be entities too.
  parser.ENTITIES = Object.assign(Object.create(null) as Record<string, string>, ENTITIES);
  const places = new BytePlaces();
  let [depth, sinceEvent] = [0, 0];
  parser.on('error', ({ message }) => {
    throw new XmlError(message);
  });
  parser.on('doctype', () => {
    throw new XmlError('a document type');
  });
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    sinceEvent = 0;
    if (depth > MAX_DEPTH) throw new XmlError(`more than ${MAX_DEPTH} elements within each other`);
    handlers.open(name, attributes, places.byteAt(parser.position));
  });
  parser.on('closetag', ({ name }) => {
    depth -= 1;
    sinceEvent = 0;
    handlers.close?.(name, places.byteAt(parser.position));
  });
  if (handlers.text !== undefined) parser.on('text', handlers.text);
  if (part !== undefined) parser.write(`<${part.name}>`);
  const giveTurn = turnTaker(signal);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const write = (text: string): void => {
    places.add(text);
    parser.write(text);
  };
  for await (const chunk of chunks) {
    sinceEvent += chunk.length;
    if (sinceEvent > MAX_PIECE) throw new XmlError(`a tag or text of more than ${MAX_PIECE} bytes`);
    write(decoded(decoder, chunk));
    await giveTurn();
  }
  write(decoded(decoder));
  parser.close();
}

function decoded(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new XmlError('bytes that are no text in UTF-8');
  }
}

function isOfFiles(error: unknown): boolean {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** Places in a text as places in the UTF-8 that it was decoded from. */
class BytePlaces {
  #window = '';
  /** Character of the text that the window begins with, and its byte. */
  #character = 0;
  #byte = 0;

  /** Adds text that is parsed next. */
  add(text: string): void {
    this.#window += text;
  }

  /** The byte of a character; asked in ascending order. */
  byteAt(character: number): number {
    const passed = this.#window.slice(0, character - this.#character);
    this.#window = this.#window.slice(passed.length);
    this.#character = character;
    this.#byte += Buffer.byteLength(passed);
    return this.#byte;
  }
}

/** Elements of a JSON file that is a list, one after the other, and where each lies: the file is never kept. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { messageOf } from '@synseg/core/guards';
import { turnTaker } from '@synseg/core/runtime';
import { annotationError } from './export-files.ts';

/** Bytes of a file, and of one element. */
const MAX_BYTES = 2 ** 32;
const MAX_ELEMENT = 64 * 2 ** 20;
const MAX_ELEMENTS = 1_000_000;

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [34, 92, 44, 91, 93, 123, 125];

/** A part of a file, bytes [start, end). */
export interface JsonPart {
  readonly start: number;
  readonly end: number;
}

/** An element of a list. */
export interface JsonElementPart extends JsonPart {
  readonly value: unknown;
}

/**
 * The elements of the list that a file is.
 *
 * @throws SynsegError `DATASET_FORMAT` when it cannot be read, is no list in JSON, or over a limit
 */
export async function* jsonParts(path: string, signal: AbortSignal | undefined): AsyncGenerator<JsonElementPart> {
  const fail = (rule: string, got: string, cause?: unknown): never => {
    throw annotationError(`"${path}" must ${rule}`, got, cause);
  };
  await checkFile(path);
  const giveTurn = turnTaker(signal);
  let [depth, isText, isEscaped, isDone] = [0, false, false, false];
  let held: Buffer[] = [];
  let [heldBytes, start, count, offset] = [0, 0, 0, 0];
  const finish = (end: number, isLast: boolean): JsonElementPart | undefined => {
    const text = Buffer.concat(held).toString('utf8');
    [held, heldBytes] = [[], 0];
    if (isLast && count === 0 && text.trim() === '') return undefined;
    if (++count > MAX_ELEMENTS) fail(`have at most ${MAX_ELEMENTS} elements`, 'more');
    return { start, end, value: parsed(text, path) };
  };
  for await (const chunk of readable(path)) {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (isText) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isText = false;
        continue;
      }
      if (byte === QUOTE) isText = true;
      else if (byte === OPEN || byte === OPEN_LIST) {
        if (depth++ === 0) {
          if (byte !== OPEN_LIST || isDone) fail('be a list in JSON', 'something else');
          [from, start] = [at + 1, offset + at + 1];
        }
      } else if (byte === CLOSE || byte === CLOSE_LIST || byte === COMMA) {
        if (byte !== COMMA) depth -= 1;
        const isLast = byte !== COMMA && depth === 0;
        if (depth < 0) fail('be a list in JSON', 'more brackets closed than opened');
        if (!isLast && !(byte === COMMA && depth === 1)) continue;
        held.push(chunk.subarray(from, at));
        const element = finish(offset + at, isLast);
        [from, start] = [at + 1, offset + at + 1];
        isDone ||= isLast;
        if (element !== undefined) yield element;
      }
    }
    if (depth > 0) {
      held.push(chunk.subarray(from));
      heldBytes += chunk.length - from;
    }
    if (heldBytes > MAX_ELEMENT) fail(`have elements of at most ${MAX_ELEMENT} bytes`, 'more');
    offset += chunk.length;
    const turn = giveTurn();
    if (turn !== undefined) await turn;
  }
  if (!isDone) fail('be a whole list in JSON', offset === 0 ? 'an empty file' : 'one that ends too early');
}

/** Reads one element again. @throws SynsegError `DATASET_FORMAT` */
export async function readPart(path: string, { start, end }: JsonPart): Promise<unknown> {
  const bytes = Buffer.alloc(end - start);
  try {
    const file = await open(path);
    try {
      await file.read(bytes, 0, bytes.length, start);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return parsed(bytes.toString('utf8'), path);
}

async function checkFile(path: string): Promise<void> {
  const info = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (!info.isFile()) throw annotationError(`"${path}" must be a readable file`, 'something else');
  if (info.size > MAX_BYTES) throw annotationError(`"${path}" must have at most ${MAX_BYTES} bytes`, `${info.size}`);
}

async function* readable(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw annotationError(`"${path}" must be JSON`, messageOf(cause).slice(0, 200), cause);
  }
}

function unreadable(path: string, cause: unknown): Error {
  return annotationError(`"${path}" must be a readable file`, messageOf(cause), cause);
}

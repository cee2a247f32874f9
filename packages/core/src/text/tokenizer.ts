/**
 * CLIP's byte-pair tokenizer, run by `@huggingface/tokenizers`; the only file that imports it.
 *
 * A folder may have `tokenizer.json`, or only the older `vocab.json` + `merges.txt`, from which the same pipeline is
 * put together here.
 */
import { checkpointError } from '../checkpoint/checkpoint-error.ts';
import { readJson } from '../checkpoint/checkpoint.ts';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { messageOf, type SynsegError } from '../errors.ts';
import { describeValue, isPlain } from '../guard/arguments.ts';
import { sizeOf } from '../guard/input-file.ts';
import { readTextFile } from '../guard/text-file.ts';
import { cleanText } from './clean-text.ts';

const ACTION = 'load tokenizer';

/** Token ids of one prompt, from the start token to the end token. */
export type TokenIds = readonly number[];

/** Splits prompts into CLIP's token ids. */
export class ClipTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #maxTokens: number;

  private constructor(tokenizer: Tokenizer, maxTokens: number) {
    this.#tokenizer = tokenizer;
    this.#maxTokens = maxTokens;
  }

  /**
   * Loads the tokenizer of a checkpoint folder.
   *
   * @param folder - holds `tokenizer.json`, or `vocab.json` and `merges.txt`
   * @param maxTokens - longest prompt the text encoder takes, start and end tokens included
   * @throws SynsegError `CHECKPOINT_FORMAT` when the files are missing or broken
   */
  static async load(folder: string, maxTokens: number): Promise<ClipTokenizer> {
    const definition = (await readObject(join(folder, 'tokenizer.json'))) ?? (await clipDefinition(folder));
    const config = (await readObject(join(folder, 'tokenizer_config.json'))) ?? {};
    try {
      return new ClipTokenizer(new Tokenizer(definition, config), maxTokens);
    } catch (cause) {
      throw checkpointError(ACTION, `${folder} must hold a valid CLIP tokenizer, got ${problemOf(cause)}`, cause);
    }
  }

  /**
   * Token ids of a prompt, cleaned as CLIP does; one that is too long loses its tail and keeps its end token.
   *
   * @throws SynsegError `CHECKPOINT_FORMAT` when the tokenizer's files give something else than ids
   */
  encode(prompt: string): TokenIds {
    const ids = this.#idsOf(prompt);
    if (ids.length <= this.#maxTokens) return ids;
    return [...ids.slice(0, this.#maxTokens - 1), ids.at(-1) as number];
  }

  #idsOf(prompt: string): TokenIds {
    const fail = (got: string, cause?: unknown): SynsegError =>
      checkpointError('tokenize', `the checkpoint's tokenizer must give whole numbers as token ids, got ${got}`, cause);
    let ids: readonly unknown[];
    try {
      ({ ids } = this.#tokenizer.encode(cleanText(prompt)));
    } catch (cause) {
      throw fail(problemOf(cause), cause);
    }
    if (ids.length === 0) throw fail('none');
    const odd = ids.findIndex((id) => !Number.isSafeInteger(id) || (id as number) < 0);
    if (odd >= 0) throw fail(describeValue(ids[odd]));
    return ids as TokenIds;
  }
}

/** The library's message about files that it rejects, or a general one where it merely crashed on them. */
function problemOf(cause: unknown): string {
  const crashed = cause instanceof TypeError || cause instanceof RangeError;
  return crashed ? 'parts that do not fit together' : messageOf(cause);
}

const FILES = ['tokenizer.json', 'tokenizer_config.json', 'vocab.json', 'merges.txt'];

/** The files of a folder that decide which ids a prompt has, as far as they are there. */
export async function tokenizerFiles(folder: string): Promise<string[]> {
  const paths = FILES.map((name) => join(folder, name));
  const sizes = await Promise.all(paths.map(sizeOf));
  return paths.filter((_, index) => sizes[index] !== undefined);
}

async function readObject(path: string): Promise<Record<string, unknown> | undefined> {
  const json = await readJson(path, ACTION);
  if (json === undefined || isPlain(json)) return json as Record<string, unknown> | undefined;
  throw checkpointError(ACTION, `${path} must be a JSON object, got ${describeValue(json)}`);
}

/** CLIP's words: letters, single digits, runs of other signs; and the two special tokens. */
const WORDS = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/** The pipeline of CLIP's fast tokenizer, from its vocabulary and merges. */
async function clipDefinition(folder: string): Promise<Record<string, unknown>> {
  const vocab = (await readObject(join(folder, 'vocab.json'))) as Record<string, number> | undefined;
  const merges = await readTextFile(join(folder, 'merges.txt')).catch(() => undefined);
  if (vocab === undefined || merges === undefined)
    throw checkpointError(ACTION, `folder must hold tokenizer.json, or vocab.json and merges.txt, got ${folder}`);
  const [start, end] = ['<|startoftext|>', '<|endoftext|>'];
  const special = (content: string): Record<string, unknown> => {
    const id = vocab[content];
    if (id === undefined) throw checkpointError(ACTION, `vocab.json must contain "${content}", got none (${folder})`);
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: content === start };
    return { id, content, special: true, ...plain };
  };
  const lines = merges.split(/\r?\n/);
  const pairs = lines.filter((line, index) => line !== '' && !(index === 0 && line.startsWith('#version')));
  const spaces = { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' };
  const bytes = { type: 'ByteLevel', trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    added_tokens: [special(start), special(end)],
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, spaces, { type: 'Lowercase' }] },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Removed', invert: true },
        { ...bytes, add_prefix_space: false },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      ...{ sep: [end, vocab[end]], cls: [start, vocab[start]], trim_offsets: false, add_prefix_space: false },
    },
    decoder: { ...bytes, add_prefix_space: true },
    model: {
      type: 'BPE',
      ...{ unk_token: end, continuing_subword_prefix: '', end_of_word_suffix: '</w>', fuse_unk: false },
      ...{ vocab, merges: pairs },
    },
  };
}

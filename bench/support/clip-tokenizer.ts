/**
 * A small byte-level BPE tokenizer of the same make as CLIP's, with a vocabulary of our own: every word it is given
 * becomes one token, as frequent words are in CLIP's, so that prompts have their usual length.
 */

const START = '<|startoftext|>';
const END = '<|endoftext|>';
const WORD_END = '</w>';

/** Bytes as the printable characters byte-level BPE writes them in. */
function byteCharacters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** Merges that make one token of each word, in an order in which later words never break earlier ones. */
function mergesOf(words: readonly string[]): [string, string][] {
  const merges: [string, string][] = [];
  for (const word of words) {
    const symbols = [...word];
    symbols.push(`${symbols.pop() ?? ''}${WORD_END}`);
    for (const [left, right] of merges) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        if (symbols[i] === left && symbols[i + 1] === right) symbols.splice(i, 2, left + right);
      }
    }
    while (symbols.length > 1) {
      const [left = '', right = ''] = symbols;
      merges.push([left, right]);
      symbols.splice(0, 2, left + right);
    }
  }
  return merges;
}

/**
 * The `tokenizer.json` of such a tokenizer.
 *
 * @param words - lower-case ASCII words
 * @param vocabularySize - ids of the two special tokens are the last two
 */
export function clipTokenizerJson(words: readonly string[], vocabularySize: number): Record<string, unknown> {
  const letters = byteCharacters();
  const merges = mergesOf(words);
  const tokens = [
    ...letters,
    ...letters.map((letter) => letter + WORD_END),
    ...new Set(merges.map(([left, right]) => left + right)),
  ];
  const vocab: Record<string, number> = Object.fromEntries(tokens.map((token, id) => [token, id]));
  for (let id = tokens.length; id < vocabularySize - 2; id++) vocab[`<|unused${id}|>`] = id;
  vocab[START] = vocabularySize - 2;
  vocab[END] = vocabularySize - 1;
  const special = (content: string): object => ({
    id: vocab[content],
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const byteLevel = { type: 'ByteLevel', trim_offsets: true, use_regex: true };
  const wordPattern =
    "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  return {
    version: '1.0',
    added_tokens: [special(START), special(END)],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: wordPattern }, behavior: 'Removed', invert: true },
        { ...byteLevel, add_prefix_space: false },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [END, vocab[END]],
      cls: [START, vocab[START]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { ...byteLevel, add_prefix_space: true },
    model: {
      type: 'BPE',
      unk_token: END,
      continuing_subword_prefix: '',
      end_of_word_suffix: WORD_END,
      fuse_unk: false,
      vocab,
      merges: merges.map((pair) => pair.join(' ')),
    },
  };
}

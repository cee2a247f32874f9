/**
 * Tokenizers: `tokenizer.json`, the older `vocab.json` with `merges.txt`, and a vocabulary of our own; then prompts. A
 * table of words; then labels.
 */
import { openCheckpoint } from '../../../packages/core/src/checkpoint/checkpoint.ts';
import { encodeSafetensors } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { WordTable } from '../../../packages/core/src/labels/word-table.ts';
import { promptBatch } from '../../../packages/core/src/text/prompt-batch.ts';
import { ClipTokenizer } from '../../../packages/core/src/text/tokenizer.ts';
import { Vocabulary } from '../../../packages/core/src/text/vocabulary.ts';
import { gaussians } from '../../support/random.ts';
import { SMALL_WORDS } from '../../support/small-words.ts';
import { tinyVocabulary } from '../../support/tiny-clipseg.ts';
import { mutateBytes, mutateJson, mutateText } from '../mutation.ts';
import type { Draw } from '../draw.ts';
import type { Case, Subject } from '../subject.ts';

const DIM = 4;
const PROMPTS = ['a photo of the road', 'car', '', '\ud800 🙂 ́', 'the '.repeat(200)];
const CONFIG = JSON.stringify({
  model_type: 'synseg',
  trunk: { file: 'trunk.onnx', inputSize: [32, 32], patchSize: 8, patchGrid: [4, 4], tapDims: [32] },
  text: { vocabulary: 'names.json', embeddings: 'names.safetensors', dim: DIM },
  decoder: { layers: 1, reduce_dim: 16 },
});

export function open(folder: string): Subject {
  const { vocab, merges } = tinyVocabulary();
  const [start, end] = ['<|startoftext|>', '<|endoftext|>'];
  const token = (content: string): object => ({
    id: vocab[content],
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const tokenizer = {
    version: '1.0',
    added_tokens: [token(start), token(end)],
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
        { type: 'Split', pattern: { Regex: '[\\p{L}]+|[\\p{N}]' }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [end, vocab[end]],
      cls: [start, vocab[start]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      unk_token: end,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      vocab,
      merges: merges.split('\n').slice(1, -1),
    },
  };
  const names = { names: ['road', 'parked car', 'sky'] };
  const embeddings = encodeSafetensors(new Map([['embeddings', { shape: [3, DIM], data: gaussians(3 * DIM, 1) }]]));
  const mutated = (draw: Draw, value: unknown): string | Uint8Array =>
    draw.once(6) ? mutateBytes(draw, Buffer.from(JSON.stringify(value))) : mutateJson(draw, value);

  const clip = (files: Record<string, string | Uint8Array>): Case => ({
    files,
    run: async () => {
      const tokens = await ClipTokenizer.load(folder, 77);
      promptBatch(PROMPTS.map((prompt) => tokens.encode(prompt)));
    },
  });
  return {
    make: (draw) => {
      switch (draw.integer(0, 6)) {
        case 0:
          return clip({ 'vocab.json': mutated(draw, vocab), 'merges.txt': merges });
        case 1:
          return clip({
            'vocab.json': JSON.stringify(vocab),
            'merges.txt': draw.once(2) ? mutateText(draw, merges) : mutateBytes(draw, Buffer.from(merges)),
          });
        case 2:
          return clip({
            'tokenizer.json': JSON.stringify(tokenizer),
            'tokenizer_config.json': mutated(draw, {
              model_max_length: 77,
              do_lower_case: true,
              unk_token: end,
              bos_token: token(start),
            }),
          });
        case 3:
          return {
            files: {
              'config.json': CONFIG,
              'model.safetensors': embeddings,
              'names.json': mutated(draw, names),
              'names.safetensors': draw.once(3) ? mutateBytes(draw, embeddings) : embeddings,
            },
            run: async () => {
              const { config } = await openCheckpoint(folder);
              const vocabulary = await Vocabulary.load(folder, config);
              vocabulary.embed([['Parked_Car', 'sky'], ['road']]);
            },
          };
        case 4:
          return {
            files: { 'words.json': mutated(draw, { ...SMALL_WORDS, vectors: { cow: 'AABcPA==' } }) },
            run: async () => {
              const table = await WordTable.load(folder, 2);
              for (const label of [...PROMPTS, 'a red Poodle']) if (!table?.find(label)) table?.alike(label);
            },
          };
        default: {
          // The vocabulary is most of the file, and the least of what can be wrong.
          const { model, ...rest } = tokenizer;
          const text = draw.once(3)
            ? mutated(draw, tokenizer)
            : mutateJson(draw, { ...rest, model: { ...model, vocab: '@vocab' } }).replace('"@vocab"', () =>
                JSON.stringify(vocab),
              );
          return clip({ 'tokenizer.json': text });
        }
      }
    },
  };
}

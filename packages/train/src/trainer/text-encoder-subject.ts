/** A text encoder as the subject of a run: texts with a vector each, scored by the nearest name. */
import { ClipTokenizer, Vocabulary, promptBatch } from '@synseg/core/checkpoint';
import { dataError } from '../data/data-error.ts';
import { readNamedTexts } from '../data/named-texts.ts';
import { textEncoderOf } from '../step-graph/encode-texts.ts';
import { WITHOUT_DECODER } from '../step-graph/step-spec.ts';
import type { EngineLink } from './engine-link.ts';
import type { Opening, Score, Subject } from './subject.ts';
import { TextBatches, textBatch, type TokenizedText } from './text-batches.ts';
import type { TextEncoderPlan } from './train-plan.ts';

/** Names of a vocabulary's two files. */
const FILES = { kind: 'vocabulary', names: 'vocab.json', embeddings: 'vocab.safetensors' } as const;
/** Texts that are scored at once. */
const SCORED = 256;
/** Cosines that differ by rounding alone are equal: names may share a vector. */
const ROUNDING = 1e-6;

/** Opens texts, vectors and tokenizer. @throws SynsegError `CHECKPOINT_FORMAT` for a checkpoint with a vocabulary */
export async function openTextEncoderSubject(
  plan: TextEncoderPlan,
  { base, callbacks: { onProgress, signal }, warn }: Opening,
): Promise<Subject> {
  const { maxTokens } = textEncoderOf(base.config);
  const { embeddingDim } = base.config;
  const tokenizer = await ClipTokenizer.load(base.folder, maxTokens);
  const vocabulary = await Vocabulary.load(plan.vectors, { text: FILES, embeddingDim });
  const read = async (path: string): Promise<readonly TokenizedText[]> =>
    (await readNamedTexts(path, vocabulary, signal)).map((line) => ({ ...line, ids: tokenizer.encode(line.text) }));
  const texts = await read(plan.data);
  const scored = plan.evaluation.data === undefined ? texts : await read(plan.evaluation.data);
  const full = texts.filter(({ ids }) => ids.length === maxTokens).length;
  if (full > 0)
    warn(
      'health',
      `Texts may lose their end: ${full} of ${texts.length} have the ${maxTokens} tokens that the text encoder ` +
        'takes, or more. What helps: a checkpoint with more tokens, or with a larger vocabulary (synseg create).',
    );
  const tokens = texts.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const vectors = vectorsOf(vocabulary);
  const compose = (some: readonly TokenizedText[]): ReturnType<typeof textBatch> =>
    textBatch(some, tokens, vectors, embeddingDim);
  return {
    spec: { ...WITHOUT_DECODER, kind: 'texts', tokens },
    files: () => new Map(),
    start: async ({ engine, resumed }) => {
      await engine.constants({ vectors: units(vectors, embeddingDim) });
      const onDone = (done: number): void => onProgress?.({ stage: 'evaluate', done, total: scored.length });
      return {
        batches: new TextBatches(texts, compose, { ...plan, from: resumed?.position }),
        evaluate: () => score(scored, vocabulary.names.length, engine, signal, onDone),
      };
    },
  };
}

/** All vectors, one after the other. @throws SynsegError `DATASET_FORMAT` for one without a direction */
function vectorsOf(vocabulary: Vocabulary): Float32Array {
  const vectors = vocabulary.embed(vocabulary.names.map((name) => [name]));
  const dim = vectors.length / vocabulary.names.length;
  const zero = vocabulary.names.find((_, row) => vectors.subarray(row * dim, (row + 1) * dim).every((x) => x === 0));
  if (zero !== undefined) throw dataError(`the vector of "${zero}" must have a direction`, 'zeros');
  return vectors;
}

/** The vectors at length one. */
function units(vectors: Float32Array, dim: number): Float32Array {
  const lengths = Float64Array.from({ length: vectors.length / dim }, (_, row) =>
    Math.hypot(...vectors.subarray(row * dim, (row + 1) * dim)),
  );
  return vectors.map((value, index) => value / (lengths[Math.floor(index / dim)] as number));
}

async function score(
  texts: readonly TokenizedText[],
  names: number,
  engine: Pick<EngineLink, 'cosines'>,
  signal: AbortSignal | undefined,
  onDone: (done: number) => void,
): Promise<Score> {
  let [hits, sum] = [0, 0];
  // Texts of like length share a run, so that padding costs little.
  const sorted = [...texts].sort((a, b) => a.ids.length - b.ids.length);
  for (let start = 0; start < sorted.length; start += SCORED) {
    signal?.throwIfAborted();
    const some = sorted.slice(start, start + SCORED);
    const cosines = await engine.cosines(promptBatch(some.map(({ ids }) => ids)));
    some.forEach(({ row }, index) => {
      const of = cosines.subarray(index * names, (index + 1) * names);
      const own = of[row] as number;
      hits += Number(of.every((cosine) => cosine <= own + ROUNDING));
      sum += own;
    });
    onDone(start + some.length);
  }
  return { nearest: hits / texts.length, cosine: sum / texts.length, texts: texts.length, names };
}

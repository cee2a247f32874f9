/** Encoders as the subject of a run: pictures with a caption each, scored by retrieval. */
import { ClipTokenizer } from '@synseg/core/checkpoint';
import { openDataset } from '../sources/open-dataset.ts';
import { encodersOf } from '../step-graph/encode-pairs.ts';
import { WITHOUT_DECODER } from '../step-graph/step-spec.ts';
import { composePairs, pictureBatches, type BatchSource } from './batch-source.ts';
import { WHOLE_CAPTIONS, readHeldOut } from './held-out-pairs.ts';
import type { PairBatch } from './protocol.ts';
import { retrieve } from './retrieval.ts';
import type { EncodersPlan } from './train-plan.ts';
import type { Opening, Subject } from './subject.ts';

/** Opens pairs and tokenizer. @throws SynsegError `CHECKPOINT_FORMAT` for a checkpoint without both encoders */
export async function openEncoderSubject(
  plan: EncodersPlan,
  { base, callbacks: { onProgress, signal }, reading, warn, onClose }: Opening,
): Promise<Subject> {
  const { maxTokens } = encodersOf(base.config).text;
  const tokenizer = await ClipTokenizer.load(base.folder, maxTokens);
  const tokenize = (text: string): readonly number[] => tokenizer.encode(text);
  const dataset = await openDataset(plan.data, { ...WHOLE_CAPTIONS, ...reading });
  const patches = base.config.patchGrid[0] * base.config.patchGrid[1];
  const patchesKept = plan.patchDropout === 0 ? undefined : Math.max(1, Math.round(patches * (1 - plan.patchDropout)));
  const settings = { tokenize, maxTokens, tokens: 1 + patches, patchesKept, seed: plan.seed };
  return {
    spec: { ...WITHOUT_DECODER, kind: 'pairs', patchesKept },
    files: () => new Map(),
    start: async ({ engine, loading }) => {
      const compose = composePairs(settings, (message) => warn('health', message));
      const batches = (): BatchSource => pictureBatches(dataset, { ...loading, maxCategories: 1 }, compose, onClose);
      if (plan.evaluation === undefined) return { batches: batches() };
      const heldOut = await readHeldOut(plan.evaluation, loading, tokenize, maxTokens);
      const embed = (part: PairBatch): ReturnType<typeof engine.embed> => {
        signal?.throwIfAborted();
        return engine.embed(part);
      };
      return {
        batches: batches(),
        evaluate: () =>
          retrieve(heldOut, plan.batchSize, embed, (done) =>
            onProgress?.({ stage: 'evaluate', done, total: heldOut.pairs }),
          ),
      };
    },
  };
}

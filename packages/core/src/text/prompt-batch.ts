/** Token ids of several prompts as the text graph takes them. */
import type { TokenIds } from './tokenizer.ts';

/** A batch of prompts, padded to the longest: the inputs of the text graph. */
export interface PromptBatch extends Record<string, Integers> {
  /** int64 `[prompts, tokens]` */
  ids: Integers;
  /** int64 `[tokens]`: 0 … tokens − 1 */
  positions: Integers;
  /** int64 `[prompts]`: index of each end token among all ids */
  ends: Integers;
}
interface Integers {
  readonly data: BigInt64Array;
  readonly shape: readonly number[];
}

/**
 * Packs prompts. The padding repeats the end token; nothing after a prompt's end bears on its embedding.
 *
 * @param tokens - length to pad to; the longest prompt's by default
 */
export function promptBatch(
  prompts: readonly TokenIds[],
  tokens = Math.max(...prompts.map((ids) => ids.length)),
): PromptBatch {
  const ids = new BigInt64Array(prompts.length * tokens);
  const ends = new BigInt64Array(prompts.length);
  prompts.forEach((prompt, row) => {
    const end = prompt.length - 1;
    for (let column = 0; column < tokens; column++)
      ids[row * tokens + column] = BigInt(prompt[Math.min(column, end)] as number);
    ends[row] = BigInt(row * tokens + end);
  });
  return {
    ids: { data: ids, shape: [prompts.length, tokens] },
    positions: { data: BigInt64Array.from({ length: tokens }, (_, index) => BigInt(index)), shape: [tokens] },
    ends: { data: ends, shape: [prompts.length] },
  };
}

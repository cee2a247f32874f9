/** The text thread's work: prompts to embeddings with CLIP's text encoder. */
import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { buildTextGraph } from '../model/model-graphs.ts';
import { promptBatch } from '../text/prompt-batch.ts';
import { ClipTokenizer, type TokenIds } from '../text/tokenizer.ts';
import { EngineLoader } from './engine-loader.ts';
import { eventTurn } from './event-turn.ts';
import { PooledEmbeddings, type Pooling } from '../text/pooling.ts';
import type { EngineInfo, EngineSettings } from './protocol.ts';
import type { RunGuard } from './run-guard.ts';
import type { GraphSession } from './graph-session.ts';

/** Prompts per run: large enough to fill the processor, small enough that a cancelled request stops soon. */
const PROMPTS_PER_RUN = 16;

/** A tokenizer and the text encoder's session. */
export class TextEngine {
  readonly info: EngineInfo;
  readonly #tokenizer: ClipTokenizer;
  readonly #session: GraphSession;
  readonly #guard: RunGuard;

  private constructor(info: EngineInfo, tokenizer: ClipTokenizer, session: GraphSession, guard: RunGuard) {
    [this.info, this.#tokenizer, this.#session, this.#guard] = [info, tokenizer, session, guard];
  }

  /** Loads tokenizer and text encoder of a checkpoint that has them. */
  static async load(settings: EngineSettings, guard: RunGuard): Promise<TextEngine> {
    const checkpoint = await openCheckpoint(settings.folder);
    const { config } = checkpoint;
    if (config.text.kind !== 'clip')
      throw new RangeError(`internal: text engine must have a text encoder, got ${config.text.kind}`);
    const tokenizer = await ClipTokenizer.load(settings.folder, config.text.maxTokens);
    // Embeddings are computed once and kept: they are not worth less than full precision.
    const exact: EngineSettings = { ...settings, precision: 'fp32' };
    const { loader, session } = await EngineLoader.start(checkpoint, exact, guard, (candidate) =>
      candidate.session('text', () => buildTextGraph(config, candidate.parameters)),
    );
    return new TextEngine(loader.info, tokenizer, session, guard);
  }

  /**
   * Embeds labels, each its prompts' embeddings pooled, not normalized.
   *
   * @param labels - prompts per label
   * @param cancelled - asked between runs; true gives up
   * @returns float32 `[labels, embeddingDim]`, or undefined when cancelled
   */
  async embed(
    labels: readonly (readonly string[])[],
    pooling: Pooling,
    cancelled: () => boolean,
  ): Promise<Float32Array | undefined> {
    const dim = this.info.config.embeddingDim;
    const counts = labels.map((texts) => texts.length);
    const pooled = new PooledEmbeddings(counts, dim, pooling);
    const prompts = labels.flatMap((texts, label) =>
      texts.map((text) => ({ label, ids: this.#tokenizer.encode(text) })),
    );
    // Prompts of like length share a run, so that padding costs little.
    prompts.sort((a, b) => a.ids.length - b.ids.length);
    for (let start = 0; start < prompts.length; start += PROMPTS_PER_RUN) {
      await eventTurn();
      if (cancelled()) return undefined;
      const some = prompts.slice(start, start + PROMPTS_PER_RUN);
      const embeddings = await this.#encode(some.map(({ ids }) => ids));
      some.forEach(({ label }, row) => pooled.add(label, embeddings.subarray(row * dim, (row + 1) * dim)));
    }
    return pooled.result();
  }

  async #encode(prompts: readonly TokenIds[]): Promise<Float32Array> {
    const { embeddings } = await this.#guard.run(() => this.#session.run(promptBatch(prompts)));
    return embeddings?.data as Float32Array;
  }

  /** Frees the session. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}

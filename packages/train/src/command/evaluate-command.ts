/** `synseg-train evaluate`: a score, with the protocol it was got under. */
import type { EvaluateOptions } from '../evaluate/evaluate-options.ts';
import { formatScore } from '../evaluate/format-score.ts';
import type { Score } from '../evaluate/score.ts';
import { grouped, pick, type CommandContext, type CommandResult, type OutputFlags } from './output.ts';
import { progressView } from './progress.ts';

/** `evaluate()`, or what stands for it in a test. */
export type Evaluate = (model: string, options: EvaluateOptions) => Promise<Score>;

const OPTIONS = [
  ...(['dataset', 'root', 'split', 'labels', 'background', 'threshold', 'offset', 'limit', 'views', 'merge'] as const),
  ...(['templates', 'classes', 'sheet', 'sheetPictures', 'device', 'precision', 'threads', 'maxPixels'] as const),
] satisfies readonly (keyof EvaluateOptions)[];

/** Flags of `synseg-train evaluate`. */
export interface EvaluateFlags extends OutputFlags, Pick<EvaluateOptions, (typeof OPTIONS)[number]> {
  readonly model: string;
}

/** Runs `synseg-train evaluate`. */
export async function evaluateCommand(
  evaluate: Evaluate,
  { stdout, stderr, signal }: CommandContext,
  flags: EvaluateFlags,
): Promise<CommandResult> {
  const view = progressView(stderr, stdout, flags);
  const onProgress: EvaluateOptions['onProgress'] = ({ done, total, failed }) => {
    view.show({
      share: done / total,
      text: `${grouped(done)}/${grouped(total)} pictures${failed === 0 ? '' : `, ${grouped(failed)} failed`}`,
    });
  };
  try {
    view.show({ share: 0, text: 'loading' });
    const score = await evaluate(flags.model, { ...pick(flags, ...OPTIONS), onProgress, signal });
    const sheet = flags.sheet === undefined ? '' : `\n\nwrote ${flags.sheet}`;
    return { json: score, text: `${formatScore(score)}${sheet}` };
  } finally {
    view.close();
  }
}

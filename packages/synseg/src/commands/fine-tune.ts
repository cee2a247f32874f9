/** `synseg train DATA --out DIR`: a checkpoint of one's own; its plan first, then its steps, and what came of it. */
import type { FineTuned, FineTuneProgress } from '@synseg/train';
import * as library from '@synseg/train';
import { FINE_TUNE_OPTIONS } from '@synseg/train/options';
import { command } from '../context.ts';
import { among } from '../flags.ts';
import { grouped, percent, table } from '../text.ts';

const FINE_TUNE_FLAGS = { ...FINE_TUNE_OPTIONS };

export const fineTuning = command({
  name: 'FINE_TUNE_FLAGS',
  flags: FINE_TUNE_FLAGS,
  needed: ['out'],
  operand: '<data>',
  help: `
Trains a checkpoint of your own on annotated pictures, as annotation tools export
them: a folder, a zip or a file. It starts from the checkpoint that comes with the
package, holds a tenth of the pictures back where they have no split, keeps the best
step, and writes the checkpoint to model/ and report.html in the folder of the run.

Ctrl-C keeps what there is; the same command goes on from there.

Examples:
  $ synseg inspect export.zip
  $ synseg train export.zip --out runs/animals
  $ synseg segment photo.jpg --model runs/animals/model --labels emu,flamingo

With --data in place of the operand, every option of training can be set: see
"synseg train --data x --help". Encoders: "synseg train --encoders --help",
"synseg train --text-encoder --help".
`,
  async run({ signal, progress, note, warn, work }, flags, data: string) {
    const { fineTune = library.fineTune } = work;
    const told = new Set<string>();
    const tuning = fineTune(data, {
      ...among(FINE_TUNE_OPTIONS, flags),
      out: flags.out,
      signal,
      onWarning: ({ message }) => {
        if (!told.has(message)) warn(`warning: ${message}`);
        told.add(message);
      },
      onProgress: (at) => {
        if (at.stage === 'plan') note(planText(at.lines));
        else if (at.stage === 'scored') note(scoredText(at));
        else if (at.stage === 'page') note(`page: ${at.url}`);
        else progress.show(...stateOf(at));
      },
    });
    const result = await tuning.catch((error: unknown) => {
      if (!signal.aborted || error !== signal.reason) throw error;
      return undefined;
    });
    progress.close();
    if (result === undefined) {
      const text = `Interrupted: what was done is in ${flags.out}, and the same command goes on from there`;
      return { json: { interrupted: true, out: flags.out }, text, interrupted: true };
    }
    const { model, report, start, score, said, kept, share, steps, bestStep, plan } = result;
    const scores = score === null ? { said } : { mIoU: score.mIoU, startMIoU: start?.mIoU, perClass: score.perClass };
    return { json: { model, report, ...scores, kept, share, steps, bestStep, plan }, text: resultText(result) };
  },
});

/** The plan, before the first step. */
function planText(entries: readonly { readonly name: string; readonly value: string }[]): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  return entries.map(({ name, value }) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function scoredText({ step, mIoU, best }: Extract<FineTuneProgress, { stage: 'scored' }>): string {
  const of = step === 0 ? 'start' : `step ${grouped(step)}`;
  return `${of}: mIoU ${percent(mIoU)} of the held-out pictures${best && step > 0 ? ', the best so far' : ''}`;
}

const DOING = {
  data: 'reading the pictures',
  rehearsal: 'what the start knows in them',
  evaluate: 'scoring held-out pictures',
  calibrate: 'finding thresholds',
  score: 'scoring the result',
} as const;

function stateOf(
  at: Exclude<FineTuneProgress, { stage: 'plan' | 'scored' | 'page' }>,
): readonly [share: number, text: string] {
  if (at.stage === 'pace') return [0, 'timing a few steps'];
  if (at.stage === 'estimate') return [0, 'loading'];
  if (at.stage === 'step') {
    const { step, steps, total } = at.report;
    return [step / steps, `step ${grouped(step)}/${grouped(steps)}, loss ${total.toFixed(3)}`];
  }
  const { done, total } = at;
  return [total === 0 ? 0 : done / total, `${DOING[at.stage]}, ${grouped(done)}/${grouped(total)}`];
}

/** Labels in the next command. */
const NEXT_LABELS = 5;

function resultText(result: FineTuned): string {
  const { model, report, rows, plan } = result;
  // Names that a command line takes as they are.
  const labels = plan.words.map(({ name }) => name).filter((name) => !/["'`,$\\!]/.test(name));
  const asked = labels.slice(0, NEXT_LABELS).join(',');
  return [
    table(rows),
    ...result.sentences,
    `wrote ${model} and ${report}`,
    `next: synseg segment photo.jpg --model ${model} --labels "${asked}" --out overlay.png`,
  ].join('\n');
}

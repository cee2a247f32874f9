/** The outcome of a fine-tuning for people: the card beside the weights, and the head of the report. */
import { basename, isAbsolute } from 'node:path';
import { escaped, lineDrawing, percent, table, type ReportLead } from '../evaluate/report.ts';
import type { Score } from '../evaluate/score.ts';
import type { FineTuneRequest } from './fine-tune-options.ts';
import type { FineTunePlan, FineTuned } from './fine-tune-progress.ts';
import type { RunHistory } from './history.ts';

/** Points of the curve of losses: each the mean of as many steps as it takes. */
const LOSS_POINTS = 100;

/** A table by class, its head first. */
export function classRows({ start, score, said }: Pick<FineTuned, 'start' | 'score' | 'said'>): string[][] {
  if (said !== null) {
    const head = ['word', 'said of pictures', 'found in them at the start', 'found in them now', 'in others now'];
    const rows = Object.entries(said.now.perWord).map(([word, now]) => {
      const before = said.start.perWord[word]?.both ?? 0;
      return [word, now.said, before, now.both, now.found - now.both].map(String);
    });
    return [head, ...rows];
  }
  if (score === null || start === null) return [];
  const names = [...new Set([...Object.keys(score.perClass), ...Object.keys(start.perClass)])];
  const of = ({ perClass }: Score, name: string): string => percent(perClass[name]);
  return [['class', 'IoU at the start', 'IoU now'], ...names.map((name) => [name, of(start, name), of(score, name)])];
}

/** The plan, a line each. */
export function planEntries(plan: FineTunePlan): readonly { readonly name: string; readonly value: string }[] {
  const { data, trainingPictures, heldOutPictures, words, rehearsed, steps, batchSize, seconds, memoryBytes } = plan;
  const named = words.map(({ name, taught, isNew, like }) => {
    const how = isNew ? (like === undefined ? ' (new)' : ` (new, like ${like})`) : '';
    return name === taught ? `${name}${how}` : `${name} as ${taught}${how}`;
  });
  const count = (number: number): string => number.toLocaleString('en-US');
  return [
    { name: 'data', value: data },
    { name: 'pictures', value: `${count(trainingPictures)} to train on, ${count(heldOutPictures)} held out` },
    { name: 'classes', value: named.join(', ') },
    { name: 'others', value: `${rehearsed === 0 ? 'no' : rehearsed} other words are rehearsed` },
    { name: 'steps', value: `${count(steps)} of ${batchSize} pictures, about ${minutes(seconds)} in all` },
    { name: 'memory', value: `about ${(memoryBytes / 1e9).toFixed(1)} GB` },
  ];
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** What was learned, lost and kept, a sentence each. */
export function outcomeSentences(outcome: Omit<FineTuned, 'sentences' | 'rows'>): string[] {
  const { start, score, said, kept, share, bestStep, steps, plan } = outcome;
  const [what, before, now] =
    said === null
      ? ['mIoU', start?.mIoU, score?.mIoU]
      : ['Without masks there is no IoU; words found as said, F1', said.start.f1, said.now.f1];
  const gain =
    bestStep === 0
      ? `Training did not beat the start (${percent(before)}), which was kept: more pictures help, or pictures more ` +
        'like those held out.'
      : `${what} of the ${plan.heldOutPictures} held-out pictures: ${percent(before)} at the start, ` +
        `${percent(now)} now (step ${bestStep} of ${plan.steps}).`;
  const early = steps < plan.steps ? [`Training ended after ${steps} steps, when nothing was gained any more.`] : [];
  const mix =
    share === 1 || share === 0
      ? []
      : [
          `Of the trained weights ${percent(share)} count, of the start's the rest: ` +
            'no worse here, and nearer to what the start knew.',
        ];
  const words =
    kept === null
      ? 'What became of the words that the start knew besides was not measured.'
      : `Of the pixels that the start gave to ${plan.rehearsed} other words, ${percent(kept)} still get the same.`;
  return [gain, ...early, ...mix, words];
}

/** `README.md` of the checkpoint. */
export function modelCard(outcome: FineTuned, { data, init, seed }: FineTuneRequest): string {
  const { plan } = outcome;
  // A card travels: folders of this machine stay out of it.
  const [name, start] = [basename(data), isAbsolute(init) ? basename(init) : init];
  const [head = [], ...rows] = outcome.rows;
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const words = plan.words.map((word) => (word.name === word.taught ? word.name : `${word.name} (as ${word.taught})`));
  return [
    `# Checkpoint trained on ${name}`,
    '',
    `- Data: ${plan.data}; ${plan.trainingPictures} pictures, ${plan.heldOutPictures} more held out. ` +
      'Its terms are yours to add.',
    `- Started from: ${start}, whose terms hold for this checkpoint too.`,
    `- Made by: \`synseg train ${name} --out …\`${init === 'embedded' ? '' : ` with --init ${start}`}, seed ${seed}, ` +
      `${outcome.steps} steps of ${plan.batchSize} pictures.`,
    `- Words taught: ${words.join(', ')}.`,
    '',
    ...outcome.sentences,
    '',
    line(head),
    `|---|${'---:|'.repeat(head.length - 1)}`,
    ...rows.map(line),
    '',
    'Scores are of the held-out pictures, which also chose the result and its thresholds: others score a little lower.',
    '',
  ].join('\n');
}

/** What the report says before the figures of the result. */
export function reportLead(outcome: FineTuned, { losses, scores }: RunHistory): ReportLead {
  const { plan } = outcome;
  const most = Math.max(0.01, ...scores.map(({ mIoU }) => mIoU));
  const smooth = thinned(losses.map(({ step, total }) => [step, total] as const));
  const highest = Math.max(...smooth.map(([, total]) => total), 0);
  const until = plan.steps;
  const [head = [], ...rows] = outcome.rows;
  return {
    title: 'Training report',
    sections: [
      `<p>${escaped(plan.data)}: ${plan.trainingPictures} pictures, ${plan.heldOutPictures} held out.</p>`,
      ...outcome.sentences.map((sentence) => `<p>${escaped(sentence)}</p>`),
      '<h2>Classes, in the held-out pictures</h2>',
      table(rows, head),
      '<h2>Course</h2>',
      ...(scores.length === 0
        ? []
        : [
            lineDrawing(
              scores.map(({ step, mIoU }) => [step, mIoU]),
              { across: [0, until], up: [0, most], ends: ['0 %', percent(most)], title: 'held-out mIoU by step' },
            ),
          ]),
      lineDrawing(smooth, {
        across: [0, until],
        up: [0, highest],
        ends: ['0', highest.toFixed(2)],
        title: 'loss by step',
      }),
      ...(outcome.score === null ? [] : ['<h2>The result</h2>']),
    ],
  };
}

/** A course as few points, each the mean of its steps. */
function thinned(points: readonly (readonly [step: number, value: number])[]): (readonly [number, number])[] {
  const each = Math.max(1, Math.ceil(points.length / LOSS_POINTS));
  const parts = Array.from({ length: Math.ceil(points.length / each) }, (_, at) =>
    points.slice(at * each, (at + 1) * each),
  );
  const mean = (part: typeof points, place: 0 | 1): number =>
    part.reduce((sum, point) => sum + point[place], 0) / part.length;
  return parts.map((part) => [mean(part, 0), mean(part, 1)] as const);
}

/**
 * Does it learn on real photos? Clothing Co-Parsing on a frozen MobileNetV2 trunk: a random decoder trained from the
 * tags
 * of 1,094 photos, scored on photos with masks that no training here has seen. Argmax over the garments present, mIoU;
 * pixels of the background and of garments outside the vocabulary do not count.
 *
 *   npm run bench -- train-ccp [--steps 400] [--ablation-steps 100] [--batch 16] [--only best,undistilled] [--photos
 *   304]
 *
 * Needs the reference data beside the repository. The default takes about 17 minutes on two quiet cores.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluate, train, type Score, type TrainOptions } from '@synseg/train';
import { circumstances } from './support/machine.ts';
import { percent, table } from './support/statistics.ts';

const { values } = parseArgs({
  options: {
    'steps': { type: 'string', default: '400' },
    'ablation-steps': { type: 'string', default: '100' },
    'batch': { type: 'string', default: '16' },
    'only': { type: 'string' },
    'photos': { type: 'string', default: '304' },
    'seed': { type: 'string', default: '42' },
  },
});
const shared = resolve(import.meta.dirname, '../../shared/data');
const root = join(shared, 'ccp');
if (!existsSync(root)) throw new Error(`Cannot run bench: reference data must lie in ${root}, got none`);
/** Photos with masks: the first so many train the ceiling, the others are scored. */
const MASK_PHOTOS = 1004;
const scored = Math.min(Number(values.photos), 304);
const folder = mkdtempSync(join(tmpdir(), 'synseg-train-ccp-'));
const steps = Number(values.steps);
const ablationSteps = Number(values['ablation-steps']);

/** A row: what is trained, and on what. */
interface Setting {
  readonly name: string;
  readonly title: string;
  readonly options: Partial<TrainOptions>;
  /** Run only when asked for by name: minutes that say what another row says already. */
  readonly extra?: boolean;
}

/** λ of the paper drown the alignment; with these its losses move more of a random decoder. */
const STRONG = { align: 1, contrast: 0.1, background: 0.01, separation: 1 };
const paper: Partial<TrainOptions> = { recipe: 'paper', learningRate: 1e-3, steps: steps / 2 };

/** The paper's losses, some of them. */
function mccl(names: readonly (keyof typeof STRONG)[]): Partial<TrainOptions> {
  const none = { align: 0, contrast: 0, background: 0, separation: 0 };
  const lambda = { ...none, ...Object.fromEntries(names.map((name) => [name, STRONG[name]])) };
  return { ...paper, advanced: { lambda } };
}

/** Of a photo's 39 classes, those in its mask and some that are not: 8 rows, as many as captions give at most. */
const masked: Partial<TrainOptions> = { objective: 'masks', maxCategories: 8 };

const settings: Setting[] = [
  { name: 'untrained', title: 'untrained', options: { steps: 0 } },
  {
    name: 'paper',
    title:
      '\`recipe: paper\` as it stands, but learning rate 1e-3 (1e-5 leaves a random decoder where it is), ' +
      `${String(steps / 2)} steps`,
    options: paper,
  },
  {
    name: 'strong',
    title: `the paper's losses, λ = (1, 0.1, 0.01, 1), ${String(steps / 2)} steps`,
    options: mccl(['align', 'contrast', 'background', 'separation']),
  },
  {
    name: 'tags',
    title:
      `\`recipe: tags\`: grounding, then distillation, ${String(steps)} steps of which half move the ` +
      'projector alone',
    options: { recipe: 'tags', steps },
  },
  {
    name: 'undistilled',
    title: `\`recipe: tags\` with the four MCCL losses in place of distillation, ${String(steps)} steps`,
    options: { recipe: 'tags', advanced: { lambda: { distillation: 0, ...STRONG } }, steps },
    extra: true,
  },
  {
    name: 'masks',
    title:
      'with masks on 700 other photos (ceiling), \`objective: masks\`, λ maskShare alone, ' +
      `${String(steps / 2)} steps`,
    options: { recipe: 'tags', ...masked, advanced: { lambda: { masks: 0 } }, steps: steps / 2 },
  },
  {
    name: 'masks-bce',
    title: 'the same with per-label cross-entropy alone, \`recipe: paper\`, learning rate 1e-3',
    options: { ...paper, ...masked },
    extra: true,
  },
  ...ablation(),
];

/** The rows of the paper's Table III. */
function ablation(): Setting[] {
  const rows: readonly (readonly [string, readonly (keyof typeof STRONG)[]])[] = [
    ['L_cont only', ['contrast']],
    ['+ L_align', ['contrast', 'align']],
    ['+ L_back', ['contrast', 'align', 'background']],
    ['all four', ['contrast', 'align', 'background', 'separation']],
    ['all but L_cont', ['align', 'background', 'separation']],
  ];
  return rows.map(([title, names]) => ({
    name: 'ablation',
    title: `ablation: ${title}, ${String(ablationSteps)} steps`,
    options: { ...mccl(names), steps: ablationSteps },
  }));
}

/** The first 700 photos with masks, as a data file of their own beside which paths still hold. */
function maskData(): TrainOptions['data'] {
  const lines = readFileSync(join(root, 'tags.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"split": "masks"'));
  const file = join(folder, 'masks.jsonl');
  writeFileSync(file, lines.slice(0, MASK_PHOTOS - 304).join('\n'));
  return { source: file, images: root, masks: root, classes: join(root, 'classes.json') };
}

async function run({ title, options }: Setting, index: number): Promise<string[]> {
  const out = join(folder, `run-${String(index)}`);
  const started = performance.now();
  let warnings = 0;
  let rate = 0;
  for await (const report of train({
    data: options.objective === 'masks' ? maskData() : { source: join(root, 'tags.jsonl'), split: 'tags' },
    init: 'random',
    trunk: join(shared, 'backbone'),
    out,
    batchSize: Number(values.batch),
    cacheFeatures: true,
    cacheFolder: join(folder, 'cache'),
    device: 'cpu',
    seed: Number(values.seed),
    saveEvery: 100_000,
    onWarning: ({ kind, message }) => {
      if (kind === 'health') warnings++;
      if (kind === 'categories' && index === 0) process.stderr.write(`${message}\n`);
    },
    ...options,
    advanced: { schedule: 'cosine', decoder: { intermediateSize: 256 }, ...options.advanced },
  })) {
    rate = report.imagesPerSecond;
    if (report.step % 50 === 0) process.stderr.write('.');
  }
  const seconds = (performance.now() - started) / 1000;
  const score: Score = await evaluate(join(out, 'last'), {
    dataset: 'ccp',
    root,
    labels: 'present',
    offset: MASK_PHOTOS - 304,
    limit: scored,
    device: 'cpu',
    cacheFolder: join(folder, 'cache'),
  });
  process.stderr.write(` ${title}: ${percent(score.mIoU)} %\n`);
  baseline ??= score.mIoU;
  return [
    title,
    percent(score.mIoU),
    `${(score.mIoU / baseline).toFixed(2)}×`,
    percent(score.pixelAccuracy),
    seconds.toFixed(0),
    rate.toFixed(0),
    String(warnings),
  ];
}

let baseline: number | undefined;
const chosen =
  values.only === undefined
    ? settings.filter(({ extra }) => extra !== true)
    : settings.filter(({ name }) => name === 'untrained' || values.only?.split(',').includes(name) === true);
const started = performance.now();
try {
  const rows: string[][] = [];
  for (const [index, setting] of chosen.entries()) rows.push(await run(setting, index));
  console.log(`\n${circumstances(['@synseg/train', 'onnxruntime-node', 'sharp'])}\n`);
  console.log(
    `Batch ${values.batch}, seed ${values.seed}; ${String(scored)} photos scored; ` +
      `${((performance.now() - started) / 60_000).toFixed(1)} minutes in all.\n`,
  );
  console.log(
    table(
      [
        'setting',
        'mIoU, %',
        'to untrained',
        'pixel accuracy, %',
        'training, s',
        'images/s at the end',
        'health warnings',
      ],
      rows,
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

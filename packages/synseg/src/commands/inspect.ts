/** `synseg inspect`: what annotated pictures there are, before anything is trained on them. */
import { text } from '@synseg/core/guards';
import * as train from '@synseg/train';
import { CONVERT_OPTIONS, INSPECT_OPTIONS } from '@synseg/train/options';
import { command, type Result } from '../context.ts';
import { among } from '../flags.ts';
import { grouped, percent, table } from '../text.ts';

const INSPECT_FLAGS = {
  ...INSPECT_OPTIONS,
  /**
   * Folder to write, which must not exist: the same pictures as index-jsonl (index.jsonl, classes.json, images/,
   * masks/).
   * @default none
   */
  convert: { ...text(), placeholder: 'folder' },
  split: CONVERT_OPTIONS.split,
  limit: CONVERT_OPTIONS.limit,
  heldOut: CONVERT_OPTIONS.heldOut,
  seed: CONVERT_OPTIONS.seed,
  links: CONVERT_OPTIONS.links,
};

/** Faults in the text for people. */
const MOST_FAULTS = 20;

export const inspecting = command({
  name: 'INSPECT_FLAGS',
  flags: INSPECT_FLAGS,
  operand: '<data>',
  help: `
The data is a folder, a zip or a file as annotation tools export it; what form it
has is found out. Every picture is decoded and every mask read. A part is held out
with --convert and --held-out; frames of one video stay together.

Examples:
  $ synseg inspect exports/animals.zip --sheet sheet.png
  $ synseg inspect exports/animals --json
  $ synseg inspect exports/animals --convert data/animals --held-out 0.1
`,
  async run({ progress, signal }, flags, data: string) {
    const { convert, sheet, split, limit, heldOut, seed, links } = flags;
    const extra = Object.entries({ split, limit, heldOut, links }).find(([, value]) => value !== undefined)?.[0];
    if (convert === undefined && extra !== undefined)
      throw new RangeError(`Cannot inspect data: ${extra} must be left out without convert, got it`);
    const onProgress = ({ done, total }: train.DataProgress): void =>
      progress.show(done / total, `${grouped(done)}/${grouped(total)} pictures`);
    const shared = { ...among(INSPECT_OPTIONS, flags), signal, onProgress };
    let report = convert === undefined || sheet !== undefined ? await train.inspectData(data, shared) : undefined;
    if (convert !== undefined) {
      const { sheet: _, ...request } = shared;
      const given = among(CONVERT_OPTIONS, { split, limit, heldOut, seed, links });
      report = await train.convertData(data, convert, { ...request, ...given });
    }
    const { sets } = report!;
    const written = [sheet, convert].filter((path) => path !== undefined);
    const texts = sets.map(textOf);
    if (written.length > 0) texts.push(`wrote ${written.join(', ')}`);
    return { json: { sets, ...(convert && { out: convert }) }, text: texts.join('\n\n') } satisfies Result;
  },
});

/** A set for people. */
function textOf(set: train.SetReport): string {
  const { name, description, pictures, splits, unlabeled, classes, nonePixels, unknownPixels, sizes } = set;
  const total = classes.reduce((sum, { pixels }) => sum + pixels, nonePixels + unknownPixels);
  const row = (label: string, pixels: number, count: string): string[] => [
    ...[label, grouped(pixels), percent(total === 0 ? 0 : pixels / total), count],
  ];
  const parts = Object.entries(splits).map(
    ([split, count]) => `${split === '' ? 'no split' : split} ${grouped(count)}`,
  );
  const lines = [`${name}: ${description}`, `${grouped(pictures)} pictures (${parts.join(', ')})`];
  if (unlabeled > 0) lines.push(`${grouped(unlabeled)} without annotation`);
  if (sizes !== undefined) lines.push(`sizes ${sizes.least.join('×')} to ${sizes.most.join('×')}`);
  lines.push(
    '',
    table([
      ['class', 'pixels', '', 'pictures'],
      ...classes.map((one) => row(one.name, one.pixels, grouped(one.pictures))),
      row('(none of them)', nonePixels, ''),
      row('(unknown)', unknownPixels, ''),
    ]),
  );
  if (set.notes.length > 0) lines.push('', 'not read:', ...set.notes.map((note) => `  ${note}`));
  const counts = Object.entries(set.faultCounts).map(([fault, count]) => `${grouped(count)} ${fault}`);
  if (counts.length > 0) lines.push('', `faults: ${counts.join(', ')}`);
  for (const { fault, key, message } of set.faults.slice(0, MOST_FAULTS)) lines.push(`  ${fault} ${key}: ${message}`);
  return lines.join('\n');
}

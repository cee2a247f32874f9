/**
 * The whole of it: a real clip, segmented with the embedded checkpoint into things named in words; and a drawn street,
 * every pixel of which is compared with the exact ground truth.
 *
 *   npm run demo -- [FILE | URL | camera:0] [--labels person,car] [--seconds 10] [--street-seconds 7] [--seed 54]
 *     [--model FOLDER] [--views 1] [--out out]
 *
 * Without a source it is a clip of pedestrians from a package of Debian and Ubuntu, downloaded once. Writes into `out`:
 * demo.mp4 and street.mp4, the two with their labels drawn over them; demo.png, frames of both beside what was found;
 * frame.png, one frame; street-clip.mp4 and street-clip.masks, the street itself.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';
import { defaultCacheFolder } from '@synseg/core/checkpoint';
import { checkOutputs, commaSeparated, messageOf, withoutSecrets } from '@synseg/core/guards';
import { footageSheet, segmentFootage } from './footage.ts';
import { firstFrame } from './frame.ts';
import { PEDESTRIAN_LABELS, pedestrianClip } from './pedestrian-clip.ts';
import { footageReport, nextCommands, streetReport } from './report.ts';
import { drawSheet } from './sheet.ts';
import { segmentStreet } from './street.ts';
import { WorkFolder } from './work-folder.ts';

/** The files in `out`. */
const FILES = {
  'demo.mp4': 'the clip with its labels drawn over it',
  'street.mp4': 'the street with its labels drawn over it',
  'demo.png': 'frames of both, and what was found in them',
  'frame.png': 'the first frame',
  'street-clip.mp4': 'the street as it was drawn; the true class of each pixel is in street-clip.masks',
};
/** What there may be to see in a clip of the user's. */
const EVERYDAY_LABELS = ['person', 'car', 'road', 'building', 'tree', 'sky'];

await demo().catch((error: unknown) => {
  // What is wrong with the settings or the machine, without a stack trace.
  console.error(`demo: ${withoutSecrets(messageOf(error), process.argv)}`);
  process.exitCode = 1;
});

async function demo(): Promise<void> {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'labels': { type: 'string' },
      'seconds': { type: 'string', default: '10' },
      'street-seconds': { type: 'string', default: '7' },
      'seed': { type: 'string', default: '54' },
      'model': { type: 'string', default: 'embedded' },
      'views': { type: 'string', default: '1' },
      'out': { type: 'string', default: 'out' },
    },
  });
  const views = Number(flags.views) as 1 | 5;
  const seconds = Number(flags.seconds);
  if (!(seconds > 0))
    throw new RangeError(`Cannot show clip: --seconds must be a number above 0, got "${flags.seconds}"`);
  const [given] = positionals;
  const usual = given === undefined ? PEDESTRIAN_LABELS : EVERYDAY_LABELS;
  const labels = flags.labels === undefined ? usual : commaSeparated(flags.labels);
  const outputs = Object.keys(FILES).map((name) => ({ name, path: join(flags.out, name) }));
  await checkOutputs('show', outputs, positionals);

  await using segmenter = await Segmenter.load(flags.model);
  const source = given ?? (await pedestrians());
  using work = await WorkFolder.open(flags.out);

  const options = { labels, seconds, views, overlay: work.at('demo.mp4') };
  const footage = source === undefined ? undefined : await segmentFootage(source, segmenter, options);
  if (footage !== undefined) console.log(`${footageReport(footage, seconds)}\n`);

  const street = await segmentStreet(segmenter, {
    seed: Number(flags.seed),
    seconds: Number(flags['street-seconds']),
    views,
    files: { clip: work.at('street-clip.mp4'), overlay: work.at('street.mp4') },
  });
  console.log(`${streetReport(street)}\n`);

  const parts = footage === undefined ? [street.sheet] : [await footageSheet(footage), street.sheet];
  await writeFile(work.at('demo.png'), await drawSheet(parts));
  await writeFile(work.at('frame.png'), await firstFrame(footage?.video ?? street.clip.video));
  await work.deliver();

  for (const [name, what] of Object.entries(FILES))
    if (footage !== undefined || name !== 'demo.mp4') console.log(`${join(flags.out, name)}: ${what}`);
  console.log(`on ${segmenter.device}, ${segmenter.precision}; frames/s include decoding and overlay\n`);
  console.log(nextCommands(join(flags.out, 'frame.png'), footage?.names ?? ['person', 'car', 'road']));
}

/** The clip of pedestrians, where it can be had. */
async function pedestrians(): Promise<string | undefined> {
  try {
    return await pedestrianClip(join(defaultCacheFolder(), 'demo'));
  } catch (error) {
    console.log(`No clip of pedestrians here, so a drawn street alone: ${messageOf(error)}`);
    return undefined;
  }
}

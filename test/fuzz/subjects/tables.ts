/** Tables and lists: rows of samples, captions, phrases found before, phrases to leave out, options of a run. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { DEFAULT_EXCLUSIONS_TEXT, PhraseExtractor, extractPhrases, readExclusions } from '@synseg/train';
import { TRAIN_OPTIONS } from '@synseg/train/options';
import { readConfigFile } from '../../../packages/synseg/src/config-file.ts';
import { encodePNG } from '../../../packages/core/src/image/encode.ts';
import { mutateBytes, mutateJson, mutateText } from '../mutation.ts';
import type { Draw } from '../draw.ts';
import type { Case, Subject } from '../subject.ts';
import { drawSamples } from './dataset-cases.ts';

const ROWS = [
  { image: 'a.png', caption: 'a red car on the road', tags: ['car', 'road'], split: 'train' },
  { image: 'b.png', caption: 'two dogs, one "big" cat', tags: 'dog,cat', mask: 'a.png' },
  {
    image: 'a.png',
    caption: 'sky',
    nouns: ['blue sky'],
    noun_chunks: [
      {
        text: 'the sky',
        tokens: [
          ['the', 'DET'],
          ['sky', 'NOUN'],
        ],
      },
    ],
  },
];
const COCO = {
  images: [
    { id: 1, file_name: 'a.png' },
    { id: 2, file_name: 'b.png' },
  ],
  annotations: [
    { image_id: 1, id: 1, caption: 'a red car' },
    { image_id: 2, id: 2, caption: 'two dogs' },
  ],
};
const RUN = {
  steps: 20,
  batchSize: 4,
  lambda: { align: 0.1 },
  learningRate: 1e-4,
  data: { source: 'a.jsonl', keys: { image: 'image' } },
  evaluate: { every: 10 },
};
const KINDS = [
  'jsonl',
  'csv',
  'tsv',
  'folder',
  'jsonl',
  'csv',
  'tsv',
  'phrases',
  'exclusions',
  'config',
  'captions.jsonl',
  'captions.csv',
  'captions.tsv',
  'captions.txt',
  'captions.json',
  'spacy',
] as const;

export async function open(folder: string): Promise<Subject> {
  const png = await encodePNG(new Uint8Array(8 * 6 * 3), 8, 6);
  for (const name of ['a.png', 'b.png']) writeFileSync(join(folder, name), png);
  const extractor = new PhraseExtractor();
  const at = (name: string): string => join(folder, name);
  const table = (separator: string): string =>
    [
      ['image', 'caption', 'tags'].join(separator),
      ...ROWS.map(({ image, caption, tags }) =>
        [
          image,
          separator === ',' ? `"${caption.replaceAll('"', '""')}"` : caption,
          String(tags).replaceAll(separator, ' '),
        ].join(separator),
      ),
    ].join('\n');
  const lines = (draw: Draw): string => {
    const texts = ROWS.map((row) => JSON.stringify(row));
    const changed = draw.integer(0, 2);
    return draw.once(3)
      ? mutateText(draw, texts.join('\n'))
      : texts.map((text, index) => (index === changed ? mutateJson(draw, ROWS[index]) : text)).join('\n');
  };
  const either = (draw: Draw, text: string): string | Uint8Array =>
    draw.once(3) ? mutateBytes(draw, Buffer.from(text)) : mutateText(draw, text);
  const captions = (name: string, content: string | Uint8Array, format?: 'spacy'): Case => ({
    files: { [name]: content },
    run: async () => {
      await extractPhrases(at(name), { out: at('phrases.jsonl'), ...(format === undefined ? {} : { format }) });
      extractor.extract(Buffer.from(content).toString('utf8', 0, 300));
    },
  });
  return {
    make: (draw) => {
      const seed = draw.integer(0, 9);
      const kind = draw.pick(KINDS);
      switch (kind) {
        case 'jsonl':
          return { files: { 'rows.jsonl': lines(draw) }, run: () => drawSamples({ source: at('rows.jsonl') }, seed) };
        case 'csv':
        case 'tsv': {
          const name = `rows.${kind}`;
          const header = draw.pick([undefined, true, false]);
          return {
            files: { [name]: either(draw, table(kind === 'csv' ? ',' : '\t')) },
            run: () => drawSamples({ source: at(name), ...(header === undefined ? {} : { header }) }, seed),
          };
        }
        case 'folder':
          return {
            files: { 'pictures/a.png': png, 'pictures/a.txt': either(draw, 'a red car\non the road') },
            run: () => drawSamples({ source: at('pictures'), format: 'folder' }, seed),
          };
        case 'phrases':
          return {
            files: { 'rows.jsonl': JSON.stringify(ROWS[0]), 'known.jsonl': lines(draw) },
            run: () => drawSamples({ source: at('rows.jsonl'), phrases: at('known.jsonl') }, seed),
          };
        case 'exclusions':
          return {
            files: { 'exclude.txt': either(draw, DEFAULT_EXCLUSIONS_TEXT) },
            run: async () =>
              new PhraseExtractor({ exclude: await readExclusions(at('exclude.txt')) }).extract('a red car'),
          };
        case 'config':
          return {
            files: { 'run.json': draw.once(4) ? mutateText(draw, JSON.stringify(RUN)) : mutateJson(draw, RUN) },
            run: () => readConfigFile(at('run.json'), TRAIN_OPTIONS),
          };
        case 'captions.jsonl':
          return captions(kind, lines(draw));
        case 'spacy':
          return captions('spacy.jsonl', lines(draw), 'spacy');
        case 'captions.csv':
          return captions(kind, either(draw, table(',')));
        case 'captions.tsv':
          return captions(kind, either(draw, table('\t')));
        case 'captions.txt':
          return captions(kind, either(draw, 'a red car on the road\ntwo dogs\n'));
        case 'captions.json':
          return captions(kind, draw.once(3) ? mutateText(draw, JSON.stringify(COCO)) : mutateJson(draw, COCO));
      }
    },
  };
}

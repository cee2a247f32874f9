import { describe, expect, it } from 'vitest';
import {
  augmentation,
  decoderShape,
  evaluationSet,
  fields,
  list,
  lossWeights,
  number,
} from '../../../packages/train/src/command/values.ts';

describe('values of flags', () => {
  it.each<[(text: string) => unknown, string, unknown]>([
    [number, '1e-5', 1e-5],
    [number, ' -3', -3],
    [list, 'film, layers,', ['film', 'layers']],
    [lossWeights, '0.1,0.001,0.01,1', { align: 0.1, contrast: 0.001, background: 0.01, separation: 1 }],
    [lossWeights, 'masks=2,align=0', { masks: 2, align: 0 }],
    [augmentation, 'none', {}],
    [augmentation, 'flip', { flip: true }],
    [augmentation, 'crop=0.25:0.75,flip', { flip: true, crop: [0.25, 0.75] }],
    [
      decoderShape,
      'reduce=64,heads=4,intermediate=256,head=simple',
      { reduceDim: 64, heads: 4, intermediateSize: 256, head: 'simple' },
    ],
    [evaluationSet, 'ccp:data/ccp', { dataset: 'ccp', root: 'data/ccp' }],
    [evaluationSet, 'camvid:data/camvid:val', { dataset: 'camvid', root: 'data/camvid', split: 'val' }],
    [evaluationSet, 'index-png:C:\\data\\mine', { dataset: 'index-png', root: 'C:\\data\\mine' }],
    [evaluationSet, 'index-png:C:/data/mine:train', { dataset: 'index-png', root: 'C:/data/mine', split: 'train' }],
    [fields('image', 'caption'), 'image=file name,caption=1', { image: 'file name', caption: 1 }],
  ])('%o reads %j', (parse, text, value) => {
    expect(parse(text)).toEqual(value);
  });

  it.each<[(text: string) => unknown, string, string]>([
    [number, '', 'It must be a number.'],
    [number, 'Infinity', 'It must be a number.'],
    [list, ' , ', 'It must name at least one.'],
    [lossWeights, '1,2,3', 'It must be 4 numbers (align, contrast, background, separation) or name=value, got 3.'],
    [lossWeights, 'align=x', 'It must be a number.'],
    [lossWeights, 'align=1,align=2', 'It must name each once, got "align" twice.'],
    [augmentation, 'blur', 'It must be made of flip and crop=LEAST:MOST, or be none.'],
    [augmentation, 'crop=0.5', 'It must be made of flip and crop=LEAST:MOST, or be none.'],
    [augmentation, 'crop=0:1', 'The shares of crop must rise, above 0 and to 1 at most.'],
    [augmentation, 'crop=0.9:0.5', 'The shares of crop must rise, above 0 and to 1 at most.'],
    [decoderShape, 'reduce=0', 'Its reduce must be a whole number of at least 1.'],
    [decoderShape, 'head=round', 'Its head must be simple or refined.'],
    [
      decoderShape,
      'width=3',
      'It must be made of name=value, with reduce, heads, intermediate, head as names, got "width=3".',
    ],
    [evaluationSet, 'camvid', 'It must be DATASET:FOLDER or DATASET:FOLDER:SPLIT with one of camvid, ccp, index-png.'],
    [
      evaluationSet,
      'voc:data',
      'It must be DATASET:FOLDER or DATASET:FOLDER:SPLIT with one of camvid, ccp, index-png.',
    ],
    [fields('image'), 'image', 'It must be made of name=value, with image as names, got "image".'],
  ])('%o refuses %j', (parse, text, message) => {
    expect(() => parse(text)).toThrow(new RangeError(message));
  });

  it('names the losses that there are', () => {
    expect(() => lossWeights('alignment=1')).toThrow(
      /with align, contrast, background, separation, grounding, .* as names, got "alignment=1"/,
    );
  });
});

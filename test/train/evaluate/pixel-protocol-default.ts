/** The part of a protocol on label maps, where no option of it is given. */
import type { PixelProtocol } from '../../../packages/train/src/evaluate/pixel-protocol.ts';

export const pixelDefaults: PixelProtocol = {
  name: null,
  changed: [],
  windows: null,
  statistics: null,
  pooling: 'mean',
  words: null,
  scores: 'sigmoid',
  softmaxScale: 1,
  average: 'logits',
  refine: null,
  backgroundIn: 'picture',
  threshold: null,
  ignored: [255],
};

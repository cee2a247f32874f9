/**
 * Figures that the reference implementation states of the published CLIPSeg checkpoints: in its integration test
 * (cats) and in the script that converted the original weights (glass). Facts, four decimals each.
 *
 * @see huggingface/transformers: tests/models/clipseg and convert_clipseg_original_pytorch_to_hf.py of models/clipseg
 */

/** A checkpoint, a picture and the first values that the reference gives. */
export interface PublishedReference {
  /** `owner/name` on the hub. */
  readonly checkpoint: string;
  /** Address of the picture. */
  readonly picture: string;
  /** Given to the text encoder as they are. */
  readonly prompts: readonly string[];
  /** First values of the first prompt's embedding. */
  readonly conditional: readonly number[];
  /** Corner of the first prompt's logits, row by row. */
  readonly logits: readonly (readonly number[])[];
  /** True when the values were made with ViT's own mean and deviation, 0.5, in place of the checkpoint's. */
  readonly vitNormalization: boolean;
}

const CATS = 'http://images.cocodataset.org/val2017/000000039769.jpg';
const GLASS = {
  picture: 'https://raw.githubusercontent.com/timojl/clipseg/master/example_image.jpg',
  prompts: ['a glass', 'something to fill', 'wood', 'a jar'],
  conditional: [0.111, -0.1882, 0.1645],
  vitNormalization: true,
} as const;

/** All of them. */
export const PUBLISHED: readonly PublishedReference[] = [
  {
    checkpoint: 'CIDAS/clipseg-rd64-refined',
    picture: CATS,
    prompts: ['a cat', 'a remote', 'a blanket'],
    conditional: [0.5601, -0.0314, 0.198],
    logits: [
      [-7.4613, -7.4785, -7.3628],
      [-7.3268, -7.0899, -7.1333],
      [-6.9838, -6.79, -6.8913],
    ],
    vitNormalization: false,
  },
  {
    checkpoint: 'CIDAS/clipseg-rd64-refined',
    ...GLASS,
    logits: [
      [-10.0407, -9.9431, -10.2646],
      [-9.9751, -9.7064, -9.9586],
      [-9.6891, -9.5645, -9.9618],
    ],
  },
  {
    checkpoint: 'CIDAS/clipseg-rd64',
    ...GLASS,
    logits: [
      [-7.2877, -7.2711, -7.2463],
      [-7.2652, -7.278, -7.252],
      [-7.2239, -7.2204, -7.2001],
    ],
  },
  {
    checkpoint: 'CIDAS/clipseg-rd16',
    ...GLASS,
    logits: [
      [-6.3955, -6.4055, -6.4151],
      [-6.3911, -6.4033, -6.41],
      [-6.3474, -6.3702, -6.3762],
    ],
  },
];

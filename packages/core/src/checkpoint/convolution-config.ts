/** The parts of `config.json` that describe a convolution trunk and the decoder that goes with it. */
import { LARGEST_SIDE, squareSize } from './input-size.ts';
import type { Fields } from './json-fields.ts';

/** Inverted residual blocks of one kind, one after the other. */
interface ConvolutionStage {
  /** Channels inside a block, in channels of its input; 1: the block has no expansion. */
  readonly expansion: number;
  /** Channels of a block's output. */
  readonly channels: number;
  readonly blocks: number;
  /** Stride of the first block, 1 or 2; the others have 1. */
  readonly stride: number;
  readonly dilation: number;
}

/**
 * A convolution trunk: a stem, stages of inverted residual blocks (MobileNetV2), and, where the decoder is to see the
 * whole picture from every place, a pyramid of the global average and a 1×1 convolution (DeepLabv3).
 */
export interface ConvolutionTrunkConfig {
  readonly kind: 'convolution';
  /** Pixels per cell of the taps: the product of all strides. */
  readonly patchSize: number;
  readonly imageMean: readonly number[];
  readonly imageStd: readonly number[];
  /** Channels of the stem, a 3×3 convolution of stride 2. */
  readonly stem: number;
  readonly stages: readonly ConvolutionStage[];
  /** Numbers of the blocks whose outputs are taps, from 0 over all stages, ascending. */
  readonly tapBlocks: readonly number[];
  /** Channels of the pyramid, which is the last tap; undefined without one. */
  readonly pyramid: number | undefined;
  /** Number of the block whose output is the finer map, of twice as many rows and columns as the taps. */
  readonly fineBlock: number;
  /**
   * Number of the block whose output shows outlines, of twice as many rows and columns as the finer map; undefined
   * where logits are to have the finer map's.
   */
  readonly finestBlock: number | undefined;
}

/**
 * A decoder of convolutions: the maps joined at the finer map's resolution, then FiLM and two products per label, and
 * where the trunk has a finest map, logits of its resolution.
 */
export interface ConvolutionDecoderConfig {
  readonly kind: 'convolution';
  readonly reduceDim: number;
  /** 3×3 blocks, depthwise and 1×1, that refine the joined map. */
  readonly refinements: number;
}

/** One block of a trunk: its sizes, and where its output lies. */
export interface ConvolutionBlock {
  readonly inChannels: number;
  /** Channels inside. */
  readonly hidden: number;
  readonly channels: number;
  readonly stride: number;
  readonly dilation: number;
  /** Pixels per cell of its output. */
  readonly cell: number;
}

/** The blocks of all stages, in order. */
export function blocksOf({ stem, stages }: Pick<ConvolutionTrunkConfig, 'stem' | 'stages'>): ConvolutionBlock[] {
  const blocks: ConvolutionBlock[] = [];
  let [inChannels, cell] = [stem, 2];
  for (const { expansion, channels, blocks: count, stride: first, dilation } of stages) {
    for (let index = 0; index < count; index++) {
      const stride = index === 0 ? first : 1;
      cell *= stride;
      blocks.push({ inChannels, hidden: expansion * inChannels, channels, stride, dilation, cell });
      inChannels = channels;
    }
  }
  return blocks;
}

/** No trunk has more blocks: a bound on the graph that is built. */
const MOST_BLOCKS = 200;

/**
 * Reads `trunk` of `config.json`, and the sizes that follow from it.
 *
 * @param override - side of the square picture that the trunk is to take, in place of the folder's own
 * @throws SynsegError `CHECKPOINT_FORMAT` naming the field; RangeError for a side that the trunk cannot take
 */
export function readConvolutionTrunk(fields: Fields, where: string, override: number | undefined) {
  const trunk = trunkOf(fields);
  const { patchSize, tapBlocks, pyramid, fineBlock, finestBlock } = trunk;
  const own = fields.integers('inputSize', undefined, 1);
  if (own.length !== 2 || own.some((side) => side % patchSize !== 0 || side > LARGEST_SIDE))
    throw fields.error('inputSize', `height and width, multiples of ${patchSize} up to ${LARGEST_SIDE}`);
  const inputSize = override === undefined ? (own as [number, number]) : squareSize(override, patchSize, where);
  const blocks = blocksOf(trunk);
  const channels = (block: number): number => blocks[block]!.channels;
  return {
    trunk,
    inputSize,
    patchGrid: [inputSize[0] / patchSize, inputSize[1] / patchSize],
    tapDims: [...tapBlocks.map(channels), ...(pyramid === undefined ? [] : [pyramid])],
    fineDim: channels(fineBlock),
    finestDim: finestBlock === undefined ? undefined : channels(finestBlock),
  } as const;
}

function trunkOf(trunk: Fields): ConvolutionTrunkConfig {
  const stages = trunk
    .sections('stages')
    .map((stage) => ({
      expansion: stage.integer('expansion'),
      channels: stage.integer('channels'),
      blocks: stage.integer('blocks'),
      stride: stage.integer('stride', 1),
      dilation: stage.integer('dilation', 1),
    }));
  const stem = trunk.integer('stem');
  const count = stages.reduce((sum, { blocks }) => sum + blocks, 0);
  if (count > MOST_BLOCKS) throw trunk.error('stages', `at most ${MOST_BLOCKS} blocks in all`, count);
  if (stages.some(({ stride }) => stride > 2)) throw trunk.error('stages', 'stages of stride 1 or 2');
  const blocks = blocksOf({ stem, stages });
  const patchSize = blocks.at(-1)!.cell;
  const tapBlocks = trunk.integers('taps');
  const isTap = (block: number, index: number): boolean =>
    block > (tapBlocks[index - 1] ?? -1) && blocks[block]?.cell === patchSize;
  if (!tapBlocks.every(isTap)) {
    const first = blocks.findIndex(({ cell }) => cell === patchSize);
    throw trunk.error('taps', `ascending numbers of blocks from ${first} to ${count - 1}`);
  }
  const blockOf = (name: string, cell: number): number => {
    const block = trunk.integer(name, undefined, 0);
    if (blocks[block]?.cell !== cell) throw trunk.error(name, `the number of a block with ${cell} pixels per cell`);
    return block;
  };
  return {
    kind: 'convolution',
    patchSize,
    imageMean: trunk.numbers('imageMean', 3, [0.5, 0.5, 0.5]),
    imageStd: trunk.positiveNumbers('imageStd', [0.5, 0.5, 0.5]),
    ...{ stem, stages, tapBlocks },
    fineBlock: blockOf('fine', patchSize / 2),
    finestBlock: trunk.has('finest') ? blockOf('finest', patchSize / 4) : undefined,
    pyramid: trunk.has('pyramid') ? trunk.integer('pyramid') : undefined,
  };
}

/** Reads `decoder` of `config.json`. @throws SynsegError `CHECKPOINT_FORMAT` naming the field */
export function readConvolutionDecoder(decoder: Fields): ConvolutionDecoderConfig {
  const refinements = decoder.integer('refinements', 1, 0);
  if (refinements > MOST_BLOCKS) throw decoder.error('refinements', `at most ${MOST_BLOCKS}`);
  return { kind: 'convolution', reduceDim: decoder.integer('reduce_dim', 64), refinements };
}

/** The maps that a trunk makes of pictures: the decoder's input. */
import type { ModelConfig } from './model-config.ts';

/** A map that the trunk makes of a picture, and its shape: the decoder's input. */
export interface PictureMap {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * What the trunk makes of a picture: the taps, shallow to deep, `[1 + rows·columns, D_i]`, token 0 for the whole
 * picture; then, of a convolution trunk, the finer map `[C, 2·rows, 2·columns]`, and the finest,
 * `[C, 4·rows, 4·columns]`, where it has one.
 */
export function pictureMaps({
  patchGrid: [rows, columns],
  tapDims,
  fineDim,
  finestDim,
}: Pick<ModelConfig, 'patchGrid' | 'tapDims' | 'fineDim' | 'finestDim'>): readonly PictureMap[] {
  const taps = tapDims.map((channels, index) => ({ name: `tap${index}`, shape: [1 + rows * columns, channels] }));
  const finer = (name: string, channels: number | undefined, times: number): PictureMap[] =>
    channels === undefined ? [] : [{ name, shape: [channels, times * rows, times * columns] }];
  return [...taps, ...finer('fine', fineDim, 2), ...finer('finest', finestDim, 4)];
}

/** The part of a protocol that says how a picture became a label map, as a report states it whole. */
import type { PixelStatistics, Pooling } from '@synseg/core';
import { STATISTICS, checkpointFolderOf, openCheckpoint } from '@synseg/core/checkpoint';
import type { ClassList } from '../data/class-list.ts';
import type { EvaluatedModel } from './contest.ts';
import type { EvaluationRequest, SetRequest } from './evaluate-options.ts';
import { PROTOCOLS, thresholdOf } from './protocols.ts';

/** How a picture becomes a label map. */
export interface PixelProtocol {
  /** The named protocol; null where none was named. */
  readonly name: string | null;
  /** Options whose values are not those of the named protocol. */
  readonly changed: readonly string[];
  /** Windows and the sides that pictures are resampled to; null for the whole picture. */
  readonly windows: {
    readonly size: number;
    readonly stride: number;
    readonly shortSide: number | null;
    readonly longSide: number | null;
  } | null;
  /** Statistics of normalization; null where they are the trunk's own matter. */
  readonly statistics: PixelStatistics | null;
  readonly pooling: Pooling;
  /** Words asked for in place of names; null where there are none. */
  readonly words: Readonly<Record<string, readonly string[]>> | null;
  readonly scores: 'sigmoid' | 'softmax';
  readonly softmaxScale: number;
  readonly average: 'logits' | 'scores';
  /** Refinement of windows by color; null for none. */
  readonly refine: {
    readonly iterations: number;
    readonly dilations: readonly number[];
    readonly divisor: number;
  } | null;
  readonly backgroundIn: 'picture' | 'windows';
  /** Score that the winning label must reach; null for argmax, and where it is the checkpoint's. */
  readonly threshold: number | null;
  /** Mask values that do not count. */
  readonly ignored: readonly number[];
}

/** Input size and statistics for a checkpoint: those given, else the protocol's where the trunk can have them. */
export async function trunkOf(
  model: string,
  { protocol, inputSize, statistics, signal }: EvaluationRequest,
): Promise<Pick<EvaluationRequest, 'inputSize' | 'statistics'>> {
  if (protocol === undefined) return { inputSize, statistics };
  const { trunk } = PROTOCOLS[protocol];
  const folder = await checkpointFolderOf(model, { signal });
  const fitting = async <Name extends keyof typeof trunk>(name: Name): Promise<(typeof trunk)[Name] | undefined> => {
    if (trunk[name] === undefined) return undefined;
    try {
      await openCheckpoint(folder, { [name]: trunk[name] });
      return trunk[name];
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };
  return {
    inputSize: inputSize ?? (await fitting('inputSize')),
    statistics: statistics ?? (await fitting('statistics')),
  };
}

/** States the protocol. */
export function pixelProtocol(model: EvaluatedModel, { ignored }: ClassList, request: SetRequest): PixelProtocol {
  const { windows, refine, scores, softmaxScale, average, backgroundIn, pooling } = request;
  const { protocol, threshold, words } = request;
  return {
    name: protocol ?? null,
    changed: protocol === undefined ? [] : changesOf(model, request),
    windows:
      windows === undefined || windows === false
        ? null
        : {
            size: windows.size!,
            stride: windows.stride ?? Math.ceil(windows.size! / 2),
            shortSide: windows.shortSide ?? null,
            longSide: windows.longSide ?? null,
          },
    statistics: model.statistics ?? null,
    ...{ pooling, words: words ?? null, scores, softmaxScale, average },
    refine: refine === undefined || refine === false ? null : refine,
    ...{ backgroundIn, threshold: threshold ?? null, ignored },
  };
}

function changesOf(model: EvaluatedModel, request: SetRequest): string[] {
  const { trunk, options } = PROTOCOLS[request.protocol!];
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const names = Object.keys(options) as (keyof typeof options)[];
  const changed: string[] = names.filter((name) => {
    // Without a background, there is nothing to decide in either place.
    if (name === 'backgroundIn' && request.decision === 'argmax') return false;
    if (name === 'templates' && model.vocabulary !== undefined) return true;
    return !same(sorted(request[name]), sorted(options[name]));
  });
  if (model.inputSize.some((side) => side !== trunk.inputSize)) changed.push('inputSize');
  if (trunk.statistics !== undefined && !same(model.statistics, STATISTICS[trunk.statistics]))
    changed.push('statistics');
  const isClass = request.background === 'class';
  if (isClass && request.threshold !== thresholdOf(request.protocol!, request)) changed.push('threshold');
  return changed;
}

/** A group with its options in one order, without those that are undefined. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

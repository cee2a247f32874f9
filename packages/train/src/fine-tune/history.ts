/** The course of a run so far, from its log: losses, and scores of the held-out pictures. */
import { join } from 'node:path';
import { readTextFile } from '@synseg/core/guards';
import { isRecord } from '../data/json-kinds.ts';
import { LOG_FILE } from '../run/run-log.ts';

/** A score of the held-out pictures. */
interface HeldOutScore {
  /** 0 is the start. */
  readonly step: number;
  /** 0 to 1. */
  readonly mIoU: number;
  readonly best: boolean;
}

/** What a log tells. */
export interface RunHistory {
  /** Step of the last score: the log may be ahead of what was saved, scores are not. */
  readonly scoredStep: number;
  /** Weighed sum of the losses of each step. */
  readonly losses: readonly { readonly step: number; readonly total: number }[];
  readonly scores: readonly HeldOutScore[];
  /** Step of the best score; 0 without one. */
  readonly bestStep: number;
}

/** Reads the log of a run folder; of one that is not there, nothing has happened yet. */
export async function readHistory(run: string): Promise<RunHistory> {
  const text = await readTextFile(join(run, LOG_FILE)).catch(() => '');
  const losses: RunHistory['losses'][number][] = [];
  const scores: HeldOutScore[] = [];
  for (const line of text.split('\n')) {
    const record = parsed(line);
    if (record === undefined) continue;
    const { step, total, score } = record;
    if (typeof total === 'number') losses.push({ step, total });
    if (isRecord(score) && typeof score['mIoU'] === 'number')
      scores.push({ step, mIoU: score['mIoU'], best: score['best'] === true });
  }
  const best = scores.findLastIndex((score) => score.best);
  return { scoredStep: scores.at(-1)?.step ?? 0, losses, scores, bestStep: scores[best]?.step ?? 0 };
}

/** A line as an object; undefined for one that was cut short. */
function parsed(line: string): (Record<string, unknown> & { readonly step: number }) | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) && typeof value['step'] === 'number' ? { ...value, step: value['step'] } : undefined;
  } catch {
    return undefined;
  }
}

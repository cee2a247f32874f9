/** Differences between two configurations, field by field. */

/** A field whose value changed. */
export interface ConfigDifference {
  /** Names from the outside in, joined by dots. */
  readonly field: string;
  /** Undefined where there was none. */
  readonly before: unknown;
  /** Undefined where the field was removed. */
  readonly after: unknown;
}

/**
 * Compares two configurations as JSON holds them; lists count as one value.
 *
 * @returns the differences, in the order of the fields of `after`, then those that are gone
 * @example
 * ```ts
 * import { configDifferences } from './config-differences.ts';
 * const differences = configDifferences({ loss: { weight: 1 }, seed: 42 }, { loss: { weight: 2 }, seed: 42 });
 * console.assert(differences[0]?.field === 'loss.weight' && differences.length === 1);
 * ```
 */
export function configDifferences(before: unknown, after: unknown): ConfigDifference[] {
  return compare(asJson(before), asJson(after), '');
}

/** A difference in words: `loss.weight: 1 → 2`. */
export function formatDifference({ field, before, after }: ConfigDifference): string {
  const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
  return `${field}: ${text(before)} → ${text(after)}`;
}

function compare(before: unknown, after: unknown, field: string): ConfigDifference[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    return names.flatMap((name) => compare(before[name], after[name], field === '' ? name : `${field}.${name}`));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field, before, after }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value after a round trip through JSON. */
function asJson(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : JSON.parse(text);
}

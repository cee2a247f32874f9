/** Kinds of JSON values. */

/** True for a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for labels by class names. */
export function isRename(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((label) => typeof label === 'string' && label.trim() !== '');
}

/** What an export holds and is not read, counted, for the notes of a set. */

/** Counts by kind. */
export class PassedOver {
  readonly #counts = new Map<string, number>();

  /** @param kind - in the plural, with the reason where it is not plain: "boxes, which are no outlines" */
  add(kind: string, count = 1): void {
    if (count > 0) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
  }

  /** "12 boxes, which are no outlines" */
  notes(): string[] {
    return [...this.#counts].map(([kind, count]) => `${count} ${kind}`);
  }
}

/** Names of kinds that several tools have. */
export const BOXES = 'boxes, which are no outlines';
export const LINES = 'lines, which are no areas';
export const POINTS = 'points, which are no areas';
export const TAGS = 'tags of whole pictures';
export const NO_PICTURE = 'annotated pictures, which are not there';
export const DOUBLED = 'pictures annotated again, of which the first annotation counts';

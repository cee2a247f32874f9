/** The error for an options object that does not match its description. */
import { describeValue, nearestName } from './arguments.ts';

/** The part of an option that its message needs. */
interface Described {
  readonly rule: string;
  readonly secret?: true;
  readonly options?: Names;
  readonly item?: Described;
}
type Names = Readonly<Record<string, Described>>;

/** A valibot issue. */
interface Issue {
  readonly kind: string;
  readonly type: string;
  readonly expected: string | null;
  readonly input: unknown;
  readonly message: string;
  readonly path?: readonly { readonly key: unknown }[] | undefined;
}

/** True for an unknown name, or a required one that is missing. */
const ofName = (issue: Issue): boolean => issue.type === 'strict_object';

/** True for a name that the description does not have. */
export function isUnknownName(issue: Issue): boolean {
  return ofName(issue) && issue.expected === 'never';
}

/** TypeError for an unknown name, a missing one and the wrong kind; RangeError for a value that cannot be. */
export function optionError(action: string, described: Names, issue: Issue, what: string): Error {
  const keys = (issue.path ?? []).map(({ key }) => String(key));
  const pathTo = (steps: readonly string[]): string =>
    steps.reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`), what);
  if (isUnknownName(issue)) {
    const names = Object.keys(optionAt(described, keys.slice(0, -1))?.options ?? {});
    const name = keys.at(-1) ?? '';
    const near = nearestName(name, names);
    const hint = near === undefined ? `; known: ${names.join(', ')}` : ` (did you mean "${near}"?)`;
    const object = pathTo(keys.slice(0, -1)) || 'options';
    return new TypeError(`Cannot ${action}: ${object} must have known names, got ${JSON.stringify(name)}${hint}`);
  }
  const option = optionAt(described, keys);
  const rule = ofName(issue) ? (option?.rule ?? 'be given') : issue.message;
  const got = ofName(issue) ? 'none' : describeValue(option?.secret === true ? typeof issue.input : issue.input);
  const Kind = issue.kind === 'validation' ? RangeError : TypeError;
  return new Kind(`Cannot ${action}: ${pathTo(keys)} must ${rule}, got ${got}`);
}

/** The option that a path leads to; of one that is no description itself, the nearest around it. */
function optionAt(described: Names, path: readonly string[]): Partial<Described> | undefined {
  return path.reduce<Partial<Described>>((within, key) => within.options?.[key] ?? within.item ?? within, {
    options: described,
  });
}

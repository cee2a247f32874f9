/**
 * Options, described once: a description gives the TypeScript type, the check with its message, the defaults and the
 * flags of the command line. Editors, `--help` and the docs show the docblock over each entry.
 *
 * The rule of an option is one phrase. It completes "<name> must …" in the error for a value of the wrong kind
 * (TypeError) and for a value out of range (RangeError) alike. The only file that imports valibot.
 */
import { setMaxListeners } from 'node:events';
import * as v from 'valibot';
import { checkKind, describeValue, isPlain } from './arguments.ts';
import { isUnknownName, optionError } from './option-error.ts';

/** One option. `Read` is its value with the defaults within it filled in. */
export interface Option<Value, Read = Value> {
  /** Exists in types only. */
  readonly read?: Read;
  /** Completes "<name> must …". */
  readonly rule: string;
  readonly schema: v.GenericSchema<Value>;
  /** Converts a text on the command line to a value, which is then checked; absent when there is no flag. */
  readonly fromText?: (text: string) => unknown;
  /** Placeholder of the text in the help: `n`, `a|b`, `a,b`; absent for a switch. */
  readonly placeholder?: string;
  /** Options within this one, under their names. */
  readonly options?: Options;
  /** The kind of each value of a list. */
  readonly item?: Option<unknown>;
  /** Never printed. */
  readonly secret?: true;
  /** Filled in where nothing is given. */
  readonly fallback?: Value;
}

/** An option with a default. */
export interface Filled<Value, Read = Value> extends Option<Value, Read> {
  readonly fallback: Value;
}

/** Options by their names: what describes an options object. */
export type Options = Readonly<Record<string, Option<unknown>>>;

type ValueOf<Described> = Described extends Option<infer Value, unknown> ? Value : never;
type ReadOf<Described> = Described extends Option<unknown, infer Read> ? Read : never;

/** The options object that a description describes; those of `Needed` must be given. */
export type OptionsOf<Described extends Options, Needed extends keyof Described = never> = {
  readonly [Name in keyof Described as Name extends Needed ? never : Name]?: ValueOf<Described[Name]> | undefined;
} & { readonly [Name in Needed]: ValueOf<Described[Name]> };

/** The same after {@link readOptions}: defaults are filled in. */
export type Resolved<Described extends Options, Needed extends keyof Described = never> = {
  readonly [Name in keyof Described]: Described[Name] extends Filled<unknown, infer Read>
    ? Read
    : Name extends Needed
      ? ReadOf<Described[Name]>
      : ReadOf<Described[Name]> | undefined;
};

/**
 * Checks an options object against its description, and fills in what has a default.
 *
 * @param needed - names that must be given
 * @param what - name of the object in messages, before a name within it; empty for the options of a call
 * @throws TypeError for anything but a plain object, an unknown name (with the known one most like it), a missing one
 *   or a value of the wrong kind; RangeError for a value that cannot be
 */
export function readOptions<const Described extends Options, Needed extends keyof Described & string = never>(
  action: string,
  described: Described,
  given: unknown,
  needed: readonly Needed[] = [],
  what = '',
): Resolved<Described, Needed> {
  const fits = isPlain(given) || (given === undefined && needed.length === 0);
  checkKind(action, what === '' ? 'options' : what, given, fits, 'be an object');
  const { issues, output } = v.safeParse(objectSchema(described, needed), given ?? {});
  const issue = issues?.find(isUnknownName) ?? issues?.[0];
  if (issue !== undefined) throw optionError(action, described, issue, what);
  const { signal } = output as { readonly signal?: unknown };
  // One signal may end any number of calls: Node warns of a leak at its eleventh listener.
  if (signal instanceof AbortSignal) setMaxListeners(0, signal);
  return output as Resolved<Described, Needed>;
}

/** Gives an option a default. */
export function withDefault<Value>(option: Option<Value>, fallback: NoInfer<Value>): Filled<Value> {
  return { ...option, fallback };
}

/** Bounds of a number, inclusive but for `above`. */
export interface NumberBounds {
  readonly least?: number;
  readonly most?: number;
  readonly above?: number;
  /** Infinity stands for no bound. */
  readonly endless?: true;
}

/** A finite number. */
export function number(bounds: NumberBounds = {}): Option<number> {
  const { least = -Infinity, most = Infinity, above = -Infinity, endless = false } = bounds;
  const floor = above > -Infinity ? ` above ${above}` : least > -Infinity ? ` of at least ${least}` : '';
  const range = above > -Infinity ? `${floor} and at most ${most}` : ` from ${least} to ${most}`;
  const within = (given: number): boolean =>
    (Number.isFinite(given) || (endless && given === Infinity)) && given >= least && given <= most && given > above;
  return value(`be a number${most === Infinity ? floor : range}`, isNumber, within, NUMBER_TEXT);
}

/** A whole number, of at least 1 unless said otherwise. */
export function integer({ least = 1, most = Number.MAX_SAFE_INTEGER, endless }: NumberBounds = {}): Option<number> {
  const bounds =
    most < Number.MAX_SAFE_INTEGER ? `an integer from ${least} to ${most}` : `an integer of at least ${least}`;
  const rule = least === 1 && most === Number.MAX_SAFE_INTEGER ? 'be a positive integer' : `be ${bounds}`;
  const within = (given: number): boolean =>
    (Number.isSafeInteger(given) && given >= least && given <= most) || (endless === true && given === Infinity);
  return value(rule, isNumber, within, NUMBER_TEXT);
}

/** One of some strings or numbers. */
export function choice<const Value extends string | number>(choices: readonly Value[]): Option<Value> {
  const kinds = new Set<string>(choices.map((one) => typeof one));
  const shown = choices.map((one) => describeValue(one));
  const rule = `be ${shown.length < 3 ? shown.join(' or ') : `one of ${shown.join(', ')}`}`;
  const isKind = (given: unknown): boolean => kinds.has(typeof given);
  const fromText = (given: string): unknown => choices.find((one) => String(one) === given) ?? given;
  return value<Value>(rule, isKind, (one) => choices.includes(one), { fromText, placeholder: choices.join('|') });
}

/** A string with something in it. */
export function text(): Option<string> {
  const facts = { fromText: String, placeholder: 'text' };
  return value<string>('be a string that is not empty', isString, (given) => given !== '', facts);
}

/** A string that no message shows. */
export function secretText(): Option<string> {
  return { ...text(), secret: true };
}

/** True or false: a switch on the command line. */
export function flag(): Option<boolean> {
  const fromText = (given: string): unknown => ({ true: true, false: false })[given] ?? given;
  return value('be true or false', (given) => typeof given === 'boolean', undefined, { fromText });
}

/** Several of one kind, one at least unless said otherwise; commas between them on the command line. */
export function list<Value>(item: Option<Value>, { least = 1 }: NumberBounds = {}): Option<readonly Value[]> {
  const rule = least === 0 ? 'be a list' : 'be a list that is not empty';
  const schema = v.pipe(v.array(item.schema, rule), v.minLength(least, rule));
  const { fromText, placeholder = '' } = item;
  if (fromText === undefined) return { rule, schema, item };
  const each = (given: string): unknown => commaSeparated(given).map(fromText);
  return { rule, schema, item, fromText: each, placeholder: `${placeholder},…` };
}

/** Any of several options; the first whose rule a text meets is what it stands for. */
export function either<const Choices extends readonly Option<unknown>[]>(
  rule: string,
  ...choices: Choices
): Option<ValueOf<Choices[number]>> {
  const fits = (value: unknown): boolean => choices.some(({ schema }) => v.is(schema, value));
  const readers = choices.filter(({ fromText }) => fromText !== undefined);
  const fromText = (given: string): unknown => readers.map((one) => one.fromText?.(given)).find(fits) ?? given;
  const placeholder = readers.map((one) => one.placeholder ?? '').join('|');
  const ofAKind = (given: unknown): boolean => choices.some(({ schema }) => isOfKind(schema, given));
  return value<ValueOf<Choices[number]>>(rule, ofAKind, fits, readers.length === 0 ? {} : { fromText, placeholder });
}

/** Options within an option, such as `{ flip: true }`. */
export function group<const Described extends Options, Needed extends keyof Described & string = never>(
  described: Described,
  needed: readonly Needed[] = [],
): Option<OptionsOf<Described, Needed>, Resolved<Described, Needed>> {
  return { rule: 'be an object', schema: groupSchema('be an object', described, needed) as never, options: described };
}

/** Options within an option that can be turned off by `false`. */
export function groupOrFalse<const Described extends Options>(
  described: Described,
): Option<OptionsOf<Described> | false, Resolved<Described> | false> {
  const rule = 'be false or an object';
  const within = groupSchema(rule, described, []);
  const schema = v.lazy((given) => (given === false ? v.literal(false) : within));
  return { rule, schema: schema as never, options: described };
}

/** A function that is called back. */
export function callback<Call extends (...args: never[]) => unknown>(): Option<Call> {
  return value('be a function', (given) => typeof given === 'function');
}

/** An AbortSignal, of any realm. */
export function abortSignal(): Option<AbortSignal> {
  const isSignal = (given: unknown): boolean =>
    isPlain(given) && 'aborted' in given && typeof (given as AbortSignal).addEventListener === 'function';
  return value('be an AbortSignal', isSignal);
}

/** The option that ends a call. */
export const SIGNAL_OPTION = {
  /** Ends the call at once; it rejects with the signal's reason. */
  signal: abortSignal(),
};

/** A value of any other kind: `passes` says whether it is of the kind, `allowed` whether it may have this value. */
export function value<Value>(
  rule: string,
  passes: (given: unknown) => boolean,
  allowed: (given: Value) => boolean = () => true,
  facts: Pick<Option<Value>, 'fromText' | 'placeholder'> = {},
): Option<Value> {
  return { rule, schema: v.pipe(v.custom<Value>(passes, rule), v.check(allowed, rule)), ...facts };
}

function groupSchema(rule: string, described: Options, needed: readonly string[]): v.GenericSchema {
  return v.pipe(v.custom<unknown>(isPlain, rule), objectSchema(described, needed));
}

function objectSchema(described: Options, needed: readonly string[]): v.GenericSchema {
  const entries = Object.entries(described).map(([name, { schema, rule, fallback }]) => [
    name,
    // Wrapped in a function, because valibot calls a default that is a function.
    needed.includes(name)
      ? v.nonOptional(schema, rule)
      : v.optional(schema, fallback === undefined ? undefined : ((() => fallback) as never)),
  ]);
  return v.strictObject(Object.fromEntries(entries) as v.ObjectEntries);
}

/** True for a value of the right kind, valid or not. */
const isOfKind = (schema: v.GenericSchema, value: unknown): boolean =>
  v.safeParse(schema, value).issues?.every(({ kind }) => kind === 'validation') ?? true;

/** True for a string. */
export const isString = (given: unknown): given is string => typeof given === 'string';
const isNumber = (given: unknown): boolean => typeof given === 'number';
const toNumber = (given: string): unknown =>
  given.trim() === '' || Number.isNaN(Number(given)) ? given : Number(given);
const NUMBER_TEXT = { fromText: toNumber, placeholder: 'n' };

/** `a, b ,c` as its parts. */
export function commaSeparated(given: string): string[] {
  const parts = given.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '');
}

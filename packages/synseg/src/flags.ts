/**
 * Options → flags of the command line: names, placeholders, help, and values read from text by the option's own rule.
 * The help is the docblock over the option, which `scripts/option-help.ts` puts into
 * `generated/option-help.json`.
 */
import { commaSeparated, readOptions, type Option, type Options, type OptionsOf } from '@synseg/core/guards';
import generated from './generated/option-help.json' with { type: 'json' };

/** Docblocks by the name of a description and of an option in it. */
const HELP: Readonly<Record<string, Readonly<Record<string, { text: string; default?: string }>>>> = generated;

export interface Flag {
  readonly option: string;
  /** Flag and placeholder in commander's form: `--max-pixels <n>`. */
  readonly syntax: string;
  readonly help: string;
  readonly needed: boolean;
  /** Reads the option's value from text; throws RangeError with the rule alone as its message. */
  readonly read?: (text: string) => unknown;
  /** The value that the flag has when no text follows it. */
  readonly alone?: unknown;
  readonly hidden?: true;
}

/** The flags that are options of `described`. */
export function among<Described extends Options>(described: Described, flags: object): Given<OptionsOf<Described>> {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => name in described)) as Given<OptionsOf<Described>>;
}

type Given<Values> = { readonly [Name in keyof Values]?: Exclude<Values[Name], undefined> };

/** Some options of a description. */
export function only<Described extends Options, Name extends keyof Described>(
  described: Described,
  ...names: readonly Name[]
): Pick<Described, Name> {
  return Object.fromEntries(names.map((name) => [name, described[name]])) as Pick<Described, Name>;
}

/** A description without some options. */
export function without<Described extends Options, Name extends string>(
  described: Described,
  ...names: readonly Name[]
): Omit<Described, Name> {
  const rest = Object.entries(described).filter(([name]) => !names.includes(name as Name));
  return Object.fromEntries(rest) as Omit<Described, Name>;
}

/** `maxPixels` as `max-pixels`. */
export function kebabCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

/**
 * The flags of a description, in its order. A group of options is given as `name=value,…`; an item without `=` is the
 * value of the first option, or the name of one to switch on.
 *
 * @param name - name of the constant that holds the description
 */
export function flagsOf(name: string, described: Options, needed: readonly string[] = []): Flag[] {
  return Object.entries(described).flatMap(([option, facts]) => {
    const { fromText, options, fallback, placeholder } = facts;
    if (fromText === undefined && options === undefined) return [];
    const shared = { option, help: helpOf(name, option, facts), needed: needed.includes(option) };
    const flag = `--${kebabCase(option)}`;
    const off: Flag = { ...shared, syntax: `--no-${flag.slice(2)}`, alone: false };
    if (options === undefined && placeholder === undefined) {
      if (fallback === true) return [off];
      const on = { ...shared, syntax: flag, alone: true };
      return fallback === false ? [on] : [on, { ...off, hidden: true }];
    }
    const read = (text: string): unknown => valueOf(option, facts, text);
    const canBeEmpty = options !== undefined && isValue(option, facts, {});
    const shown = placeholder ?? `${kebabCase(Object.keys(options ?? {})[0] ?? '')},…`;
    const syntax = canBeEmpty ? { syntax: `${flag} [${shown}]`, alone: {} } : { syntax: `${flag} <${shown}>` };
    const valued: Flag = { ...shared, ...syntax, read };
    if (!isValue(option, facts, false)) return [valued];
    return [
      { ...valued, help: helpOf(name, option, facts, off.syntax) },
      { ...off, hidden: true },
    ];
  });
}

/** @param off - the flag that gives the option the value false */
function helpOf(name: string, option: string, facts: Option<unknown>, off?: string): string {
  const { fallback, options, placeholder } = facts;
  const { text = '', default: standard } = HELP[name]?.[option] ?? {};
  const inner = Object.entries(placeholder === undefined ? (options ?? {}) : {});
  const names = inner.flatMap(([key, { fromText }]) => (fromText === undefined ? [] : [kebabCase(key)]));
  const plain = ['number', 'string'].includes(typeof fallback) || Array.isArray(fallback);
  const usual = typeof fallback === 'boolean' ? undefined : (standard ?? (plain ? String(fallback) : undefined));
  const takes = names.length < 2 ? [] : [`takes ${names.join(', ')}`];
  const never = off === undefined ? [] : [`false is ${off}`];
  const notes = [...takes, ...never, ...(usual === undefined ? [] : [`default: ${usual}`])].join('; ');
  return `${text}${notes === '' ? '' : ` (${notes})`}`;
}

function valueOf(option: string, facts: Option<unknown>, text: string): unknown {
  const { fromText, options, placeholder } = facts;
  const inner = options !== undefined && placeholder === undefined;
  const value = inner ? groupOf(options, text) : fromText?.(text);
  try {
    readOptions('read flags', { [option]: facts }, { [option]: value });
    return value;
  } catch (error) {
    const [, what = '', rule = '', got = ''] =
      /^Cannot read flags: (.*?) must (.*), got (.*)$/s.exec((error as Error).message) ?? [];
    if (rule === 'have known names') {
      const names = Object.keys(options ?? {}).map(kebabCase);
      const kinds = `where name is one of ${names.join(', ')}`;
      throw new RangeError(`It must be name=value, ${kinds}, got ${got.split(';')[0]}.`);
    }
    const subject = what.startsWith(`${option}.`) && inner ? `Its ${kebabCase(what.slice(option.length + 1))}` : 'It';
    throw new RangeError(`${subject} must ${rule}.`, { cause: error });
  }
}

/** Reads a group of options, such as `weight=0.5,flip,crop=0.5:1`; colons separate the items of a list. */
function groupOf(options: Options, text: string): unknown {
  const names = Object.keys(options);
  const pairs = commaSeparated(text).map((item): readonly [string, unknown] => {
    const [, key = item, given] = /^([^=]+)=(.*)$/s.exec(item) ?? [];
    const name = names.find((known) => known === key || kebabCase(known) === key);
    if (given === undefined) {
      const first = names[0] ?? '';
      return name === undefined ? [first, options[first]?.fromText?.(item) ?? item] : [name, true];
    }
    const { fromText, placeholder } = options[name ?? ''] ?? {};
    const text = placeholder?.endsWith(',…') === true ? given.replaceAll(':', ',') : given;
    return [name ?? key, fromText?.(text) ?? given];
  });
  const twice = pairs.find(([name], at) => pairs.findIndex(([other]) => other === name) !== at);
  if (twice !== undefined) throw new RangeError(`It must name each option once, got "${twice[0]}" twice.`);
  return Object.fromEntries(pairs);
}

function isValue(option: string, facts: Option<unknown>, value: unknown): boolean {
  try {
    readOptions('read flags', { [option]: facts }, { [option]: value });
    return true;
  } catch {
    return false;
  }
}

/** JSON files of a checkpoint, read field by field with errors that name file, field, rule and value. */
import { checkpointError } from './checkpoint-error.ts';
import type { SynsegError } from '../errors.ts';
import { shortJson } from '../guard/arguments.ts';
import { isFileName } from './file-inside.ts';

/** No count is larger: vocabularies have some hundred thousand entries, layers some thousand channels. */
const LARGEST = 10_000_000;
/** Taps, sides, grids: lists in a configuration are short. */
const LONGEST = 1000;

/** A JSON object with the name of the file it came from, read field by field with checks. */
export class Fields {
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(json: unknown, where: string) {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw fieldError(where, 'a JSON object', json);
    this.#json = json as Readonly<Record<string, unknown>>;
    this.#where = where;
  }

  section(name: string): Fields {
    return new Fields(this.#json[name] ?? {}, `${this.#where}: ${name}`);
  }

  /** Names of the fields. */
  names(): string[] {
    return Object.keys(this.#json);
  }

  has(name: string): boolean {
    return this.#json[name] !== undefined && this.#json[name] !== null;
  }

  raw(name: string): unknown {
    return this.#json[name];
  }

  /** The error that a field of this file breaks a rule. */
  error(name: string, rule: string, value = this.#json[name]): SynsegError {
    return fieldError(`${this.#where}: ${name}`, rule, value);
  }

  integer(name: string, fallback?: number, minimum = 1): number {
    const value = this.#json[name] ?? fallback;
    if (!Number.isInteger(value) || (value as number) < minimum) throw this.error(name, `an integer ≥ ${minimum}`);
    if ((value as number) > LARGEST) throw this.error(name, `at most ${LARGEST}`);
    return value as number;
  }

  /** A number of heads that share `whole` channels evenly. */
  divisor(name: string, whole: number, fallback: number): number {
    const value = this.integer(name, fallback);
    if (whole % value !== 0) throw this.error(name, `a divisor of ${whole}`, value);
    return value;
  }

  number(name: string, fallback: number): number {
    const value = this.#json[name] ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.error(name, 'a number');
    // Graphs compute in float32, where more is infinite.
    if (!Number.isFinite(Math.fround(value))) throw this.error(name, 'a number that float32 can hold');
    return value;
  }

  /** A number above 0, as a divisor must be. */
  positive(name: string, fallback: number): number {
    const value = this.number(name, fallback);
    if (Math.fround(value) <= 0) throw this.error(name, value > 0 ? 'above 0 as float32' : 'above 0');
    return value;
  }

  string(name: string): string {
    const value = this.#json[name];
    if (typeof value !== 'string' || value === '') throw this.error(name, 'a string');
    return value;
  }

  /** The name of a file in the checkpoint's folder. */
  fileName(name: string): string {
    const value = this.string(name);
    if (!isFileName(value)) throw this.error(name, "the name of a file in the checkpoint's folder");
    return value;
  }

  integers(name: string, fallback?: readonly number[], minimum = 0): readonly number[] {
    const fits = (entry: unknown): boolean => Number.isInteger(entry) && (entry as number) >= minimum;
    const value = this.#filled(name, fits, `a list of integers ≥ ${minimum}`, fallback) as readonly number[];
    if (value.length > LONGEST || value.some((entry) => entry > LARGEST))
      throw this.error(name, `at most ${LONGEST} integers of at most ${LARGEST}`);
    return value;
  }

  numbers(name: string, length: number, fallback: readonly number[]): readonly number[] {
    const value = this.#json[name] ?? fallback;
    if (!Array.isArray(value) || value.length !== length || value.some((entry) => !Number.isFinite(entry)))
      throw this.error(name, `${length} finite numbers`);
    if (!value.map(Math.fround).every(Number.isFinite)) throw this.error(name, 'numbers that float32 can hold');
    return value as number[];
  }

  /** Numbers above 0, as divisors must be. */
  positiveNumbers(name: string, fallback: readonly number[]): readonly number[] {
    const values = this.numbers(name, fallback.length, fallback);
    if (values.some((value) => value <= 0)) throw this.error(name, `${fallback.length} numbers above 0`);
    return values;
  }

  /** A list of JSON objects. */
  sections(name: string): readonly Fields[] {
    const value = this.#json[name];
    if (!Array.isArray(value) || value.length === 0 || value.length > LONGEST)
      throw this.error(name, `a list of 1 to ${LONGEST} objects`);
    return value.map((entry, index) => new Fields(entry, `${this.#where}: ${name}[${index}]`));
  }

  /** A list of texts that each hold `part`. */
  texts(name: string, part: string): readonly string[] {
    const fits = (entry: unknown): boolean => typeof entry === 'string' && entry.includes(part);
    return this.#filled(name, fits, `a list of texts with ${part}`) as readonly string[];
  }

  /** A list with something in it, each entry of which fits. */
  #filled(name: string, fits: (entry: unknown) => boolean, rule: string, fallback?: unknown): readonly unknown[] {
    const value = this.#json[name] ?? fallback;
    if (!Array.isArray(value) || value.length === 0 || !value.every(fits)) throw this.error(name, rule);
    return value;
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.#json[name] ?? fallback;
    if (!choices.includes(value as Choice)) throw this.error(name, `one of ${choices.join(', ')}`);
    return value as Choice;
  }
}

/** An error naming file and field, the rule, and what was found. */
function fieldError(where: string, rule: string, value: unknown): SynsegError {
  return checkpointError('load checkpoint', `${where} must be ${rule}, got ${shortJson(value)}`);
}

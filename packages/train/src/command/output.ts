/** What a command takes from the process around it and gives back, and how numbers are written for people. */

/** Where text goes. */
export interface TextOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The process around a command. */
export interface CommandContext {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Flags that every command has. */
export interface OutputFlags {
  readonly json?: true;
  readonly quiet?: true;
}

/** A command's answer, for machines and for people. */
export interface CommandResult {
  readonly json: unknown;
  /** Lines, without a final line break. */
  readonly text: string;
}

/** `1234` as `1,234`. */
export function grouped(number: number): string {
  return number.toLocaleString('en-US');
}

/** Seconds as `42 s`, `12 min` or `3 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Four digits that matter: `0.001234`, `12.35`. */
export function figure(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

/** The values that are there. */
export function pick<Values extends object, Key extends keyof Values>(
  values: Values,
  ...keys: readonly Key[]
): Pick<Values, Key> {
  return Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]]))) as Pick<
    Values,
    Key
  >;
}

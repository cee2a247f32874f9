/** What a command takes from the process around it and gives back. */

/** The process around a command. */
export interface CommandContext {
  readonly signal: AbortSignal;
  readonly stderr: { readonly isTTY?: boolean; write(text: string): unknown };
}

/** A command's answer, for machines and for people. */
export interface CommandResult {
  readonly json: unknown;
  readonly text: string;
}

/** Rows as aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** `0.27` as `27.0 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Bytes as `12.3 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

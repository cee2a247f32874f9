/** Values as text in the files of this folder. */

/** One line of CSV (RFC 4180): fields with a comma, a quote or a line break are quoted. */
export function csvLine(fields: readonly (string | number)[]): string {
  return `${fields.map(csvField).join(',')}\n`;
}

function csvField(field: string | number): string {
  if (typeof field === 'number') return String(sixDecimals(field));
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** A number to six decimals: more than clocks and shares of a picture hold, and shorter in a file. */
export function sixDecimals(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** The meaning of ffmpeg's messages: why a source broke, in one line, and whether another attempt can help. */

/** The server answered, and said no: another attempt helps only once somebody has changed something. */
export const refused = /\b40[134]\b/;
/** Nothing that time could mend: the options, or the build of ffmpeg. */
export const hopeless =
  /Protocol not found|Unrecognized option|Option \S+ not found|Unknown input format|Error (?:parsing|setting) option|not on whitelist|with publicOnly|\(maxPixels\)/;
/** The only failures worth another attempt while it is not known whether an http source is live. */
export const passing =
  /refused|timed out|timeout|unreachable|No route|reset|resolve|Temporary failure|Input\/output error|5XX|returned 5\d\d|no first frame/i;

const meanings: readonly (readonly [found: RegExp, meaning: string])[] = [
  [/\b401\b/, '401 Unauthorized: user name or password is wrong or missing'],
  [/\b403\b/, '403 Forbidden: the server refuses this user or address'],
  [/\b404\b/, '404 Not Found: the server has nothing at this path'],
];

/**
 * A failure's message in one line; of all that ffmpeg said, the first thing, which is often the cause, and the last.
 */
export function failureLine(message: string): string {
  const lines = message.split(/\s*\n\s*/).filter((line) => line !== '');
  const [first = ''] = lines;
  const last = lines.at(-1) ?? '';
  return last === first ? first : `${first}; ${last}`;
}

/** An error's message in one line: of all that ffmpeg said, what it said last. */
export function reasonOf(message: string): string {
  const [ours = '', said] = message.split(/ ffmpeg said: |(?<=the stream ended\.) /);
  if (said === undefined) return ours.replace(/^Cannot \w+ \w+ ".*?": /s, '').replaceAll(/\s+/g, ' ');
  const lines = said
    .split('\n')
    .map((line) => line.replace(/^(?:\[[^\]]*\] *)+(?:pipe:0: )?/, '').trim())
    .filter((line) => line !== '');
  const telling = lines.find((line) => refused.test(line)) ?? lines.at(-1) ?? '';
  const meaning = meanings.find(([found]) => found.test(telling))?.[1] ?? telling;
  return /the stream ended\.$/.test(ours) ? `the stream ended. ${meaning}`.trim() : meaning;
}

/** Texts as a page may show them: without logins, and without the places of this machine. */
import { withoutSecrets } from '@synseg/core/guards';

const MOST_CHARACTERS = 300;
/** An absolute path of any system: its folders, and its last part. */
const place = /(?<![^\s"'`(=:,])(?:file:\/\/)?(?:[a-z]:)?[\\/](?:[^\s"'`\\/]+[\\/])*([^\s"'`\\/]+)/giu;

/**
 * The text without control characters, logins and folders of absolute paths, cut where it is long.
 *
 * @example
 * ```ts
 * import { shownText } from './shown-text.ts';
 * console.assert(shownText('read /sets/animals/voc.zip in 2 s') === 'read …/voc.zip in 2 s');
 * ```
 */
export function shownText(text: string): string {
  const safe = withoutSecrets(text).replaceAll(/\p{Cc}+/gu, ' ');
  const shown = safe.replaceAll(place, (_, last: string) => `…/${last}`);
  const characters = [...shown];
  return characters.length <= MOST_CHARACTERS ? shown : `${characters.slice(0, MOST_CHARACTERS - 1).join('')}…`;
}

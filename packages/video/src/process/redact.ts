/** Keeps credentials out of every text a person or a log may see. */

const userInfo = /([a-z][a-z0-9+.-]*:\/\/)([^\s/?#"']*)@/gi;
const secretParameter =
  /([?&](?:access_?token|token|key|api_?key|pass(?:w(?:or)?d|phrase)?|pwd|secret|sig|(?:x-amz-)?signature|x-amz-credential|x-amz-security-token|policy|key-pair-id|auth)=)[^&\s"']+/gi;

/**
 * Replaces the password of `scheme://user:password@host` and secret query parameters by `***`.
 *
 * @example
 * ```ts
 * import { redactCredentials } from '@synseg/video';
 * console.assert(redactCredentials('rtsp://admin:hunter2@cam/1') === 'rtsp://admin:***@cam/1');
 * ```
 */
export function redactCredentials(text: string): string {
  return text
    .replace(userInfo, (_match, scheme: string, info: string) => {
      const colon = info.indexOf(':');
      return colon < 0 ? `${scheme}***@` : `${scheme}${info.slice(0, colon)}:***@`;
    })
    .replace(secretParameter, '$1***');
}

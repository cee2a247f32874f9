/** Addresses that users of a service send: only public ones are opened, where redirects lead as well. */
import { SynsegError } from '@synseg/core';
import { isPublicHost, shownURL, splitLogin } from '@synseg/core/guards';
import { videoError } from '../video-error.ts';

const mostRedirects = 5;

/**
 * The address that `url` leads to.
 *
 * @throws {SynsegError} `VIDEO_DECODE` when it, or a redirect on the way, is no public address or a playlist, whose
 * entries would be opened unseen
 */
export async function publicAddress(url: string, timeoutSeconds: number): Promise<string> {
  const refuse = (at: string, rule: string): never => {
    const message = `with publicOnly its address must ${rule}, got ${shownURL(at)}`;
    throw videoError('VIDEO_DECODE', `Cannot open video "${shownURL(url)}": ${message}`);
  };
  let at = url;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    // Other schemes have no host to the URL class, and ffmpeg reads hosts as http has them.
    const likeHttp = at.replace(/^[a-z][a-z0-9+.-]*:/i, 'http:');
    // Two programs could read another host out of these.
    if (/[\\\s\p{Cc}]/u.test(at) || !URL.canParse(likeHttp)) return refuse(at, 'be written plainly');
    const parts = new URL(likeHttp);
    if (!(await isPublicHost(parts.hostname))) return refuse(at, 'be public');
    if (/\.(?:m3u8?|mpd|sdp)$/i.test(parts.pathname)) return refuse(at, 'be no playlist');
    if (!/^https?:/i.test(at)) return at;
    const { url: plain, authorization } = splitLogin(at);
    const leaving = new AbortController();
    const timer = setTimeout(() => leaving.abort(), timeoutSeconds * 1000);
    try {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await fetch(plain, { redirect: 'manual', headers, signal: leaving.signal });
      const next = answer.headers.get('location');
      if (answer.status < 300 || answer.status > 399 || next === null) return at;
      at = new URL(next, at).href;
      if (!/^https?:/i.test(at)) return refuse(at, 'stay on the web');
    } catch (error) {
      if (error instanceof SynsegError) throw error;
      // What is wrong with the connection is said by ffmpeg, in the words that are known.
      return at;
    } finally {
      clearTimeout(timer);
      leaving.abort();
    }
  }
  return refuse(at, `need at most ${mostRedirects} redirects`);
}

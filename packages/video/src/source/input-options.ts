/** Options of how a source is opened and played. */
import { flag, number, value, withDefault, type Resolved } from '@synseg/core/guards';

/** Options of what is opened, read or not. */
export const OPENING_OPTIONS = {
  /**
   * Pictures per second of image sequences and cameras, and of a web picture that is live and so asked for again.
   * @default 25; a camera's own; a web picture's 1
   */
  frameRate: number({ above: 0 }),
  /**
   * Treats the source as live, or as a recording. The login in the address of a live source is kept out of the list of
   * processes, where that of http(s) stands otherwise.
   * @default what `describeSource()` says; http(s) is live where it has no length and is no picture
   */
  live: flag(),
  /**
   * Opens network sources at public addresses only, and no playlists: for addresses that users of a service send. Names
   * are looked up and redirects followed before ffmpeg has the address; as it looks again, a hostile name server can
   * still lead it astray.
   */
  publicOnly: withDefault(flag(), false),
};

/** Options of decoding. */
export const DECODING_OPTIONS = {
  /**
   * Hardware decoding, by its name in `ffmpeg -hwaccels`: `auto`, `cuda`, `vaapi`, `videotoolbox`, …
   * @default decodes on the CPU
   */
  hardwareAcceleration: value(
    'be a name as in ffmpeg -hwaccels',
    (given) => typeof given === 'string',
    (name: string) => /^[a-z0-9_]+$/.test(name),
    { fromText: String, placeholder: 'name' },
  ),
};

/** Options of what is played. */
export const PLAYING_OPTIONS = {
  ...OPENING_OPTIONS,
  /** Plays files and image sequences again and again; numbers and times go on. */
  loop: withDefault(flag(), false),
  /** Plays files at their own speed, as a camera would send them. */
  realTime: withDefault(flag(), false),
  ...DECODING_OPTIONS,
};

/** Options of a connection. */
export const NETWORK_OPTIONS = {
  /** Seconds of silence after which ffmpeg gives up a network source. @default 10 */
  networkTimeoutSeconds: withDefault(number({ above: 0 }), 10),
};

/** Options of opening a source, after they were read. */
export type Opening = Resolved<typeof OPENING_OPTIONS & typeof NETWORK_OPTIONS>;
/** Options of opening and playing a source, after they were read. */
export type InputSettings = Opening & Resolved<typeof PLAYING_OPTIONS>;

/** What goes into the preview page and what comes out of it. */

/** A picture to show, with the numbers that belong to it. */
export interface PreviewPicture {
  /** 0-based place of the source in the list of sources. */
  readonly source: number;
  /** 0-based number of the frame in its source. */
  readonly index: number;
  /** Presentation time in seconds, on the source's own clock. */
  readonly timeSeconds: number;
  /** A JPEG file. Kept until the next one comes: do not write into it. */
  readonly jpeg: Uint8Array;
  /** Share of the picture per label, 0 to 1. */
  readonly areas: Readonly<Record<string, number>>;
  /** Seconds from the frame's arrival to its result. */
  readonly latencySeconds: number;
  /** Frames of this source that were dropped so far. */
  readonly dropped: number;
  /** Results of this source per second, lately. */
  readonly framesPerSecond: number;
}

/** The labels under way, in label-map order. */
export interface PreviewLabels {
  readonly names: readonly string[];
  /** sRGB, each part an integer of 0..255. */
  readonly colors: readonly (readonly [red: number, green: number, blue: number])[];
  /** Activation in [0, 1] a pixel must reach; null where the label has no threshold of its own. */
  readonly thresholds: readonly (number | null)[];
  /** What labels without a threshold of their own have to reach; null where they need none. @default null */
  readonly defaultThreshold?: number | null;
  /** Where a pixel is background, in words: `LabelSet.backgroundRule`. @default not shown */
  readonly backgroundRule?: string;
}

/** A label as a person asked for it on the page. */
export interface PreviewLabel {
  readonly name: string;
  /** Activation in [0, 1]; absent where no threshold was set. */
  readonly threshold?: number;
}

/** How the preview is served. */
export interface PreviewOptions {
  /** Names of the sources, as people shall read them. */
  readonly sources: readonly string[];
  readonly labels: PreviewLabels;
  /**
   * Called when a person changed labels or thresholds, one change at a time; answers with the labels that are now under
   * way. The message of a rejection is shown to the person.
   */
  readonly onLabels: (labels: readonly PreviewLabel[]) => Promise<PreviewLabels>;
  /** Address to listen on. Any but this machine's own makes a token necessary. @default '127.0.0.1' */
  readonly host?: string;
  /** Port to listen on; 0 is any free one. @default 0 */
  readonly port?: number;
  /**
   * What a viewer must know, at least 8 characters. @default none on this machine's own address, else 24 random
   * characters
   */
  readonly token?: string;
  /** Heading of the page. @default 'synseg' */
  readonly title?: string;
  /** Words that are known as labels, for completion. @default none */
  readonly vocabulary?: readonly string[];
}

/**
 * The messages between a preview and its page, on one WebSocket at `/live`. All are JSON but the pictures: the bytes of
 * a JPEG file, right behind the message with its numbers.
 */
import type { PreviewLabel, PreviewLabels, PreviewPicture } from './preview-options.ts';

/** Shares of the labels, averaged over half a second. */
export interface ShareSample {
  /** Age when it was sent. */
  readonly ageSeconds: number;
  readonly areas: Readonly<Record<string, number>>;
}

/** The numbers of a picture. */
export type PictureMessage = { readonly type: 'picture' } & Omit<PreviewPicture, 'jpeg'>;
/** The current labels; the revision grows with every change. */
export type LabelsMessage = { readonly type: 'labels'; readonly revision: number } & PreviewLabels;
/** The answer to a change of the labels. It follows the labels that are then current. */
export interface AnswerMessage {
  readonly type: 'answer';
  /** The reason why the labels are not those asked for. */
  readonly error?: string;
  /** True when somebody else changed the labels meanwhile: asked again, the change may succeed. */
  readonly conflict?: boolean;
}

/** From the preview to the page. */
export type ServerMessage =
  | {
      readonly type: 'hello';
      readonly title: string;
      readonly sources: readonly string[];
      readonly vocabulary: readonly string[];
    }
  | LabelsMessage
  | { readonly type: 'state'; readonly source: number; readonly state: string; readonly reason?: string }
  | PictureMessage
  | { readonly type: 'history'; readonly source: number; readonly samples: readonly ShareSample[] }
  | { readonly type: 'sample'; readonly source: number; readonly areas: Readonly<Record<string, number>> }
  | AnswerMessage
  | { readonly type: 'ping' };

/** From the page to the preview. */
export type ViewerMessage =
  | { readonly type: 'drawn'; readonly source: number }
  | { readonly type: 'labels'; readonly revision: number; readonly labels: readonly PreviewLabel[] };

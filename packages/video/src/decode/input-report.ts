/** Reads what ffmpeg says on stderr about the input it has opened, and counts what it calls damaged. */
import type { PixelSize } from './check-end.ts';

const durationLine = /^\[info\] +Duration: (?:(\d+):(\d+):(\d+(?:\.\d+)?)|N\/A)/;
const pictureInput = /^\[info\] Input #\d+, (?:\w+_pipe|image2), /;
const videoLine = /^\[info\] +Stream #\d+:\d+.*: Video: /;
const sizeField = /, (\d+)x(\d+)\b/;
/** A decoder's complaint about a picture that is over ffmpeg's `-max_pixels`. */
const refusal = /Picture size (\d+)x(\d+) exceeds specified max pixel count/;
const rateField = /, (\d+(?:\.\d+)?)(k?) fps/;
/** One line for each damaged packet (demuxer, RTP) or frame (decoder); what decoders say on the way is not counted. */
const damage =
  /Packet corrupt|corrupt (?:decoded|input) (?:frame|packet)|Error while decoding stream|Error submitting packet to decoder|RTP: missed \d+ packets|PES packet size mismatch|Circular buffer overrun/;

/** The dump of one ffmpeg's only input: what {@link InputReport.feed} has found by now. */
export class InputReport {
  #opened = false;
  #inputSeen = false;
  /** True when the input is a single picture, which has no length and is no live stream either. */
  isPicture = false;
  /** Length in seconds; `undefined` when the source has none. */
  durationSeconds: number | undefined;
  /** Average frames per second, from the container. */
  frameRate: number | undefined;
  /** Damaged packets and frames up to now. */
  corrupt = 0;
  /** Size of the picture as its header says, or of one that was refused; before rotation. */
  size: PixelSize | undefined;

  /** Takes one line of stderr; `counts`: is damage to be counted? */
  feed(line: string, counts = true): void {
    if (!line.startsWith('[info]')) {
      this.size = refusedSize(line) ?? this.size;
      if (counts && damage.test(line)) this.corrupt += 1;
      return;
    }
    // Only the dump of the input: outputs have streams, too.
    if (this.#opened) return;
    if (line.startsWith('[info] Input #')) {
      this.#inputSeen = true;
      this.isPicture = pictureInput.test(line);
    } else if (line.startsWith('[info] Stream mapping') || line.startsWith('[info] Output #')) this.#opened = true;
    else if (this.#inputSeen) this.#read(line);
  }

  #read(line: string): void {
    const [found, hours, minutes, seconds] = durationLine.exec(line) ?? [];
    if (found !== undefined && seconds !== undefined)
      this.durationSeconds = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    if (this.frameRate !== undefined || !videoLine.test(line) || line.includes('(attached pic)')) return;
    const [, rate, thousands] = rateField.exec(line) ?? [];
    const [, width, height] = sizeField.exec(line) ?? [];
    if (width !== undefined && height !== undefined) this.size ??= [Number(height), Number(width)];
    if (rate !== undefined) this.frameRate = Number(rate) * (thousands === 'k' ? 1000 : 1);
  }
}

/** Size of the picture that ffmpeg refuses in this text as too large. */
export function refusedSize(text: string): PixelSize | undefined {
  const [, width, height] = refusal.exec(text) ?? [];
  return width === undefined || height === undefined ? undefined : [Number(height), Number(width)];
}

/**
 * A Matroska stream of uncompressed RGB pictures: the way frames with exact times go into an ffmpeg pipe. Raw video has
 * no times, so a source of variable rate would come out at the wrong speed.
 *
 * Layout (RFC 8794, RFC 9559): EBML header, then a Segment of unknown size with Info (ticks of 1 µs), one video track
 * `V_UNCOMPRESSED` / `RGB24`, and one Cluster per frame whose timestamp is the frame's.
 */

const id = {
  ebml: 0x1a45dfa3,
  readVersion: 0x42f7,
  docType: 0x4282,
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  flagLacing: 0x9c,
  codecId: 0x86,
  defaultDuration: 0x23e383,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  colourSpace: 0x2eb524,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
} as const;

const nanosecondsPerTick = 1000;
const ticksPerSecond = 1_000_000;
const unknownSize = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] as const;
const rgb24 = Buffer.from([0x52, 0x47, 0x42, 24]);
const keyFrameOfTrack1 = [0x81, 0, 0, 0x80] as const;

/** The bytes before the first frame. `frameRate` is a hint for the encoder; times are given with each frame. */
export function matroskaHeader(width: number, height: number, frameRate: number): Buffer {
  const size = [unsigned(id.pixelWidth, width), unsigned(id.pixelHeight, height)];
  const video = element(id.video, ...size, element(id.colourSpace, rgb24));
  return header('V_UNCOMPRESSED', frameRate, undefined, video);
}

/**
 * The bytes before the first picture of a stream of picture files, each with a size of its own. The reader has to be
 * given to the decoder: Matroska has no name for most of them.
 */
export function pictureStreamHeader(frameRate: number, durationSeconds?: number): Buffer {
  return header('V_MJPEG', frameRate, durationSeconds);
}

function header(codec: string, frameRate: number, durationSeconds?: number, ...video: readonly Buffer[]): Buffer {
  const track = element(
    id.trackEntry,
    unsigned(id.trackNumber, 1),
    unsigned(id.trackUid, 1),
    unsigned(id.trackType, 1),
    unsigned(id.flagLacing, 0),
    element(id.codecId, Buffer.from(codec)),
    unsigned(id.defaultDuration, Math.max(1, Math.round(1e9 / frameRate))),
    ...video,
  );
  const type = [element(id.docType, Buffer.from('matroska')), unsigned(id.docTypeVersion, 4)];
  const ebml = element(id.ebml, unsigned(id.readVersion, 1), ...type, unsigned(id.docTypeReadVersion, 2));
  const ticks = Buffer.alloc(8);
  ticks.writeDoubleBE((durationSeconds ?? 0) * ticksPerSecond);
  const duration = durationSeconds === undefined ? [] : [element(id.duration, ticks)];
  const info = element(id.info, unsigned(id.timestampScale, nanosecondsPerTick), ...duration);
  return Buffer.concat([ebml, identifier(id.segment), Buffer.from(unknownSize), info, element(id.tracks, track)]);
}

/** The bytes before a picture of `byteLength` bytes shown at `timeSeconds` (0 or later). */
export function matroskaFrameHeader(timeSeconds: number, byteLength: number): Buffer {
  return Buffer.concat([
    identifier(id.cluster),
    Buffer.from(unknownSize),
    unsigned(id.timestamp, Math.round(timeSeconds * ticksPerSecond)),
    identifier(id.simpleBlock),
    size(byteLength + keyFrameOfTrack1.length),
    Buffer.from(keyFrameOfTrack1),
  ]);
}

function element(name: number, ...body: readonly Buffer[]): Buffer {
  const content = Buffer.concat(body);
  return Buffer.concat([identifier(name), size(content.length), content]);
}

function unsigned(name: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return element(name, bytes);
}

/** An element's identifier: its length is in its leading bits already. */
function identifier(name: number): Buffer {
  return Buffer.from(name.toString(16), 'hex');
}

/** A size as 8-byte EBML variable-length integer. */
function size(bytes: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE((1n << 56n) | BigInt(bytes));
  return buffer;
}

/**
 * TensorBoard's event format: an `Event` protobuf message per record, framed as a TFRecord. A log of scalars
 * needs three kinds of event; no maintained library for Node writes them without TensorFlow.
 *
 * ```text
 * record   uint64 length · masked CRC-32C of those 8 bytes · data · masked CRC-32C of the data     (little-endian)
 * Event    1 wall_time double · 2 step int64 · 3 file_version string | 5 summary | 7 session_log
 * Summary  1 repeated Value { 1 tag string · 2 simple_value float };   SessionLog { 1 status enum: START = 1 }
 * ```
 * @see https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
 */

/** An event. */
export type TensorBoardEvent =
  /** First record of a file. */
  | { readonly kind: 'version' }
  /** Training continues at this step: earlier records of this and later steps are void. */
  | { readonly kind: 'start'; readonly step: number }
  /** Numbers by tag, after a step. */
  | { readonly kind: 'scalars'; readonly step: number; readonly scalars: ReadonlyMap<string, number> };

/** One record of an event file. `wallTimeSeconds` counts from 1970. */
export function encodeEvent(event: TensorBoardEvent, wallTimeSeconds: number): Uint8Array {
  return frame(Buffer.concat([doubleField(1, wallTimeSeconds), ...body(event)]));
}

function body(event: TensorBoardEvent): Uint8Array[] {
  switch (event.kind) {
    case 'version':
      return [bytesField(3, Buffer.from('brain.Event:2'))];
    case 'start':
      return [integerField(2, event.step), bytesField(7, integerField(1, 1))];
    case 'scalars': {
      const values = [...event.scalars].map(([tag, value]) =>
        bytesField(1, Buffer.concat([bytesField(1, Buffer.from(tag)), floatField(2, value)])),
      );
      return [integerField(2, event.step), bytesField(5, Buffer.concat(values))];
    }
  }
}

function frame(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli), rotated and offset: TFRecord's form for data that may itself hold checksums. */
function maskedCrc(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] as number);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Protobuf wire types. */
const [VARINT, FIXED64, LENGTH, FIXED32] = [0, 1, 2, 5];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function integerField(field: number, value: number): Uint8Array {
  return Uint8Array.from([field * 8 + VARINT, ...varint(value)]);
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([field * 8 + LENGTH, ...varint(bytes.length)]), bytes]);
}

function doubleField(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(9, field * 8 + FIXED64);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function floatField(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(5, field * 8 + FIXED32);
  bytes.writeFloatLE(value, 1);
  return bytes;
}

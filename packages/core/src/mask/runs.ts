/**
 * Run lengths of a label map down its columns, for all labels in one pass; nothing here is public.
 *
 * Four columns are read at a time as one 32-bit word: almost all words equal the one above, and a run costs something
 * only where it ends.
 */

/** Slot of values without runs. */
export const NO_SLOT = 256;

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * Run lengths per slot, alternating other pixels and its own, others first; a slot that never occurs keeps an empty
 * list.
 *
 * @param map Uint8Array, [height, width], row-major.
 * @param slots Uint16Array, [256]: slot of each value, {@link NO_SLOT} for none.
 */
export function collectRuns(map: Uint8Array, width: number, slots: Uint16Array, slotCount: number): number[][] {
  const runs = Array.from({ length: slotCount }, (): number[] => []);
  const ends = new Float64Array(slotCount); // per slot: column-major position behind its last run of its own pixels
  let current = NO_SLOT;
  let start = 0;
  const turn = (value: number, position: number): void => {
    const next = slots[value]!;
    if (next === current) return;
    if (current < slotCount) {
      runs[current]!.push(position - start);
      ends[current] = position;
    }
    if (next < slotCount) runs[next]!.push(position - ends[next]!);
    current = next;
    start = position;
  };
  const { length } = map;
  if (LITTLE_ENDIAN && width % 4 === 0 && map.byteOffset % 4 === 0) turnByWords(map, width, turn);
  else turnByBytes(map, width, turn);
  if (current < slotCount) {
    runs[current]!.push(length - start);
    ends[current] = length;
  }
  for (const [slot, counts] of runs.entries()) {
    if (counts.length > 0 && ends[slot]! < length) counts.push(length - ends[slot]!);
  }
  return runs;
}

/** Calls `turn` with each value that differs from the one above it, and with the first of each column. */
function turnByBytes(map: Uint8Array, width: number, turn: (value: number, position: number) => void): void {
  for (let x = 0, position = 0; x < width; x++) {
    let last = -1;
    for (let index = x; index < map.length; index += width, position++) {
      const value = map[index]!;
      if (value === last) continue;
      last = value;
      turn(value, position);
    }
  }
}

function turnByWords(map: Uint8Array, width: number, turn: (value: number, position: number) => void): void {
  const words = new Uint32Array(map.buffer, map.byteOffset, map.length >> 2);
  const stride = width >> 2;
  const height = map.length / width;
  // Words that differ from the one above: their rows and values.
  const rows = new Uint32Array(height);
  const values = new Uint32Array(height);
  for (let column = 0; column < stride; column++) {
    let count = 0;
    let last = 0;
    for (let y = 0, index = column; y < height; y++, index += stride) {
      const word = words[index]!;
      if (word === last && y > 0) continue;
      last = word;
      rows[count] = y;
      values[count++] = word;
    }
    for (let byte = 0; byte < 4; byte++) {
      const top = (column * 4 + byte) * height;
      let lastValue = -1;
      for (let change = 0; change < count; change++) {
        const value = (values[change]! >>> (8 * byte)) & 255;
        if (value === lastValue) continue;
        lastValue = value;
        turn(value, top + rows[change]!);
      }
    }
  }
}

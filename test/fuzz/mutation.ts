/** Valid input made wrong: as JSON, as text, as bytes. */
import type { Draw } from './draw.ts';

/** JSON that no value gives: repeated names, numbers without end, nesting without end. */
class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const LONG = 'a'.repeat(70_000);
const DEEP = 20_000;
const NAMES = ['__proto__', 'constructor', 'toString', 'length', 'then', '', '0', 'hasOwnProperty', LONG];
const TEXTS = [
  '',
  ' ',
  'NaN',
  'null',
  '1e999',
  '\0',
  '\ud800',
  '\udfff\ud800',
  '../../x',
  '/dev/null',
  '/dev/zero',
  '.',
  '..',
  'C:\\x',
  'file:///x',
  'http://127.0.0.1:1/x',
  '{}',
  '[',
  '<|endoftext|>',
  '(a+)+$',
  '%s%n',
  '\u202e',
  '🙂'.repeat(50),
  LONG,
];
const NUMBERS = [
  0,
  -1,
  1,
  2,
  3,
  7,
  255,
  256,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 53 - 1,
  1e15,
  1e308,
  -1e308,
  0.5,
  1e-300,
];
const RAW = [
  '-0',
  '1e999',
  '-1e999',
  '123456789012345678901234567890',
  '1e-999',
  'NaN',
  'Infinity',
  'undefined',
  "'x'",
  '{"a":1,"a":2}',
  '[1,]',
  '"\\ud800"',
  '"\\u0000"',
  '/* */1',
  '01',
  `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
  `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
];

/** A value that JSON can say, and that is seldom the right one. */
function oddJson(draw: Draw): unknown {
  switch (draw.integer(0, 8)) {
    case 0:
      return draw.pick([null, true, false]);
    case 1:
    case 2:
      return draw.pick(NUMBERS);
    case 3:
      return draw.number();
    case 4:
      return draw.pick(TEXTS);
    case 5:
      return draw.text();
    case 6:
      return new RawJson(draw.pick(RAW));
    case 7:
      return Array.from({ length: draw.pick([0, 1, 2, 3, 5, 2000]) }, () =>
        draw.pick<unknown>([0, -1, 'x', null, [], {}, 1e308]),
      );
    default:
      return Object.fromEntries([[draw.pick(NAMES), draw.pick<unknown>([1, 'x', null, [], {}])]]);
  }
}

/** A place in a value: what holds it, and under which name. */
interface Place {
  readonly holder: Record<string, unknown>;
  readonly name: string;
}

/** The text of a JSON value of which one to three places were changed. */
export function mutateJson(draw: Draw, value: unknown): string {
  const root = { value: structuredClone(value) } as Record<string, unknown>;
  for (let left = draw.integer(1, 3); left > 0; left--) changePlace(draw, placeIn(draw, root));
  return jsonText(root['value']);
}

/** Goes down from the root and stops anywhere: what lies deep is reached as often as what lies high. */
function placeIn(draw: Draw, root: Record<string, unknown>): Place {
  let place: Place = { holder: root, name: 'value' };
  for (;;) {
    const value = place.holder[place.name];
    if (
      typeof value !== 'object' ||
      value === null ||
      value instanceof RawJson ||
      Object.keys(value).length === 0 ||
      draw.once(6)
    )
      return place;
    place = { holder: value as Record<string, unknown>, name: draw.pick(Object.keys(value)) };
  }
}

function changePlace(draw: Draw, { holder, name }: Place): void {
  const value = holder[name];
  const set = (key: string, to: unknown): void =>
    void Object.defineProperty(holder, key, { value: to, enumerable: true, configurable: true, writable: true });
  switch (draw.integer(0, 9)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(name), 1);
      else Reflect.deleteProperty(holder, name);
      return;
    case 1:
      return set(
        Array.isArray(holder) ? String(holder.length) : draw.pick([...NAMES, draw.text()]),
        draw.once(2) ? value : oddJson(draw),
      );
    case 2:
      if (!Array.isArray(holder)) Reflect.deleteProperty(holder, name);
      return set(Array.isArray(holder) ? name : draw.pick([...NAMES, `${name}s`, name.toUpperCase()]), value);
    case 3:
      return set(
        name,
        draw.pick<unknown>([[value], { value }, new RawJson(`[${jsonText(value)},${jsonText(value)}]`)]),
      );
    case 4: {
      const other = draw.pick([name, ...Object.keys(holder)]);
      const kept = holder[other];
      set(other, value);
      return set(name, kept);
    }
    case 5:
    case 6:
      if (typeof value === 'number')
        return set(
          name,
          draw.pick([-value, value + 1, value - 1, value * 2, value / 2, value * 1e9, String(value), value + 0.5]),
        );
      if (typeof value === 'string') return set(name, mutateText(draw, value));
      return set(name, oddJson(draw));
    default:
      return set(name, oddJson(draw));
  }
}

function jsonText(value: unknown): string {
  const raws: string[] = [];
  const text =
    JSON.stringify(value, (_name, part: unknown) =>
      part instanceof RawJson ? `\u0001raw${String(raws.push(part.text) - 1)}\u0001` : part,
    ) ?? 'undefined';
  return text.replaceAll(/"\\u0001raw(\d+)\\u0001"/g, (_found, index: string) => raws[Number(index)] as string);
}

/** A text of which one to three places were changed: letters, lines, separators. */
export function mutateText(draw: Draw, text: string): string {
  let changed = text;
  for (let left = draw.integer(1, 3); left > 0; left--) {
    const at = draw.integer(0, changed.length);
    const end = Math.min(changed.length, at + draw.integer(0, 12));
    const lines = changed.split('\n');
    const line = draw.integer(0, lines.length - 1);
    switch (draw.integer(0, 7)) {
      case 0:
        changed = changed.slice(0, at) + changed.slice(end);
        break;
      case 1:
        changed = changed.slice(0, at) + draw.pick([...TEXTS, ...RAW.slice(0, 15), draw.text()]) + changed.slice(at);
        break;
      case 2:
        changed =
          changed.slice(0, at) +
          draw
            .pick(['"', "'", ',', '\t', '\r', '\r\n', '\n\n', '\0', ';', '{', '}', '\ufeff', '\\', '#'])
            .repeat(draw.pick([1, 1, 2, 1000])) +
          changed.slice(at);
        break;
      case 3:
        changed = changed.slice(0, at);
        break;
      case 4:
        changed = [...lines.slice(0, line), draw.pick([...TEXTS, draw.text()]), ...lines.slice(line + 1)].join('\n');
        break;
      case 5:
        changed = [...lines.slice(0, line), ...lines.slice(line + 1)].join('\n');
        break;
      case 6:
        changed = [...lines, ...Array.from({ length: draw.pick([1, 1, 200]) }, () => lines[line])].join('\n');
        break;
      default:
        changed =
          changed.slice(0, at) +
          changed.slice(at, end).replaceAll(/\d+/g, () => String(draw.pick(NUMBERS))) +
          changed.slice(end);
    }
    // Lines doubled and doubled again would only test patience.
    changed = changed.slice(0, 2_000_000);
  }
  return changed;
}

/** Bytes of which one to four places were changed. */
export function mutateBytes(draw: Draw, given: Uint8Array): Uint8Array {
  let bytes = Buffer.from(given);
  for (let left = draw.integer(1, 4); left > 0; left--) {
    // Half of the places near the beginning, where formats say what follows.
    const at = draw.integer(0, Math.max(0, (draw.once(2) ? Math.min(bytes.length, 600) : bytes.length) - 1));
    const end = Math.min(bytes.length, at + draw.pick([1, 2, 4, 8, 64, 512]));
    switch (draw.integer(0, 7)) {
      case 0:
        if (bytes.length > 0) bytes[at] = bytes[at]! ^ (1 << draw.integer(0, 7));
        break;
      case 1:
        bytes.set(draw.bytes(end - at), at);
        break;
      case 2:
        bytes.fill(draw.pick([0, 0xff, 0x20, 0x30, 0x37]), at, end);
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
        break;
      case 6:
        bytes = Buffer.concat([bytes.subarray(0, at), draw.bytes(draw.pick([1, 3, 8, 512])), bytes.subarray(at)]);
        break;
      default:
        bytes = Buffer.concat([bytes, draw.bytes(draw.pick([1, 8, 512, 1024]))]);
    }
  }
  return bytes;
}

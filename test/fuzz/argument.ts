/** Arguments made wrong: other kinds, other numbers, misspelt names, too few or too many. */
import type { Draw } from './draw.ts';

class Stranger {
  readonly width = 3;
}

/** A value that a caller can have by mistake. */
function oddValue(draw: Draw, before: unknown): unknown {
  switch (draw.integer(0, 11)) {
    case 0:
      return draw.pick([undefined, null, true, false, '', 0]);
    case 1:
    case 2:
      return draw.pick([
        NaN,
        Infinity,
        -Infinity,
        -1,
        -0,
        0.5,
        1.5,
        2 ** 31,
        2 ** 32,
        2 ** 53,
        1e308,
        5e-324,
        255,
        256,
        1_000_000,
        3n,
        -1n,
      ]);
    case 3:
      return draw.pick([
        'NaN',
        '__proto__',
        'constructor',
        'toString',
        '\0',
        '\ud800',
        'x'.repeat(5000),
        'auto',
        'none',
        'missing',
        'missing/missing',
        draw.text(),
      ]);
    case 4:
      return Promise.resolve(before);
    case 5:
      return draw.pick<unknown>([
        () => before,
        Symbol('x'),
        Symbol.iterator,
        class {},
        async () => before,
        function* () {},
      ]);
    case 6:
      return draw.pick<unknown>([
        new Uint8Array(3),
        new Uint8Array(0),
        new Uint8ClampedArray(4),
        new Int16Array(24),
        new Float32Array([NaN, 1]),
        new Float64Array(8),
        new ArrayBuffer(8),
        new DataView(new ArrayBuffer(8)),
        Buffer.from('x'),
        new BigInt64Array(2),
        new Uint8Array(72),
        new Uint8Array(24).fill(254),
      ]);
    case 7:
      return draw.pick<unknown>([
        new Date(NaN),
        new Map([[1, 2]]),
        new Set([1]),
        /x/,
        new Error('x'),
        new Stranger(),
        new URL('http://127.0.0.1:1/x'),
        Object.create(null),
        new Proxy({}, {}),
        AbortSignal.abort(),
        new AbortController(),
        { then: 1 },
        { length: 3 },
        { length: 2 ** 32 },
        Object.freeze([]),
        globalThis,
      ]);
    case 8:
      return draw.pick<unknown>([
        [],
        {},
        [before],
        { value: before },
        [undefined],
        [null],
        Array(5),
        Array(3).fill(before),
        new Array(100_000).fill(before),
        [[[]]],
        { ['__proto__']: 1 },
        JSON.parse('{"__proto__":{"width":3}}'),
      ]);
    case 9:
      if (typeof before === 'number')
        return draw.pick([
          -before,
          before + 1,
          before * 2,
          before / 3,
          String(before),
          BigInt(Number.isFinite(before) ? Math.round(before) : 0),
        ]);
      if (typeof before === 'string')
        return draw.pick([
          before.toUpperCase(),
          `${before} `,
          before.slice(1),
          [before],
          new String(before),
          { toString: () => before },
        ]);
      if (ArrayBuffer.isView(before))
        return draw.pick<unknown>([
          new Uint8Array(before.byteLength + 1),
          new Uint8Array(before.byteLength >> 1),
          [...new Uint8Array(before.buffer)],
          new Float32Array(before.byteLength),
          before.buffer,
          Buffer.from(before.buffer),
        ]);
      return draw.number();
    default:
      return harmless(draw.anything());
  }
}

/** No path in it leads out of the folder of the case. */
function harmless(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/[/\\.]/g, '_');
  return Array.isArray(value) ? value.map(harmless) : value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
  );
}

/** The arguments with one or two things changed, each in any depth. */
export function mutateArguments(draw: Draw, given: readonly unknown[]): unknown[] {
  const args = [...given];
  for (let left = draw.integer(1, 2); left > 0; left--) {
    if (args.length === 0 || draw.once(20)) args.push(oddValue(draw, undefined));
    else if (draw.once(25)) args.splice(draw.integer(0, args.length - 1));
    else changeInside(draw, args as unknown as Record<string, unknown>);
  }
  return args;
}

function changeInside(draw: Draw, holder: Record<string, unknown>): void {
  const name = draw.pick(Object.keys(holder));
  const value = holder[name];
  if (isPlain(value) && Object.keys(value).length > 0 && !draw.once(4)) return changeInside(draw, value);
  const set = (key: string, to: unknown): void =>
    void Object.defineProperty(holder, key, { value: to, enumerable: true, configurable: true, writable: true });
  if (Array.isArray(holder) || !draw.once(4)) return set(name, oddValue(draw, value));
  // Names: misspelt, unknown, of every object, missing.
  const near = draw.pick([
    name.slice(1),
    `${name}s`,
    name.toUpperCase(),
    '__proto__',
    'constructor',
    'then',
    draw.text(),
  ]);
  if (draw.once(2)) Reflect.deleteProperty(holder, name);
  if (!draw.once(3)) set(near, value);
}

/** Arguments in a few words, for people. */
export function showArguments(value: unknown, depth = 0): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
  if (typeof value === 'bigint') return `${String(value)}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if (ArrayBuffer.isView(value)) return `${Object.prototype.toString.call(value)} of ${String(value.byteLength)} bytes`;
  if (!isPlain(value) || depth > 5)
    return Object.prototype.toString.call(value) + (value instanceof Promise ? ' (a Promise)' : '');
  const shown = Object.entries(value as object)
    .slice(0, 60)
    .map(([name, part]) => [name, showArguments(part, depth + 1)] as const);
  if (Array.isArray(value)) {
    const more = value.length > shown.length ? ` and more: ${String(value.length)}` : '';
    return `[${shown.map(([, part]) => part).join(', ')}]${more}`;
  }
  return `{ ${shown.map(([name, part]) => `${JSON.stringify(name)}: ${part}`).join(', ')} }`;
}

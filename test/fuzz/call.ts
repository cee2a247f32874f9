/** Valid calls of public functions, and which functions there are. */

/** A function with arguments that it takes. Each case gets fresh ones and changes them. */
export interface Call {
  readonly args: () => readonly unknown[];
  readonly call: (...args: never[]) => unknown;
  /** How much dearer than others it is: it is drawn so many times less often. @default 1 */
  readonly cost?: number;
}

/**
 * Calls by name: `encodeRLE`, `LabelSet` (with `new`), `LabelSet.load`, `LabelSet#save`; null for what is not the
 * public's to call.
 */
export type Calls = Readonly<Record<string, Call | null>>;

/** A call of a function as it is. */
export function plain(call: unknown, args: () => readonly unknown[], cost = 1): Call {
  return { call: call as Call['call'], args, cost };
}

/** A call of a method of what `owner` gives. */
export function method(
  owner: () => object | Promise<object>,
  name: string,
  args: () => readonly unknown[],
  cost = 1,
): Call {
  return {
    args,
    cost,
    call: async (...given) => {
      const on = (await owner()) as Readonly<Record<string, (...all: never[]) => unknown>>;
      return (on[name] as (...all: never[]) => unknown)(...given);
    },
  };
}

/** What can be called of a module: functions, classes, their static and their other methods. */
function callables(module: Readonly<Record<string, unknown>>): string[] {
  const methodsOf = (holder: object): string[] =>
    Object.entries(Object.getOwnPropertyDescriptors(holder)).flatMap(([name, { value }]) =>
      typeof value === 'function' && name !== 'constructor' ? [name] : [],
    );
  return Object.entries(module).flatMap(([name, value]) => {
    if (typeof value !== 'function') return [];
    if (!/^class\b/.test(Function.prototype.toString.call(value))) return [name];
    return [
      name,
      ...methodsOf(value).map((own) => `${name}.${own}`),
      ...methodsOf(value.prototype as object).map((own) => `${name}#${own}`),
    ];
  });
}

/** The calls of a module's functions. @throws Error naming a function without one, so that none is left out */
export function completeCalls(
  name: string,
  module: Readonly<Record<string, unknown>>,
  calls: Calls,
): readonly (readonly [string, Call])[] {
  const there = callables(module);
  const missing = there.filter((callable) => calls[callable] === undefined);
  if (missing.length > 0)
    throw new Error(
      `${name} must have a call in test/fuzz/calls for each public function, got none for ${missing.join(', ')}`,
    );
  const gone = Object.keys(calls).filter((callable) => !there.includes(callable));
  if (gone.length > 0)
    throw new Error(`test/fuzz/calls must name functions of ${name} that are there, got ${gone.join(', ')}`);
  return there.flatMap((callable) =>
    calls[callable] === null ? [] : [[`${name}: ${callable}`, calls[callable] as Call] as const],
  );
}

/** Takes the first values of an iterable, for a while, and leaves it: a source that reconnects would go on for ever. */
export async function firstOf(iterable: unknown, most = 2, milliseconds = 3000): Promise<void> {
  const iterator = (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), milliseconds)));
  try {
    for (let taken = 0; taken < most; taken++) {
      const next = iterator.next();
      next.catch(() => undefined);
      const result = await Promise.race([next, late]);
      if (result === undefined || result.done === true) break;
    }
  } finally {
    clearTimeout(timer);
    await iterator.return?.();
  }
}

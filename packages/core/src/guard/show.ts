/**
 * Output of `console.log()` for the package's objects: class and `toJSON()`, without pixels, embeddings or threads.
 *
 * Both runtimes call a method under a symbol; Node passes `inspect` as the third argument, Deno as the first.
 */

type Inspect = (value: unknown, options?: unknown) => string;

/**
 * Gives a class, or one object, a description for `console.log()` from its own `toJSON()`.
 *
 * @param target - a class whose instances have `toJSON()`, or an object that has it
 * @param name - shown before the description; bundlers give classes other names than they have in the source
 */
export function showsItself(
  target: { readonly prototype: { toJSON(): unknown } } | { toJSON(): unknown },
  name: string,
): void {
  const holder = 'prototype' in target ? target.prototype : target;
  const show = function (this: { toJSON(): unknown }, first: unknown, second: unknown, third?: unknown): string {
    const [inspect, options] = typeof first === 'function' ? [first, second] : [third, second];
    return `${name} ${(inspect as Inspect)(this.toJSON(), options)}`;
  };
  for (const symbol of ['nodejs.util.inspect.custom', 'Deno.customInspect'])
    Object.defineProperty(holder, Symbol.for(symbol), { value: show, configurable: true, writable: true });
}

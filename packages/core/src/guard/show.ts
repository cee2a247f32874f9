/**
 * What `console.log()` shows of our objects: their class and what `toJSON()` says, without pixels, embeddings or threads.
 *
 * Both runtimes look for a method under a symbol; Node hands `inspect` over as the third argument, Deno as the first.
 */

type Inspect = (value: unknown, options?: unknown) => string;

/**
 * Gives a class, or one object, a description for `console.log()` from its own `toJSON()`.
 *
 * @param target - a class whose instances have `toJSON()`, or an object that has it
 * @param name - shown before the description; @default the class's name
 */
export function showsItself(target: { readonly prototype: { toJSON(): unknown }; readonly name: string } | { toJSON(): unknown }, name?: string): void {
  const [holder, title] = 'prototype' in target ? [target.prototype, name ?? target.name] : [target, name ?? ''];
  const show = function (this: { toJSON(): unknown }, first: unknown, second: unknown, third?: unknown): string {
    const [inspect, options] = typeof first === 'function' ? [first, second] : [third, second];
    return `${title} ${(inspect as Inspect)(this.toJSON(), options)}`.trimStart();
  };
  for (const symbol of ['nodejs.util.inspect.custom', 'Deno.customInspect']) {
    Object.defineProperty(holder, Symbol.for(symbol), { value: show, enumerable: false, configurable: true, writable: true });
  }
}

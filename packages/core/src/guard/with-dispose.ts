/** An async generator with `dispose()`, which ends it on every supported Node. */
export type DisposableGenerator<Item> = AsyncGenerator<Item, void, undefined> & { dispose(): Promise<void> };

/** Gives a generator `dispose()`, which ends it as leaving its loop does; `await using` calls it. The same object. */
export function withDispose<Item>(generator: AsyncGenerator<Item, void, undefined>): DisposableGenerator<Item> {
  const dispose = async (): Promise<void> => void (await generator.return());
  return Object.assign(generator, { dispose, [Symbol.asyncDispose]: dispose });
}

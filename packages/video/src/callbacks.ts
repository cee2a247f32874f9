/**
 * Functions of the caller, called where nobody could catch what they throw: in timers, in event handlers, while a file
 * is being closed. What one throws, or what the promise it returns rejects with, goes to `onError`.
 */
export function guarded<Arguments extends readonly unknown[]>(
  callback: ((...values: Arguments) => unknown) | undefined,
  onError: (error: unknown) => void,
): (...values: Arguments) => void {
  return (...values) => {
    try {
      Promise.resolve(callback?.(...values)).catch(onError);
    } catch (error) {
      onError(error);
    }
  };
}

/** The items of `open`, until a function of the caller's has reported a failure, which is then thrown. */
export async function* throwingFor<Item>(
  open: (tell: (error: unknown) => void) => AsyncIterable<Item>,
): AsyncGenerator<Item, void, undefined> {
  const failures: unknown[] = [];
  for await (const item of open((error) => failures.push(error))) {
    if (failures.length > 0) throw failures[0];
    yield item;
  }
  if (failures.length > 0) throw failures[0];
}

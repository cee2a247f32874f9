/**
 * Functions of the caller, called where nobody could catch what they throw: in timers, in event handlers, while a file is
 * being closed. What one throws, or what the promise it returns rejects with, goes to `onError`.
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

/** The named members of `values` that are there: what optional options are handed on with. */
export function pick<Values extends object, Key extends keyof Values>(
  values: Values,
  ...keys: readonly Key[]
): Pick<Values, Key> {
  return Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]]))) as Pick<
    Values,
    Key
  >;
}

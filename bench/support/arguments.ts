/** Arguments of benches, read from texts. */

/** An integer from 1, or from `least`. @throws RangeError for anything else */
export function countOf(name: string, given: string, least = 1): number {
  const count = Number(given);
  if (given.trim() === '' || !Number.isSafeInteger(count) || count < least)
    throw new RangeError(`Cannot run bench: --${name} must be an integer from ${least}, got ${given}`);
  return count;
}

/** A number above 0. @throws RangeError for anything else */
export function rateOf(name: string, given: string): number {
  const rate = Number(given);
  if (!(rate > 0 && Number.isFinite(rate)))
    throw new RangeError(`Cannot run bench: --${name} must be a number above 0, got ${given}`);
  return rate;
}

/** One of the choices. @throws RangeError for anything else */
export function oneOf<Choice extends string>(name: string, given: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((one) => one === given);
  if (choice === undefined)
    throw new RangeError(`Cannot run bench: --${name} must be one of ${choices.join(', ')}, got ${given}`);
  return choice;
}

/**
 * Several of the choices, separated by commas, in the order of the choices; all of them without an argument. @throws
 * RangeError for another word
 */
export function someOf<Choice extends string>(
  name: string,
  given: string | undefined,
  choices: readonly Choice[],
): Choice[] {
  if (given === undefined) return [...choices];
  const asked = given.split(',').map((one) => oneOf(name, one.trim(), choices));
  return choices.filter((choice) => asked.includes(choice));
}

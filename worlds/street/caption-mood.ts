/** What captions say of the weather and the hour, and how they end. */
import type { Random } from './random.ts';
import type { Weather } from './weather.ts';

/** "rainy ", "busy ". */
export function moodOf({ sky, time }: Weather, random: Random): string {
  if (!random.chance(0.6)) return random.chance(0.2) ? random.pick(['quiet ', 'calm ', 'busy ']) : '';
  if (sky === 'rain') return random.pick(['rainy ', 'wet ']);
  if (sky === 'fog') return random.pick(['foggy ', 'misty ']);
  if (time === 'dusk') return random.pick(['dim ', 'darkening ']);
  return sky === 'clear' ? random.pick(['sunny ', 'bright ']) : random.pick(['gray ', 'quiet ']);
}

/** " at dusk", at times. */
export function timeOf({ sky, time }: Weather, random: Random): string {
  if (time === 'dusk' && random.chance(0.5)) return random.pick([' at dusk', ' in the evening']);
  if (sky === 'rain' && random.chance(0.25)) return ' on a rainy day';
  if (sky === 'fog' && random.chance(0.25)) return ' on a foggy morning';
  return '';
}

/** "On a rainy day, ", at times. */
export function openingOf({ sky, time }: Weather, random: Random): string {
  if (!random.chance(0.5)) return '';
  if (time === 'dusk') return random.pick(['At dusk, ', 'In the evening, ']);
  if (sky === 'rain') return random.pick(['It is raining, and ', 'On a rainy day, ']);
  if (sky === 'fog') return random.pick(['On a foggy day, ', 'On a misty morning, ']);
  return sky === 'clear'
    ? random.pick(['On a sunny day, ', 'On a clear day, '])
    : random.pick(['On a cloudy day, ', 'On a gray day, ']);
}

/** Sentences begin with a capital and end with a stop – or not, as captions do. */
export function finish(text: string, random: Random): string {
  if (random.chance(0.25)) return text.replace(/\. (\w)/g, ', $1');
  const capital = text.replace(
    /(^|\. )(\w)/g,
    (_whole, before: string, letter: string) => before + letter.toUpperCase(),
  );
  // "sun." is Sunday to a tokenizer.
  return random.chance(0.7) && !capital.endsWith('sun') ? `${capital}.` : capital;
}

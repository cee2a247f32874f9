/** Numbers of a training in words. It touches no page. */
import type { PageState } from '../src/live/page-protocol.ts';

/** `0.4712` as `47.1 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Four digits that matter. */
export function decimal(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** `42 s`, `12 min` or `3 h 5 min`. */
function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `step 120 of 1,200 · 12 min left · 8.2 pictures/s`. */
export function lineOf(state: Pick<PageState, 'step' | 'steps' | 'secondsLeft' | 'imagesPerSecond'>): string {
  const { step, steps, secondsLeft, imagesPerSecond } = state;
  if (steps === 0) return '';
  return [
    `step ${step.toLocaleString('en-US')} of ${steps.toLocaleString('en-US')}`,
    ...(secondsLeft === null ? [] : [`${duration(secondsLeft)} left`]),
    ...(imagesPerSecond === null ? [] : [`${decimal(imagesPerSecond)} pictures/s`]),
  ].join(' · ');
}

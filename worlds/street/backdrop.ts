/** What is behind everything: sky, hills, clouds, the sun. */
import { mixed, type Color } from './color.ts';
import type { Draft } from './draft.ts';
import { LEAF_GREENS } from './nature.ts';

/** Sky, sun, clouds, hills and far houses. */
export function addBackdrop({ random, list, weather, view }: Draft): void {
  const { time, sky } = weather;
  list.add({ kind: 'sky', x: 0, z: 0 });
  const { horizon } = view.camera;
  if (sky === 'clear' && random.chance(0.75)) {
    const low = time === 'dusk';
    list.add({
      kind: 'sun',
      x: random.range(0.1, 0.9),
      z: low ? random.range(0.1, 0.25) * horizon * 1.6 : random.range(0.62, 0.86) * horizon,
      width: random.range(64, 108),
      paint: low ? [255, 176, 84] : [255, 240, 168],
      trim: low ? [255, 150, 90] : [255, 244, 200],
    });
  }
  const clouds =
    sky === 'clear'
      ? random.integer(0, 4)
      : sky === 'cloudy'
        ? random.integer(4, 7)
        : sky === 'rain'
          ? random.integer(2, 5)
          : 0;
  const bright: Color =
    time === 'dusk'
      ? [246, 184, 176]
      : sky === 'rain'
        ? [150, 158, 168]
        : sky === 'cloudy'
          ? [232, 236, 240]
          : [252, 252, 252];
  const dim: Color =
    time === 'dusk'
      ? [170, 120, 150]
      : sky === 'rain'
        ? [116, 124, 136]
        : sky === 'cloudy'
          ? [186, 194, 204]
          : [222, 232, 242];
  for (let cloud = 0; cloud < clouds; cloud++) {
    const width = random.range(170, sky === 'clear' ? 330 : 480);
    list.add({
      kind: 'cloud',
      x: random.range(0, 1),
      z: random.range(0.35, 0.97) * horizon,
      width,
      height: width * random.range(0.22, 0.34),
      paint: bright,
      trim: dim,
      velocity: [random.range(0.004, 0.012), 0],
    });
  }
  if (random.chance(0.62)) {
    const far = mixed(random.pick(LEAF_GREENS), [120, 140, 170], random.range(0.1, 0.6));
    list.add({
      kind: 'hill',
      x: 0,
      z: random.range(50, 110),
      height: random.range(40, 130),
      paint: far,
      traits: random.chance(0.55) ? ['wooded'] : [],
      color: undefined,
    });
  }
}

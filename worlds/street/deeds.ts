/** What people, dogs and vehicles do. */
import type { ClassName } from './classes.ts';
import type { Visible } from './masks.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';

/** What the subject does: "a blue bus drives along the road". `stuff` gives the noun of what is seen. */
export function deedOf(
  subject: string,
  actor: Visible,
  { scene, random, stuff }: { scene: Scene; random: Random; stuff: (name: ClassName) => string | undefined },
): string {
  const { item } = actor;
  const moving = item.velocity[0] !== 0 || item.velocity[1] !== 0;
  const on = (name: ClassName, words: readonly string[]): string => {
    const noun = stuff(name);
    return noun === undefined ? '' : ` ${random.pick(words)} the ${noun}`;
  };
  const does = (deeds: readonly string[]): string => `${subject} ${random.pick(deeds)}`;
  switch (item.class) {
    case 'person':
      if (item.traits.includes('riding')) return `${subject}${on('road', ['on', 'along', 'down'])}`;
      if (onCrosswalk(actor, scene))
        return [
          `${subject} ${random.pick(['crosses', 'is crossing'])}`,
          stuff('road') === undefined ? '' : ' the road',
          on('crosswalk', ['at', 'on']),
        ]
          .join('')
          .replace(/(cross(?:es|ing))$/, '$1 over');
      if (moving)
        return does(['walks', 'is walking', 'walking', 'is strolling']) + on('pavement', ['on', 'along', 'down']);
      return does(['stands', 'is standing', 'standing', 'is waiting']) + on('pavement', ['on']);
    case 'dog':
      return (
        does(moving ? ['walks', 'is walking', 'is running'] : ['is waiting', 'stands', 'is standing']) +
        on('pavement', ['on'])
      );
    default:
      if (!moving)
        return (
          does(['is parked', 'parked', 'stands']) +
          (item.class === 'bicycle' ? on('pavement', ['on']) : on('road', ['at the side of', 'beside', 'on']))
        );
      return (
        does(
          item.class === 'bicycle'
            ? ['is moving', 'goes']
            : ['is driving', 'driving', 'is coming', 'goes', 'is moving'],
        ) + on('road', ['along', 'down', 'on'])
      );
  }
}

function onCrosswalk({ item }: Visible, { street }: Scene): boolean {
  return Math.abs(item.x) < street.halfRoad && street.crosswalks.some((z) => Math.abs(z - item.z) < 1.6);
}

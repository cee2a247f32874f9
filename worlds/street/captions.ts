/** Pictures → captions: several for each, of different length and order, that name only what is seen. */
import { finish, moodOf, openingOf, timeOf } from './caption-mood.ts';
import type { ClassName } from './classes.ts';
import { deedOf } from './deeds.ts';
import type { Drawing } from './draw.ts';
import type { Visible } from './masks.ts';
import { nameable, showsColor } from './nameable.ts';
import { Random } from './random.ts';
import { relationOf } from './relations.ts';
import type { Scene } from './scene.ts';
import { attributesOf, clothesOf, joined, nounOf, numberWord, pluralOf, withArticle, type Wording } from './words.ts';

/** A caption and what it speaks of. */
export interface Caption {
  readonly text: string;
  /** Items that are named; of several that are named together, all. */
  readonly items: readonly number[];
  /** Classes that are named. */
  readonly classes: readonly ClassName[];
}

/** How captions are made. */
export interface CaptionOptions {
  /** @default 5 */
  readonly count?: number;
  /** `avoid` uses none of HELD_OUT_SYNONYMS. @default allow */
  readonly synonyms?: 'avoid' | 'allow';
}

const THINGS: ReadonlySet<ClassName> = new Set([
  'car',
  'bus',
  'van',
  'bicycle',
  'person',
  'dog',
  'umbrella',
  'bench',
  'sign',
  'traffic light',
  'lamp',
  'awning',
  'tree',
  'building',
  'fence',
  'bush',
]);
/** What lists may hold beside them. */
const LISTED: ReadonlySet<ClassName> = new Set([...THINGS, 'hill', 'cloud', 'sun', 'crosswalk', 'grass']);
const ACTORS: ReadonlySet<ClassName> = new Set(['car', 'bus', 'van', 'bicycle', 'person', 'dog']);

/**
 * Captions of a picture: the same for the same picture, each with at least one thing; none where nothing can be made
 * out.
 *
 * @example
 * ```ts
 * import { captionsOf } from './captions.ts';
 * import { drawScene } from './draw.ts';
 * import { sceneOf } from './scene.ts';
 * const captions = captionsOf(await drawScene(sceneOf(7)), { count: 3 });
 * console.assert(captions.length === 3 && captions.every(({ text }) => text.length > 0));
 * ```
 */
export function captionsOf(drawing: Drawing, { count = 5, synonyms = 'allow' }: CaptionOptions = {}): Caption[] {
  const random = new Random('captions', drawing.scene.seed);
  const writer = new Writer(drawing, { random, avoidSynonyms: synonyms === 'avoid' });
  const captions = new Map<string, Caption>();
  for (let attempt = 0; captions.size < count && attempt < count * 6; attempt++) {
    const caption = writer.write();
    if (caption !== undefined) captions.set(caption.text, caption);
  }
  return [...captions.values()];
}

/** Writes captions of one picture. */
class Writer {
  readonly #scene: Scene;
  readonly #size: number;
  readonly #wording: Wording;
  readonly #random: Random;
  readonly #seen: readonly Visible[];
  /** All of a class that can be made out, named or not: what a count has to agree with. */
  readonly #counts = new Map<ClassName, number>();
  #named = new Set<Visible>();

  constructor(drawing: Drawing, wording: Wording) {
    const { scene, visible, height } = drawing;
    this.#scene = scene;
    this.#size = height;
    this.#wording = wording;
    this.#random = wording.random;
    this.#seen = nameable(drawing);
    for (const { item, share } of visible) {
      if (item.class !== undefined && share > 0.0004)
        this.#counts.set(item.class, (this.#counts.get(item.class) ?? 0) + 1);
    }
  }

  write(): Caption | undefined {
    this.#named = new Set();
    const style = this.#random.weighted({ list: 22, street: 24, relation: 20, action: 20, long: 14 });
    const text = this.#compose(style) ?? this.#compose('list') ?? this.#compose('street');
    if (text === undefined) return undefined;
    const items = [...this.#named].map(({ item }) => item);
    return {
      text: finish(text, this.#random),
      items: items.map(({ id }) => id),
      classes: [...new Set(items.map((item) => item.class!))],
    };
  }

  #compose(style: 'list' | 'street' | 'relation' | 'action' | 'long'): string | undefined {
    switch (style) {
      case 'list': {
        // What is far away is not "on the street".
        const backdrop = this.#random.chance(0.4);
        const phrases = this.#some(this.#random.integer(1, 4), backdrop);
        return phrases.length === 0 ? undefined : `${joined(phrases)}${backdrop ? '' : this.#place()}`;
      }
      case 'street': {
        const phrases = this.#some(this.#random.integer(1, 3), this.#random.chance(0.3));
        const street = this.#stuff('road');
        if (street === undefined)
          return phrases.length === 0 ? undefined : `${openingOf(this.#scene.weather, this.#random)}${joined(phrases)}`;
        const scene = withArticle(`${moodOf(this.#scene.weather, this.#random)}${street}`);
        const things =
          phrases.length === 0 ? '' : ` ${this.#random.pick(['with', 'with', 'where one sees'])} ${joined(phrases)}`;
        return `${scene}${things}${timeOf(this.#scene.weather, this.#random)}`;
      }
      case 'relation':
        return this.#relation();
      case 'action':
        return this.#action();
      case 'long': {
        const parts = [this.#action(), this.#relation()].filter((part) => part !== undefined);
        if (parts.length === 0) return undefined;
        const backdrop = this.#backdrop();
        const behind = backdrop === undefined ? '' : `, ${backdrop}`;
        return `${openingOf(this.#scene.weather, this.#random)}${parts.join('. ')}${behind}`;
      }
    }
  }

  /** Phrases of different things, the larger ones more likely. */
  #some(count: number, backdrop = false): string[] {
    const left = this.#seen.filter(({ item }) => (backdrop ? LISTED : THINGS).has(item.class!));
    const phrases: string[] = [];
    for (; count > 0 && left.length > 0; count--) {
      const one = this.#random.chance(0.5)
        ? this.#ofAnyClass(left)
        : left[Math.min(this.#random.integer(0, left.length - 1), this.#random.integer(0, left.length - 1))]!;
      if (!this.#named.has(one))
        phrases.push(this.#random.chance(0.24) ? (this.#group(one.item.class!) ?? this.#one(one)) : this.#one(one));
      for (let index = left.length - 1; index >= 0; index--) {
        // Of one class once is enough: "a car and a car" says nothing.
        if (left[index]!.item.class === one.item.class || this.#named.has(left[index]!)) left.splice(index, 1);
      }
    }
    return this.#random.shuffled(phrases);
  }

  /** The largest of a class, each class as likely. */
  #ofAnyClass(things: readonly Visible[]): Visible {
    const name = this.#random.pick([...new Set(things.map(({ item }) => item.class))]);
    return things.find(({ item }) => item.class === name)!;
  }

  /** "a red car", "the man in a blue coat". */
  #one(seen: Visible, determiner?: 'the'): string {
    this.#named.add(seen);
    const { item } = seen;
    const color = showsColor(seen, this.#scene.weather);
    const noun = nounOf(item, this.#wording);
    const before = attributesOf(item, noun, this.#wording, color).join(' ');
    const phrase = before === '' ? noun : `${before} ${noun}`;
    if (item.class === 'sun') return `the ${phrase}`;
    if (noun === 'grass') return this.#random.chance(0.3) ? 'green grass' : phrase;
    const first = determiner ?? (this.#counts.get(item.class!) === 1 && this.#random.chance(0.2) ? 'the' : undefined);
    const thing = first === 'the' ? `the ${phrase}` : withArticle(phrase);
    return `${thing}${clothesOf(item, this.#wording, color)}${this.#partner(seen)}`;
  }

  /** " with a red umbrella", " riding a bicycle". */
  #partner(seen: Visible): string {
    const { item } = seen;
    if (item.class !== 'person') return '';
    const other = this.#seen.find(
      (thing) => (thing.item.partner === item.id || item.partner === thing.item.id) && !this.#named.has(thing),
    );
    if (other === undefined || !this.#random.chance(0.75)) return '';
    if (other.item.class === 'umbrella')
      return ` ${this.#random.pick(['with', 'under', 'holding'])} ${this.#one(other)}`;
    return ` ${this.#random.pick(['on', 'riding'])} ${this.#one(other)}`;
  }

  /** "two cars", "people", "a row of houses"; undefined for fewer than two. */
  #group(name: ClassName): string | undefined {
    const members = this.#seen.filter(({ item }) => item.class === name);
    if (members.length < 2) return undefined;
    for (const member of members) this.#named.add(member);
    const exact = members.length === this.#counts.get(name) && members.length <= 6;
    const houses = name === 'building' && members.every(({ item }) => item.traits.includes('house'));
    const plural = houses ? 'houses' : pluralOf(name, this.#wording);
    if (name === 'building' || name === 'tree')
      return this.#random.pick([plural, `some ${plural}`, `a row of ${plural}`]);
    return exact
      ? this.#random.pick([numberWord(members.length), numberWord(members.length), 'some']) + ` ${plural}`
      : this.#random.pick([plural, `some ${plural}`, members.length > 3 ? `several ${plural}` : `some ${plural}`]);
  }

  /** A surface or the sky, where it is seen; no determiner. */
  #stuff(name: ClassName): string | undefined {
    const seen = this.#seen.find(({ item }) => item.class === name);
    if (seen === undefined) return undefined;
    this.#named.add(seen);
    return nounOf(seen.item, this.#wording);
  }

  /** Looks before it names: a relation of two things of different kinds. */
  #relation(): string | undefined {
    const things = this.#seen.filter(({ item }) => THINGS.has(item.class!)).slice(0, 14);
    for (let attempt = 0; attempt < 8 && things.length > 1; attempt++) {
      const [one, other] = [this.#random.pick(things), this.#random.pick(things)];
      if (
        one.item.class === other.item.class ||
        one.item.partner === other.item.id ||
        other.item.partner === one.item.id ||
        this.#named.has(one)
      )
        continue;
      const relation = relationOf(one, other, this.#random, this.#size);
      if (relation === undefined) continue;
      const seen = this.#named.has(other) ? 'the' : undefined;
      const first = this.#one(one);
      return `${first}${this.#random.chance(0.35) ? ' is' : ''} ${relation} ${this.#one(other, seen)}`;
    }
    return undefined;
  }

  /** "a blue bus drives along the road". */
  #action(): string | undefined {
    const actors = this.#seen.filter(
      ({ item }) =>
        ACTORS.has(item.class!) &&
        !this.#named.has(
          item.partner === undefined ? undefined! : this.#seen.find((other) => other.item.id === item.partner)!,
        ),
    );
    if (actors.length === 0) return undefined;
    const actor = this.#random.pick(actors.slice(0, 6));
    const subject = this.#one(actor);
    const stuff = (name: ClassName): string | undefined => this.#stuff(name);
    return deedOf(subject, actor, { scene: this.#scene, random: this.#random, stuff });
  }

  /** " on the street", at times. */
  #place(): string {
    if (!this.#random.chance(0.4)) return '';
    const noun = this.#stuff('road');
    return noun === undefined
      ? ''
      : (
          ` ${this.#random.pick(['on', 'in', 'along', 'by'])} ${this.#random.pick(['the', withArticle('').trim()])} ` +
          `${moodOf(this.#scene.weather, this.#random)}${noun}`
        )
          .replace(/\ba (?=[aeiou])/, 'an ')
          .replace('in the road', 'on the road')
          .replace('in a road', 'on a road');
  }

  /** "under a cloudy sky", "with hills behind". */
  #backdrop(): string | undefined {
    const { sky, time } = this.#scene.weather;
    if (this.#random.chance(0.5) && this.#stuff('sky') !== undefined) {
      const looks =
        time === 'dusk' && sky === 'clear'
          ? ['an orange sky', 'the evening sky']
          : {
              clear: ['a blue sky', 'a clear sky'],
              cloudy: ['a cloudy sky', 'a gray sky'],
              fog: ['a pale sky', 'a white sky'],
              rain: ['a dark sky', 'a gray sky'],
            }[sky];
      return `under ${this.#random.pick(looks)}`;
    }
    const far = this.#random.pick(['hill', 'tree', 'building', 'cloud', 'grass'] as const);
    if (this.#seen.some((seen) => this.#named.has(seen) && seen.item.class === far)) return undefined;
    if (far === 'grass')
      return this.#stuff('grass') === undefined
        ? undefined
        : `with ${this.#random.pick(['grass', 'green grass'])} beside it`;
    if (far === 'hill')
      return this.#stuff('hill') === undefined
        ? undefined
        : `with ${this.#random.pick(['hills', 'green hills', 'a hill'])} behind`;
    const group = this.#group(far);
    return group === undefined ? undefined : `with ${group} behind`;
  }
}

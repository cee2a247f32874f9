/** A thing in the street as plain data: what it is, what it looks like, where it stands, how it moves. */
import type { ClassName } from './classes.ts';
import type { Turn } from './camera.ts';
import type { Color, ColorWord } from './color.ts';
import type { Random } from './random.ts';

/** What a drawing function knows how to draw: classes, ground and clutter. */
export type Kind = ClassName | 'clutter';

/** Words beside the color that a caption may use. */
export type Trait =
  | 'small'
  | 'large'
  | 'tall'
  | 'striped'
  | 'spotted'
  | 'brick'
  | 'parked'
  | 'double-decker'
  | 'shop'
  | 'house'
  | 'round'
  | 'triangular'
  | 'square'
  | 'octagonal'
  | 'pine'
  | 'birch'
  | 'autumn'
  | 'picket'
  | 'iron'
  | 'plank'
  | 'walking'
  | 'riding'
  | 'standing'
  | 'wet'
  | 'lit'
  | 'wooded'
  | 'hat'
  | 'bag';

/** Something that is seen. */
export interface Item {
  /** Place in the scene's list plus one: the value of its pixels in an instance map. */
  readonly id: number;
  readonly kind: Kind;
  /** Undefined for clutter. */
  readonly class: ClassName | undefined;
  /** Body form: 'sedan', 'pine', 'coat' … */
  readonly form: string;
  /** What a person wears above the legs, such as 'coat'; empty for everything else. */
  readonly garment: string;
  /** Seed of its details. */
  readonly seed: number;
  /** Where it stands, meters. */
  readonly x: number;
  readonly z: number;
  /** Where its front looks. */
  readonly turn: Turn;
  /** Meters: across, up, along its front's direction. */
  readonly width: number;
  readonly height: number;
  readonly length: number;
  readonly paint: Color;
  readonly trim: Color;
  /** The paint's name; undefined where no caption should name it. */
  readonly color: ColorWord | undefined;
  /** The trim's name. */
  readonly trimColor: ColorWord | undefined;
  readonly traits: readonly Trait[];
  /** Meters a second along x and z. */
  readonly velocity: readonly [x: number, z: number];
  /** Share of a step that is done, 0 … 1. */
  readonly gait: number;
  /** The item it belongs to: the walker of an umbrella, the bicycle of a rider. */
  readonly partner: number | undefined;
}

/** An item before it has its place in the list; what is left out gets a plain default. */
export type ItemDraft = Partial<Item> & Pick<Item, 'kind' | 'x' | 'z'>;

/** Collects the items of a scene and numbers them. */
export class ItemList {
  readonly items: Item[] = [];
  readonly #random: Random;
  /** What stands where, so that things do not stand in each other: x, z, radius. */
  readonly #footprints: (readonly [x: number, z: number, radius: number])[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Adds an item; its number. */
  add(draft: ItemDraft): number {
    const id = this.items.length + 1;
    this.items.push({
      class: draft.kind === 'clutter' ? undefined : draft.kind,
      form: '',
      garment: '',
      turn: [1, 0],
      width: 1,
      height: 1,
      length: 1,
      paint: [128, 128, 128],
      trim: [80, 80, 80],
      color: undefined,
      trimColor: undefined,
      traits: [],
      velocity: [0, 0],
      gait: 0,
      partner: undefined,
      ...draft,
      id,
      seed: this.#random.bits(),
    });
    return id;
  }

  /** Whether a disc of the ground is free; takes it when it is. */
  take(x: number, z: number, radius: number): boolean {
    const free = this.#footprints.every(([otherX, otherZ, other]) => {
      const [dx, dz, reach] = [x - otherX, z - otherZ, radius + other];
      return dx * dx + dz * dz >= reach * reach;
    });
    if (free) this.#footprints.push([x, z, radius]);
    return free;
  }

  /** Takes a strip along the street, as discs a meter apart. */
  takeStrip(x: number, z: number, halfLength: number, radius: number): boolean {
    const places: number[] = [];
    for (let offset = -halfLength; offset <= halfLength; offset += 1) places.push(z + offset);
    const before = this.#footprints.length;
    const isFree = places.every((place) =>
      this.#footprints.slice(0, before).every(([otherX, otherZ, other]) => {
        const [dx, dz, reach] = [x - otherX, place - otherZ, radius + other];
        return dx * dx + dz * dz >= reach * reach;
      }),
    );
    if (isFree) for (const place of places) this.#footprints.push([x, place, radius]);
    return isFree;
  }
}

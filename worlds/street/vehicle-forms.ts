/** The bodies of cars, vans and buses, as outlines. */
import type { Point } from './camera.ts';

/** A body form; lengths in meters, u from the middle to the front. */
export interface VehicleForm {
  readonly length: number;
  readonly width: number;
  readonly height: number;
  /** Outlines in (u, v), counter-clockwise from the lower back. */
  readonly body: readonly Point[];
  readonly cabin?: readonly Point[];
  /** Side windows: [from u, to u, lower v, upper v, slant back, slant front]. */
  readonly windows: readonly (readonly [number, number, number, number, number, number])[];
  readonly wheels: readonly number[];
  readonly wheel: number;
}

/** Forms by name; the first part of a name is the class. */
export const VEHICLE_FORMS: Readonly<Record<string, VehicleForm>> = {
  'car sedan': {
    length: 4.5,
    width: 1.8,
    height: 1.45,
    wheels: [-1.38, 1.38],
    wheel: 0.34,
    body: [
      [-2.25, 0.3],
      [2.25, 0.3],
      [2.25, 0.7],
      [2.05, 0.82],
      [0.95, 0.95],
      [-1.6, 0.98],
      [-2.2, 0.93],
    ],
    cabin: [
      [-1.7, 0.95],
      [1.1, 0.93],
      [0.35, 1.42],
      [-0.95, 1.45],
    ],
    windows: [
      [-1.3, -0.3, 1, 1.36, 0.4, 0],
      [-0.2, 0.82, 1, 1.36, 0, 0.48],
    ],
  },
  'car hatchback': {
    length: 3.8,
    width: 1.72,
    height: 1.52,
    wheels: [-1.2, 1.22],
    wheel: 0.33,
    body: [
      [-1.9, 0.3],
      [1.9, 0.3],
      [1.9, 0.72],
      [1.7, 0.86],
      [0.95, 0.98],
      [-1.85, 1],
    ],
    cabin: [
      [-1.88, 0.98],
      [1.05, 0.96],
      [0.35, 1.5],
      [-1.5, 1.52],
    ],
    windows: [
      [-1.66, -0.45, 1.04, 1.43, 0.22, 0],
      [-0.34, 0.78, 1.04, 1.43, 0, 0.42],
    ],
  },
  'car suv': {
    length: 4.6,
    width: 1.95,
    height: 1.85,
    wheels: [-1.4, 1.42],
    wheel: 0.4,
    body: [
      [-2.3, 0.38],
      [2.3, 0.38],
      [2.3, 0.95],
      [2.15, 1.1],
      [1, 1.18],
      [-2.25, 1.2],
    ],
    cabin: [
      [-2.25, 1.18],
      [1.15, 1.16],
      [0.6, 1.82],
      [-2, 1.85],
    ],
    windows: [
      [-2, -1.1, 1.25, 1.73, 0.12, 0],
      [-1, -0.1, 1.25, 1.73, 0, 0],
      [0, 0.88, 1.25, 1.73, 0, 0.38],
    ],
  },
  'car beetle': {
    length: 3.9,
    width: 1.65,
    height: 1.5,
    wheels: [-1.15, 1.25],
    wheel: 0.34,
    body: [
      [-1.85, 0.3],
      [1.9, 0.3],
      [1.95, 0.6],
      [1.6, 0.86],
      [0.9, 0.98],
      [-1.1, 1.02],
      [-1.7, 0.82],
    ],
    cabin: [
      [-1.45, 0.95],
      [1, 0.93],
      [0.6, 1.35],
      [0, 1.5],
      [-0.6, 1.46],
      [-1.1, 1.25],
    ],
    windows: [
      [-1, -0.22, 1.02, 1.36, 0.3, 0],
      [-0.12, 0.72, 1.02, 1.36, 0, 0.36],
    ],
  },
  'car pickup': {
    length: 5.2,
    width: 1.95,
    height: 1.8,
    wheels: [-1.55, 1.6],
    wheel: 0.4,
    body: [
      [-2.6, 0.4],
      [2.6, 0.4],
      [2.6, 0.95],
      [2.4, 1.08],
      [1.2, 1.16],
      [-2.6, 1.14],
    ],
    cabin: [
      [-0.5, 1.12],
      [1.35, 1.12],
      [0.8, 1.78],
      [-0.35, 1.8],
    ],
    windows: [
      [-0.25, 0.4, 1.22, 1.7, 0.02, 0],
      [0.48, 1.05, 1.22, 1.7, 0, 0.36],
    ],
  },
  'van box': {
    length: 5.4,
    width: 2.05,
    height: 2.5,
    wheels: [-1.7, 1.75],
    wheel: 0.38,
    body: [
      [-2.7, 0.36],
      [2.7, 0.36],
      [2.7, 0.95],
      [2.5, 1.2],
      [1.85, 1.38],
      [1.25, 2.35],
      [1, 2.5],
      [-2.7, 2.5],
    ],
    windows: [[0.55, 1.6, 1.4, 2.1, 0, 0.42]],
  },
  'van camper': {
    length: 4.6,
    width: 1.95,
    height: 2.1,
    wheels: [-1.35, 1.45],
    wheel: 0.36,
    body: [
      [-2.3, 0.34],
      [2.3, 0.34],
      [2.35, 0.9],
      [2.2, 1.25],
      [1.85, 1.98],
      [1.6, 2.1],
      [-2.2, 2.1],
      [-2.3, 1.9],
    ],
    windows: [
      [-2, -1.05, 1.3, 1.85, 0.05, 0],
      [-0.9, 0.15, 1.3, 1.85, 0, 0],
      [0.3, 1.95, 1.3, 1.85, 0, 0.3],
    ],
  },
  'bus city': {
    length: 10.5,
    width: 2.5,
    height: 3.1,
    wheels: [-3.1, 3.2],
    wheel: 0.48,
    body: [
      [-5.25, 0.35],
      [5.25, 0.35],
      [5.3, 1.2],
      [5.15, 3],
      [5, 3.1],
      [-5.2, 3.1],
    ],
    windows: [-4.9, -3.55, -2.2, -0.85, 0.5, 1.85, 3.2].map((u) => [u, u + 1.2, 1.45, 2.6, 0, 0] as const),
  },
  'bus school': {
    length: 8.6,
    width: 2.4,
    height: 2.9,
    wheels: [-2.5, 3],
    wheel: 0.46,
    body: [
      [-4.3, 0.4],
      [4.3, 0.4],
      [4.3, 1.35],
      [3.1, 1.55],
      [2.8, 2.8],
      [2.6, 2.9],
      [-4.2, 2.9],
      [-4.3, 2.7],
    ],
    windows: [-3.95, -2.95, -1.95, -0.95, 0.05, 1.05].map((u) => [u, u + 0.86, 1.6, 2.5, 0, 0] as const),
  },
  'bus double': {
    length: 9.6,
    width: 2.5,
    height: 4.3,
    wheels: [-2.9, 2.9],
    wheel: 0.48,
    body: [
      [-4.8, 0.35],
      [4.8, 0.35],
      [4.85, 1.2],
      [4.7, 4.15],
      [4.5, 4.3],
      [-4.7, 4.3],
    ],
    windows: [-4.5, -3.2, -1.9, -0.6, 0.7, 2, 3.3].flatMap((u) => [
      [u, u + 1.16, 1.35, 2.15, 0, 0] as const,
      [u, u + 1.16, 2.75, 3.75, 0, 0] as const,
    ]),
  },
};

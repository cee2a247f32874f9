/** A person on a bicycle. */
import { scaled } from './color.ts';
import { head, limb, part, wave, type Figure } from './figure.ts';

export function drawRider(figure: Figure): void {
  const { item, painter, side, size } = figure;
  if (!side) {
    limb(
      figure,
      [
        [-0.12, 1.02],
        [-0.17, 0.72],
        [-0.13, 0.34],
      ],
      0.15,
      item.trim,
    );
    limb(
      figure,
      [
        [0.12, 1.02],
        [0.17, 0.78],
        [0.13, 0.5],
      ],
      0.15,
      scaled(item.trim, 0.85),
    );
    limb(
      figure,
      [
        [-0.2, 1.5],
        [-0.3, 1.3],
        [-0.26, 1.1],
      ],
      0.1,
      scaled(item.paint, 0.86),
    );
    limb(
      figure,
      [
        [0.2, 1.5],
        [0.3, 1.3],
        [0.26, 1.1],
      ],
      0.1,
      scaled(item.paint, 0.86),
    );
    painter.add(
      part(figure, [
        [-0.2, 0.98],
        [0.2, 0.98],
        [0.22, 1.52],
        [0.1, 1.6],
        [-0.1, 1.6],
        [-0.22, 1.52],
      ]),
      item.paint,
    );
    head(figure, 0, 1.74);
    return;
  }
  const push = wave(item.gait);
  limb(
    figure,
    [
      [-0.22, 1.02],
      [0.2, 0.78 - push * 0.06],
      [0.06, 0.36 + push * 0.12],
    ],
    0.14,
    scaled(item.trim, 0.78),
  );
  limb(
    figure,
    [
      [-0.22, 1.02],
      [0.22, 0.72 + push * 0.08],
      [0.06, 0.3 - push * 0.12],
    ],
    0.15,
    item.trim,
  );
  painter.add(
    part(figure, [
      [-0.36, 0.98],
      [-0.1, 0.94],
      [0.2, 1.42],
      [0.16, 1.52],
      [0, 1.55],
      [-0.18, 1.34],
    ]),
    item.paint,
  );
  limb(
    figure,
    [
      [0.1, 1.44],
      [0.24, 1.18],
      [0.48 / size, 1.06],
    ],
    0.1,
    scaled(item.paint, 0.85),
  );
  head(figure, 0.18, 1.68);
}

/** The part of a protocol that says how a picture became a label map, as phrases for people. */
import type { PixelProtocol } from './pixel-protocol.ts';

/** The named protocol, and where the run departs from it. */
export function nameText({ name, changed }: Pick<PixelProtocol, 'name' | 'changed'>): string {
  if (name === null) return '';
  return `${name}${changed.length === 0 ? '' : `, but for ${changed.join(', ')}`}`;
}

/** What the network is given. */
export function windowsText({ windows }: Pick<PixelProtocol, 'windows'>): string {
  if (windows === null) return 'whole pictures';
  const { size, stride, shortSide, longSide } = windows;
  const sides = [
    shortSide === null ? '' : `a short side of ${shortSide}`,
    longSide === null ? '' : `a long side of at most ${longSide}`,
  ].filter((side) => side !== '');
  const of = sides.length === 0 ? '' : ` of pictures resampled to ${sides.join(' and ')} pixels`;
  return `windows of ${size} pixels every ${stride}${of}`;
}

/** Statistics, words, scores, refinement and what does not count. */
export function pixelTexts(protocol: PixelProtocol): readonly string[] {
  const { statistics, pooling, words, scores, softmaxScale, average, refine, backgroundIn, ignored } = protocol;
  const asked = Object.entries(words ?? {}).map(([name, some]) => `${name} as ${some.join(' | ')}`);
  return [
    statistics === null
      ? 'pixels normalized by the trunk'
      : `pixels normalized by means ${statistics.mean.join(', ')} and deviations ${statistics.std.join(', ')}`,
    `sentences pooled by ${pooling === 'mean' ? 'their mean' : 'the mean of their directions'}`,
    asked.length === 0 ? '' : `asked for: ${asked.join(', ')}`,
    scores === 'sigmoid' ? 'sigmoid' : `softmax of ${softmaxScale} × logits`,
    `${average} averaged and resampled`,
    refine === null
      ? 'not refined'
      : `refined by color (PAMR, ${refine.iterations} iterations, dilations ${refine.dilations.join(', ')}, ` +
        `at 1/${refine.divisor} of the window)`,
    backgroundIn === 'windows' ? 'background by votes of the windows' : '',
    ignored.length === 0 ? 'every mask value counts' : `mask values that do not count: ${ignored.join(', ')}`,
  ];
}

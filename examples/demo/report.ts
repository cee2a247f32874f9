/** What the demo says about its results, and how to go on. */
import type { Footage } from './footage.ts';
import type { Street } from './street.ts';

/** The real clip in numbers. */
export function footageReport(footage: Footage, seconds: number): string {
  const { name, frames, width, height, framesPerSecond, names, shares, unknown } = footage;
  return [
    `${name}, its first ${seconds} s: ${frames} frames of ${width} × ${height} pixels, ` +
      `${framesPerSecond.toFixed(1)} frames/s; mean share of the picture:`,
    ...names.map((label, index) => row(label, shares[index]!)),
    ...(unknown.length === 0 ? [] : [`  unknown to this checkpoint: ${unknown.join(', ')}`]),
  ].join('\n');
}

/** The street in numbers. */
export function streetReport({ clip, classes, labels, labelOf, framesPerSecond, iou, meanIou }: Street): string {
  const left = classes.filter((_, index) => labelOf[index] === -1);
  const merged = classes.flatMap((name, index) => {
    const label = labels.names[labelOf[index]!];
    return label === undefined || label === name ? [] : [`${name} as ${label}`];
  });
  return [
    `A drawn street: ${clip.frames} frames of ${clip.width} × ${clip.height} pixels, ` +
      `${framesPerSecond.toFixed(1)} frames/s`,
    `mIoU ${percent(meanIou)} over every pixel of every frame and these classes, which were its labels:`,
    ...labels.names.map((name, index) => row(name, iou[index]!)),
    ...(merged.length === 0 ? [] : [`  counted as what the checkpoint calls it: ${merged.join(', ')}`]),
    ...(left.length === 0 ? [] : [`  not counted, for the checkpoint has no word for it: ${left.join(', ')}`]),
  ].join('\n');
}

/** Commands to try next. */
export function nextCommands(frame: string, labels: readonly string[]): string {
  const described = 'a red car,a person on a bicycle';
  return `Next, with words and pictures of yours:
  npx synseg segment ${frame} --labels "${labels.join(',')}" --json
  npx synseg segment photo.jpg --labels dog,sofa,person
  npx synseg serve camera:0 --labels person,car,road
With a published CLIPSeg checkpoint from the hub, which takes any description:
  npx synseg video drive.mp4 --model CIDAS/clipseg-rd64-refined --labels "${described}" --out overlay.mp4`;
}

function row(label: string, share: number): string {
  return `  ${label.padEnd(14)}${percent(share).padStart(7)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

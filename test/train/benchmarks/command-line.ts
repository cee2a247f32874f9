/** `synseg evaluate` on small data sets: the score says how many pixels of each class there were. */
import { join } from 'node:path';
import type { Score } from '@synseg/train';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { command } from '../../synseg/command.ts';

/** What a score says of the ground truth, or how the command failed. */
export interface Evaluated {
  readonly stderr?: string;
  readonly classes?: number;
  /** Of the classes that occur. */
  readonly pixels?: Readonly<Record<string, number>>;
  readonly images?: number;
  readonly failures?: Score['failures'];
  readonly split?: string | null;
  readonly background?: string | null;
}

/** The command with a tiny checkpoint, which takes any words. */
export function commandLine(folder: string) {
  const model = writeTinyClipseg(join(folder, 'model'));
  const loading = ['--model', model, '--cache-folder', join(folder, 'cache'), '--device', 'cpu', '--quiet'];
  const evaluated = async (dataset: string, root: string, ...more: string[]): Promise<Evaluated> => {
    const argv = ['evaluate', ...loading, '--dataset', dataset, '--root', root, '--json', ...more];
    const { exitCode, stdout, stderr } = await command(argv);
    if (exitCode !== 0) return { stderr };
    const { classes, confusion, missed, images, failures, protocol } = JSON.parse(stdout) as Score;
    const counts = classes.map((name, at) => {
      const found = confusion[at]!.reduce((sum, one) => sum + one, 0);
      return [name, found + missed[at]!] as const;
    });
    return {
      classes: classes.length,
      pixels: Object.fromEntries(counts.filter(([, count]) => count > 0)),
      ...{ images, failures, split: protocol.split, background: protocol.background },
    };
  };
  const refusal = async (...argv: Parameters<typeof evaluated>): Promise<string | undefined> =>
    (await evaluated(...argv)).stderr;
  return { evaluated, refusal };
}

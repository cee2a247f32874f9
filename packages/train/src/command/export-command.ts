/** `synseg-train export`: a checkpoint of a run as a folder for the segmenter. */
import type { ExportOptions } from '../run/export.ts';
import type { CommandContext, CommandResult, OutputFlags } from './output.ts';

/** `exportCheckpoint()`, or what stands for it in a test. */
export type ExportCheckpoint = (from: string, to: string, options: ExportOptions) => Promise<void>;

/** Flags of `synseg-train export`. */
export interface ExportFlags extends OutputFlags {
  readonly out: string;
  readonly precision?: ExportOptions['precision'];
  readonly threshold?: number;
  readonly overwrite?: true;
}

/** Runs `synseg-train export`. */
export async function exportCommand(
  exportCheckpoint: ExportCheckpoint,
  { signal }: CommandContext,
  checkpoint: string,
  flags: ExportFlags,
): Promise<CommandResult> {
  const { out, precision = 'fp32', threshold, overwrite = false } = flags;
  await exportCheckpoint(checkpoint, out, {
    precision,
    ...(threshold === undefined ? {} : { threshold }),
    overwrite,
    signal,
  });
  return { json: { checkpoint, out, precision }, text: `wrote ${out} (${precision})` };
}

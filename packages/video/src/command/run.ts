/** The work of `synseg-video`, apart from the process it runs in: signals and exit are the entry's business. */
import { isSynsegError, type LabelInput, type LabelSet, type Segmenter } from '@synseg/core';
import { messageOf } from '@synseg/core/guards';
import { withoutSecrets } from '@synseg/core/guards';
import { parseArguments, type ModelArguments, type VideoArguments } from './arguments.ts';
import { devicesCommand, probeCommand } from './listing.ts';
import type { TextOutput } from './progress.ts';
import { segmentCommand } from './segment.ts';
import { serveCommand } from './serve.ts';

/** What the command needs of a loaded model; `Segmenter` of @synseg/core fits. */
export type CommandSegmenter = Pick<Segmenter, 'inputSize' | 'share' | 'device' | 'precision'> &
  AsyncDisposable & {
    readonly vocabulary?: readonly string[] | undefined;
    labels(
      names: readonly LabelInput[],
      options: Pick<VideoArguments, 'background' | 'templates' | 'threshold'>,
    ): Promise<LabelSet>;
  };

/** What surrounds the command. */
export interface CommandSurroundings {
  readonly version: string;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly load: (
    model: string,
    options: Pick<ModelArguments, 'device' | 'precision'> & { readonly signal: AbortSignal },
  ) => Promise<CommandSegmenter>;
}

/** Runs one command line and returns its exit code. */
export async function runCommand(argv: readonly string[], surroundings: CommandSurroundings): Promise<0 | 1 | 2> {
  const { stdout, stderr, version } = surroundings;
  const parsed = parseArguments(argv, version);
  if ('exitCode' in parsed) {
    (parsed.exitCode === 0 ? stdout : stderr).write(withoutSecrets(parsed.text, argv));
    return parsed.exitCode;
  }
  try {
    switch (parsed.command) {
      case 'segment':
        return await segmentCommand(parsed, surroundings);
      case 'serve':
        return await serveCommand(parsed, surroundings);
      case 'probe':
        await probeCommand(parsed, surroundings);
        break;
      case 'devices':
        await devicesCommand(parsed, surroundings);
        break;
    }
    return 0;
  } catch (error) {
    const code = isSynsegError(error) ? ` (${error.code})` : '';
    stderr.write(`synseg-video: ${withoutSecrets(messageOf(error), argv)}${code}\n`);
    return error instanceof RangeError ? 2 : 1;
  }
}

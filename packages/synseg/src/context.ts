/** The parts of a command, what it takes from the process around it, and its result. */
import type { Segmenter } from '@synseg/core';
import type { Options, OptionsOf } from '@synseg/core/guards';
import type * as train from '@synseg/train';
import type { Progress } from './progress.ts';

/** Exit codes, the same of every command. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Functions of the libraries that do the work; in tests, others in their place. */
export type Work = Pick<
  typeof train,
  'createCheckpoint' | 'evaluate' | 'exportCheckpoint' | 'extractPhrases' | 'fineTune'
> & {
  readonly load: (...values: Parameters<typeof Segmenter.load>) => Promise<Loaded>;
  readonly train: (options: train.TrainOptions) => AsyncIterable<train.StepReport>;
  readonly trainEncoders: (options: train.TrainEncodersOptions) => AsyncIterable<train.StepReport>;
  readonly trainTextEncoder: (options: train.TrainTextEncoderOptions) => AsyncIterable<train.StepReport>;
};

/** The part of a {@link Segmenter} that commands use. */
export type Loaded = Pick<Segmenter, 'device' | 'inputSize' | 'labels' | 'precision' | 'share' | 'vocabulary'> &
  Pick<Segmenter, 'segment'> &
  AsyncDisposable;

/** What surrounds a command. */
export interface Context {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly work: Partial<Work>;
  /** Writes a line for people to stderr, unless `--quiet` was given. */
  readonly note: (line: string) => void;
  /** Writes a line to stderr that must be seen. */
  readonly warn: (line: string) => void;
  /** Prints the result while the command goes on. */
  readonly answer: (result: Result) => void;
}

/** A command's answer, for machines and for people. */
export interface Result {
  readonly json: unknown;
  /** Lines, without a final line break. */
  readonly text: string;
  /** Part of the work failed; `warn` has said which. */
  readonly failed?: boolean;
  /** Ended by Ctrl-C, with what was done so far. */
  readonly interrupted?: boolean;
}

/** A command, as the command line reads it. */
export interface Command<Described extends Options = Options, Needed extends keyof Described = never, Operand = never> {
  /** Name of the constant that holds `flags`; the docblocks in it are their help. */
  readonly name: string;
  readonly flags: Described;
  readonly needed?: readonly Needed[];
  /** The argument beside the flags, in commander's form: `<image>`, `[names]`, `<source...>`. */
  readonly operand?: string;
  /** Text of the help after the flags. */
  readonly help?: string;
  readonly run: (context: Context, flags: OptionsOf<Described, Needed>, operand: Operand) => Promise<Result>;
}

/** A command with the types of its flags. */
export function command<
  const Described extends Options,
  Needed extends keyof Described & string = never,
  Operand = never,
>(definition: Command<Described, Needed, Operand>): Command {
  return definition as unknown as Command;
}

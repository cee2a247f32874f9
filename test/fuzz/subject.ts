/** What is fuzzed: a way from random choices to a call of the package. */
import type { Draw } from './draw.ts';

/** One mutated input and the call that takes it. */
export interface Case {
  /** Contents by name, written into the case's folder before it runs. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** The input that is no file, for people. */
  readonly shown?: string;
  /** What the call may reject with beside errors of ours. */
  readonly reason?: unknown;
  /** Takes the input; what it throws is judged. */
  run(): unknown;
}

/** Makes cases. */
export interface Subject {
  readonly make: (draw: Draw) => Case;
  /** Frees what the subject holds. */
  readonly close?: () => Promise<void>;
}

/** Opens a subject; its cases' files lie in `folder`. */
export type OpenSubject = (folder: string) => Promise<Subject> | Subject;

/** The subjects, each the file of its name in `subjects/`; the one that takes longest first. */
export const SUBJECTS = [
  'tables',
  'safetensors',
  'config',
  'tokenizer',
  'label-sets',
  'rle',
  'mat',
  'tar',
  'coco',
  'annotations',
  'photos',
  'arguments',
] as const;

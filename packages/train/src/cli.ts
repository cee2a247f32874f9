#!/usr/bin/env node
/** Entry of `synseg-train`. */
import { runProcess } from './command/process.ts';
import { evaluate } from './evaluate/evaluate.ts';
import { createCheckpoint } from './fresh/create-checkpoint.ts';
import { extractPhrases } from './phrases/extract-phrases.ts';
import { exportCheckpoint } from './run/export.ts';
import { train, trainEncoders } from './trainer/train.ts';

await runProcess({ createCheckpoint, train, trainEncoders, evaluate, extractPhrases, exportCheckpoint });

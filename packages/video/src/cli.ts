#!/usr/bin/env node
/** Entry of `synseg-video`. */
import { Segmenter, type LabelSet } from '@synseg/core';
import { runProcess } from './command/process.ts';

await runProcess<LabelSet>((model, options) => Segmenter.load(model, options));

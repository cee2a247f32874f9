#!/usr/bin/env node
/** Entry of `synseg-video`. */
import { Segmenter } from '@synseg/core';
import { runProcess } from './command/process.ts';

await runProcess((model, options) => Segmenter.load(model, options));

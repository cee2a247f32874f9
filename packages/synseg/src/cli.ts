#!/usr/bin/env node
/** Entry of `synseg`. */
import { runProcess } from './process.ts';

await runProcess();

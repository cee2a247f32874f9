/** `trainTextEncoder()` as a program has it, with the built package: prints the number of its last step. */
import process from 'node:process';
import { trainTextEncoder } from '@synseg/train';

let last = 0;
for await (const { step } of trainTextEncoder(JSON.parse(process.argv[2]))) last = step;
console.log(String(last));

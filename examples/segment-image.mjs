/**
 * Segments one picture and writes it with its labels drawn over it.
 *
 *   node examples/segment-image.mjs street.jpg CIDAS/clipseg-rd64-refined road,car,sky
 *
 * Prints the share of the picture each label won, and writes out/segment-image.png.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Segmenter } from '@synseg/core';

const [image, model, names] = process.argv.slice(2);
if (names === undefined) throw new TypeError('Usage: segment-image.mjs IMAGE MODEL label,label,…');

const segmenter = await Segmenter.load(model);
const labels = await segmenter.labels(names.split(','));
const result = await segmenter.segment(image, labels);
console.log(result.areas);
mkdirSync('out', { recursive: true });
writeFileSync('out/segment-image.png', await result.overlay(image));
await segmenter[Symbol.asyncDispose]();

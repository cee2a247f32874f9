/** Embeds labels in a process of its own: `node embed-process.mjs MODEL CACHE NAME…` prints their bytes as base64. */
import { Segmenter } from '@synseg/core';

const [model, cacheFolder, ...names] = process.argv.slice(2);
const segmenter = await Segmenter.load(model, { device: 'cpu', cacheFolder });
const { embeddings } = await segmenter.labels(names);
process.stdout.write(Buffer.from(embeddings.buffer).toString('base64'));
await segmenter[Symbol.asyncDispose]();

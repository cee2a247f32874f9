/**
 * Segments a photo with a checkpoint from the Hugging Face hub, downloaded once into the hub's own cache.
 *
 *   node published-checkpoint.mjs PICTURE "a cat,a sofa" [--model CIDAS/clipseg-rd64-refined] [--revision main] [--out
 *   out/published-checkpoint/overlay.png]
 *
 * The environment is that of Python's huggingface_hub: HF_ENDPOINT (a mirror), HF_TOKEN (private and gated
 * checkpoints),
 * HF_HOME or HF_HUB_CACHE (where the cache is), HF_HUB_OFFLINE=1 (cache only).
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Segmenter, isSynsegError } from '@synseg/core';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'CIDAS/clipseg-rd64-refined' },
    revision: { type: 'string', default: 'main' },
    out: { type: 'string', default: 'out/published-checkpoint/overlay.png' },
  },
});
const [picture, names] = positionals;
if (picture === undefined || names === undefined) {
  console.error(
    'Usage: published-checkpoint.mjs PICTURE label,label,… [--model OWNER/NAME] [--revision main] [--out FILE.png]',
  );
  process.exit(2);
}

/** @param {import('@synseg/core').LoadProgress} progress */
function showDownload(progress) {
  if (progress.stage !== 'download' || progress.loadedBytes < progress.totalBytes) return;
  console.error(`downloaded ${progress.file}, ${(progress.totalBytes / 1e6).toFixed(1)} MB`);
}

try {
  const segmenter = await Segmenter.load(values.model, { revision: values.revision, onProgress: showDownload });
  const labels = await segmenter.labels(names.split(','), { background: 0.4 });
  const result = await segmenter.segment(picture, labels);
  await mkdir(dirname(values.out), { recursive: true });
  await writeFile(values.out, await result.overlay(picture));
  await segmenter[Symbol.asyncDispose]();
  for (const [name, share] of Object.entries(result.areas))
    console.log(`${name.padEnd(16)} ${(100 * share).toFixed(1).padStart(5)} %`);
} catch (error) {
  // What can go wrong outside this program has a code: HUB_DOWNLOAD, MODEL_LOAD, IMAGE_DECODE, …
  if (!isSynsegError(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exit(1);
}

/** Extracts the phrases of a file as a program of its own: `extract.ts CAPTIONS OUT`; prints the counts as JSON. */
import { extractPhrases } from '../../../../packages/train/src/phrases/extract-phrases.ts';

const [captions = '', out = ''] = process.argv.slice(2);
let progress = { bytes: 0, totalBytes: 0 };
const summary = await extractPhrases(captions, { out, onProgress: (reported) => (progress = reported) });
const { lines, kept, broken, phrases, distinct } = summary;
console.log(JSON.stringify({ lines, kept, broken, phrases, distinct, read: progress.bytes === progress.totalBytes }));

/** node network.mjs <url of a picture> <repository> <cache folder>: see network.test.ts. */
import { Segmenter, downloadCheckpoint } from '../../../packages/core/dist/index.js';

const [url, repo, cacheDir] = process.argv.slice(2);
const segmenter = await Segmenter.load('embedded', { device: 'cpu', threads: 1 });
const result = await segmenter.segment(url, await segmenter.labels(['road', 'car']));
console.log(result.width, result.height);
await segmenter.dispose();
const careful = await Segmenter.load('embedded', { device: 'cpu', threads: 1, publicOnly: true });
console.log(await careful.segment(url, await careful.labels(['road'])).catch(({ message }) => message));
await careful.dispose();
const folder = await downloadCheckpoint(repo, { hubUrl: 'http://hub.example', cacheDir, offline: false });
console.log(folder.slice(-9));

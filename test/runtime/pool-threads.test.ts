/** Threads of the built pools: when they say that they have loaded. */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { REPOSITORY } from '../support/runtimes.ts';

/** Tells what a module has posted by the time that it has been loaded, and then its first message. */
const watcher = `
const { parentPort, workerData } = require('node:worker_threads');
const post = parentPort.postMessage.bind(parentPort);
let posted = 0;
parentPort.postMessage = (message) => { posted += 1; post({ posted, message: Object.keys(message) }); };
parentPort.ref();
import(workerData).then(() => post({ whenLoaded: posted }), (error) => post({ error: error.message }));
`;

// A pool ends a thread that has loaded whenever it likes. Node ends the process with it where that is before the module
// is through.
it.each(['video/dist/frame-worker.js', 'train/dist/decode-worker.js'])(
  '%s says so after its module is through, and not before',
  async (file) => {
    const thread = new Worker(watcher, { eval: true, workerData: join(REPOSITORY, 'packages', file) });
    try {
      expect(await once(thread, 'message')).toEqual([{ whenLoaded: 0 }]);
      expect(await once(thread, 'message')).toEqual([{ posted: 1, message: expect.any(Array) as unknown }]);
    } finally {
      await thread.terminate();
    }
  },
);

/** A thread that makes a label set of the parts it is sent, and sends back what it says; see `embed-labels.test.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { LabelSet } from '@synseg/core';

const { parts, words, unknown } = new LabelSet(workerData);
parentPort.postMessage({ parts, words, unknown });

/** A thread that segments with a session of another thread; see `scenarios.mjs`. */
import { parentPort, workerData } from 'node:worker_threads';
import { LabelSet, Segmenter } from '@synseg/core';

const segmenter = Segmenter.attach(workerData.shared);
const labels = new LabelSet(workerData.labels);
const { width } = await segmenter.segment(workerData.photo, labels);
const calls = Array.from({ length: 4 }, () => segmenter.segment(workerData.photo, labels, { views: 5 }));
parentPort.postMessage('waiting');
const outcomes = await Promise.allSettled(calls);
const codes = outcomes.flatMap(({ status, reason }) => (status === 'rejected' ? [reason.code] : []));
parentPort.postMessage(`${width} ${[...new Set(codes)].join()}`);

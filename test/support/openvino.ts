/** OpenVINO for tests: the library that `npm test` fetches, or what is found on this machine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../packages/core/src/errors.ts';
import { openVinoInfo } from '../../packages/core/src/session/openvino.ts';
import { REPOSITORY } from './runtimes.ts';

const fetched = join(REPOSITORY, 'node_modules/.cache/openvino/openvino/libs');
const isNamed = existsSync(fetched) || process.env['OPENVINO_LIB'] !== undefined;
// Processes that tests start inherit it.
if (existsSync(fetched)) process.env['OPENVINO_LIB'] ??= fetched;

const reason = await openVinoInfo().then(
  () => undefined,
  (error: unknown) => {
    // A library that is there and does not load is a failure.
    if (isNamed) throw error;
    return messageOf(error);
  },
);

/** True where the library is; suites that need it end their title with {@link whyNoOpenVino} and skip otherwise. */
export const hasOpenVino = reason === undefined;

/** Why a suite is skipped, for its title. */
export const whyNoOpenVino = reason === undefined ? '' : ` (skipped: ${reason})`;

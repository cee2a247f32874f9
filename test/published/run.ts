/** `npm run test:published`: exit code 1 when a checkpoint differs, 0 when all agree or there is no network. */
import { NoNetwork, comparePublished } from './compare.ts';
import { PUBLISHED } from './references.ts';

try {
  for await (const { passed, line } of comparePublished(PUBLISHED)) {
    console.log(line);
    if (!passed) process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof NoNetwork)) throw error;
  console.log(`Skipped: published weights need a network, and ${error.message}.`);
}

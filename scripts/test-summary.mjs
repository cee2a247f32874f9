/**
 * Judges a test run by vitest's JSON report and prints, as its last line, `tests: N passed, N failed, N skipped`.
 *
 * A run is good when nothing failed, at least as many tests passed as `.ci/expected-tests` says, and none was skipped.
 * Where the shared data folder is missing, tests of files that name it may be skipped, and the second number counts.
 * Exits with code 1 otherwise; every reason is on stderr.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const reportPath = `${root}out/test-report.json`;
const sharedFolder = `${root}../shared`;
const namesShared = /\.\.\/shared|SYNSEG_GOLDEN|support\/shared/;
const problems = [];

function readReport() {
  try {
    return JSON.parse(readFileSync(reportPath, 'utf8'));
  } catch {
    problems.push(
      `Cannot read the test report: ${relative(root, reportPath)} must be written by vitest, got no readable file`,
    );
    return {
      success: false,
      numPassedTests: 0,
      numFailedTests: 0,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
    };
  }
}

const report = readReport();
const passed = report.numPassedTests;
const failed = report.numFailedTests;
const skipped = report.numPendingTests + report.numTodoTests;
const hasShared = existsSync(sharedFolder);
const [withShared, without] = readFileSync(`${root}.ci/expected-tests`, 'utf8')
  .split('\n')
  .map((line) => Number.parseInt(line, 10));
const expected = hasShared ? withShared : without;
if (!Number.isInteger(withShared) || !Number.isInteger(without))
  problems.push('.ci/expected-tests must hold two lines that start with whole numbers');

for (const file of report.testResults) {
  const name = relative(root, file.name);
  if (file.status === 'failed') problems.push(`${name} failed${file.message ? `: ${file.message}` : ''}`);
  const mayskip = !hasShared && existsSync(file.name) && namesShared.test(readFileSync(file.name, 'utf8'));
  for (const test of file.assertionResults) {
    if (test.status === 'passed' || test.status === 'failed') continue;
    if (!mayskip) problems.push(`${name}: "${test.fullName}" must run, got ${test.status}`);
  }
}
if (!report.success && problems.length === 0) problems.push('the test run did not succeed');
if (passed < expected) problems.push(`at least ${expected} tests must pass (.ci/expected-tests), got ${passed}`);
if (passed > expected) process.stderr.write(`.ci/expected-tests says ${expected}; raise it to ${passed}\n`);

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/**
 * Judges a test run by vitest's JSON report and prints, as its last line, `tests: N passed, N failed, N skipped`.
 *
 * A run is good when nothing failed, every test file of the repository ran at least one test, and none was skipped.
 * Where the shared data folder or OpenVINO's library is missing, files that name it may skip their tests. Exits with
 * code 1 otherwise; every reason is on stderr.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const reportPath = `${root}out/test-report.json`;
/** What tests may need and not find, and how their files name it. */
const needs = [
  { isHere: existsSync(`${root}../shared`), named: /\.\.\/shared|SYNSEG_GOLDEN|support\/shared/ },
  {
    isHere: existsSync(`${root}node_modules/.cache/openvino`) || Boolean(process.env.OPENVINO_LIB),
    named: /support\/openvino/,
  },
];
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
/** Whether a file may skip: what it needs is not here. */
const maySkip = (path) =>
  existsSync(path) && needs.some(({ isHere, named }) => !isHere && named.test(readFileSync(path, 'utf8')));

const files = execFileSync('git', ['ls-files', '-z', 'test/*.test.ts'], { cwd: root, encoding: 'utf8' });
const ran = new Map(report.testResults.map((file) => [relative(root, file.name), file]));
for (const name of files.split('\0').filter(Boolean)) {
  const tests = ran.get(name)?.assertionResults ?? [];
  const some = tests.some(({ status }) => status === 'passed' || status === 'failed');
  if (!some && !maySkip(`${root}${name}`))
    problems.push(`${name} must run at least one test, got ${tests.length} listed`);
}

for (const file of report.testResults) {
  const name = relative(root, file.name);
  if (file.status === 'failed') problems.push(`${name} failed${file.message ? `: ${file.message}` : ''}`);
  for (const test of file.assertionResults) {
    if (test.status === 'passed' || test.status === 'failed') continue;
    if (!maySkip(file.name)) problems.push(`${name}: "${test.fullName}" must run, got ${test.status}`);
  }
}
if (!report.success && problems.length === 0) problems.push('the test run did not succeed');

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

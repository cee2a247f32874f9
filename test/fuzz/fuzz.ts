/**
 * `npm run fuzz`: gives every reader and every public function mutated input, and fails unless each case ends in a
 * value or in an error of ours, in time and in bounded memory.
 */
import { parseArgs } from 'node:util';
import { availableParallelism } from 'node:os';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { SUBJECTS } from './subject.ts';
import { watchSubject, type Finding, type Report } from './watch.ts';

const { values } = parseArgs({
  options: {
    'seed': { type: 'string', default: '1' },
    'cases': { type: 'string', default: '2000' },
    'only': { type: 'string', multiple: true },
    'case': { type: 'string' },
    'timeout-ms': { type: 'string', default: '20000' },
    'memory-mb': { type: 'string', default: '1024' },
    'out': { type: 'string', default: 'out/fuzz' },
  },
});
const whole = (name: 'seed' | 'cases' | 'case' | 'timeout-ms' | 'memory-mb'): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`Cannot fuzz: --${name} must be an integer from 0, got ${String(values[name])}`);
  return value;
};
const [seed, cases] = [whole('seed'), whole('cases')];
const one = values.case === undefined ? undefined : whole('case');
const [first, end] = one === undefined ? [0, cases] : [one, one + 1];
const keep = resolve(values.out);
mkdirSync(keep, { recursive: true });

/** Of a subject whose cases are nearly all taken, or nearly all refused, little has been tried. */
const LEAST_SHARE = 0.01;
/** Findings of one kind that are printed. */
const PRINTED = 2;

/** What is printed of a subject; findings of the same kind and place count as one. */
function print(report: Report, seconds: number): void {
  const { subject, ran, accepted, refused, peakBytes, findings } = report;
  const kinds = new Map<string, Finding[]>();
  for (const finding of findings) {
    const place =
      /\(?((?:file:\/\/)?\/[^\s)]+:\d+):\d+\)?/.exec(finding.stack.replace(/^[^]*?\n\s+at /, 'at '))?.[1] ?? '';
    const key =
      `${finding.kind} ` +
      `${finding.stack === '' ? '' : finding.message.replace(/["'“][^]*|\d+/g, '#').slice(0, 60)} ${place}`;
    kinds.set(key, [...(kinds.get(key) ?? []), finding]);
  }
  console.log(
    `${subject}: ${String(ran)} cases, ${String(accepted)} accepted, ${String(refused)} refused, ` +
      `${(peakBytes / 2 ** 20).toFixed(0)} MiB at most, ${seconds.toFixed(0)} s, ${String(findings.length)} ` +
      `findings${kinds.size === findings.length ? '' : ` of ${String(kinds.size)} kinds`}`,
  );
  for (const same of kinds.values()) {
    for (const { number, kind, message, stack } of same.slice(0, PRINTED)) {
      console.log(
        `  ${kind}: ${message.slice(0, 300)}\n    npm run fuzz -- --seed ${String(seed)} --only ${subject} --case ` +
          `${String(number)}`,
      );
      if (one !== undefined) console.log(stack);
      else if (stack !== '')
        console.log(
          stack
            .split('\n')
            .filter((line) => /^\s+at /.test(line))
            .slice(0, 3)
            .join('\n'),
        );
    }
    if (same.length > PRINTED)
      console.log(
        `    and ${String(same.length - PRINTED)} more of this kind: ${same
          .slice(PRINTED, PRINTED + 8)
          .map(({ number }) => number)
          .join(', ')}`,
      );
  }
}

/** What is wrong with how a subject was fuzzed. */
function shortcoming({ subject, ran, accepted, refused }: Report): string | undefined {
  if (ran < end - first) return `${subject} ran ${String(ran)} of ${String(end - first)} cases`;
  if (one !== undefined || cases < 100) return undefined;
  if (Math.min(accepted, refused) < LEAST_SHARE * ran)
    return (
      `${subject} accepted ${String(accepted)} and refused ${String(refused)} of ${String(ran)} cases: too ` +
      'few of one to have tried much'
    );
  return undefined;
}

const waiting: string[] = [...(values.only ?? SUBJECTS)];
const reports: Report[] = [];
const options = {
  seed,
  first,
  end,
  keep,
  caseTimeoutMs: whole('timeout-ms'),
  memoryBytes: whole('memory-mb') * 2 ** 20,
};
const started = performance.now();
await Promise.all(
  Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
    for (let subject = waiting.shift(); subject !== undefined; subject = waiting.shift()) {
      const began = performance.now();
      const report = await watchSubject(subject, options);
      reports.push(report);
      print(report, (performance.now() - began) / 1000);
    }
  }),
);
const shortcomings = reports.flatMap((report) => shortcoming(report) ?? []);
for (const shortcoming of shortcomings) console.log(`Fuzzed too little: ${shortcoming}`);
const findings = reports.reduce((sum, report) => sum + report.findings.length, 0);
console.log(
  `${String(findings)} findings in ${((performance.now() - started) / 1000).toFixed(0)} s, seed ` +
    `${String(seed)}${findings === 0 ? '' : `; inputs in ${values.out}`}`,
);
process.exitCode = findings + shortcomings.length === 0 ? 0 : 1;

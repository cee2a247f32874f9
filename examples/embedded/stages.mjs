/**
 * Stages of making a checkpoint: commands of the project, each printed before it runs. A stage that is done is left as
 * it is, and one that was ended goes on where it was.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The command line, as built. */
export const synseg = 'packages/synseg/dist/cli.js';

/** A stage that trains into a folder, and resumes what lies there. */
export const training = (name, folder, steps, ...options) => ({
  name,
  done: () => stepsOf(folder) >= steps,
  command: () => [
    ...[synseg, 'train', '--out', folder, '--steps', String(steps), ...options],
    ...(existsSync(join(folder, 'last')) ? ['--resume'] : []),
  ],
});

/** Steps that a run has logged. */
function stepsOf(folder) {
  const path = join(folder, 'log.jsonl');
  const log = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  return log.length === 0 ? -1 : (JSON.parse(log.at(-1)).step ?? -1);
}

/**
 * Runs stages in their order, or one of them; ends the process when a stage does not succeed.
 *
 * @param stages `{ name, done, command }` each; one without `done` always runs
 * @param only name of the one to run; undefined for all
 * @returns the names of the stages that were chosen
 */
export async function runStages(stages, only) {
  const chosen = only === undefined ? stages : stages.filter(({ name }) => name === only);
  if (chosen.length === 0)
    throw new RangeError(
      `Cannot train: --only must be one of ${stages.map(({ name }) => name).join(', ')}, got ${only}`,
    );
  for (const { name, done, command } of chosen) {
    if (done?.() === true) {
      console.log(`${name}: done before`);
      continue;
    }
    const parameters = command();
    console.log(`${name}: node ${parameters.join(' ')}`);
    const [code] = await once(spawn(process.execPath, parameters, { stdio: 'inherit' }), 'close');
    if (code !== 0 || done?.() === false) {
      const got = code === 0 ? 'an interruption (run the same line to go on)' : `exit code ${code}`;
      console.error(`Cannot train: ${name} must be done before the next stage, got ${got}`);
      process.exit(code === 0 ? 130 : code);
    }
  }
  return chosen.map(({ name }) => name);
}

/**
 * A home folder that nobody has written to yet, without `CI` in the environment, which would hide onnxruntime's
 * telemetry.
 */
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from './installed-core.ts';
import { commandOf, type Runtime } from './runtimes.ts';

const { CI: _, XDG_CACHE_HOME: __, SYNSEG_CACHE: ___, ORT_DISABLE_TELEMETRY: ____, ...environment } = process.env;

/**
 * Runs a script to its end in a home folder of its own, with our cache at its usual place there.
 *
 * @returns how it ended, and the folders and files in the home folder, three levels down
 */
export async function runAtCleanHome(
  root: string,
  runtime: Runtime,
  ...words: string[]
): Promise<{ code: number | null; stderr: string; written: string[] }> {
  const [program = '', ...args] = commandOf(runtime);
  const home = mkdtempSync(join(root, 'home '));
  const env = {
    ...environment,
    HOME: home,
    SYNSEG_CACHE: join(home, '.cache', 'synseg'),
    DENO_DIR: join(root, 'deno'),
  };
  const { code, stderr } = await runToEnd(program, [...args, ...words], { env });
  const written = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.split(/[/\\]/).length <= 3,
  );
  return { code, stderr, written: written.sort() };
}

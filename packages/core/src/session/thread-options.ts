/**
 * Node's flags that a new thread inherits: all of them, as is Node's own default, except `--input-type`. That flag
 * tells how to read a program given as text (`node --input-type=module --eval`), and a thread that runs a file does not
 * start under it.
 */

/** Flags about loading modules, each with a value. A thread rejects most others, which belong to the process. */
const kept = /^(?:--import|--require|-r|--loader|--experimental-loader|--conditions|-C)(?:=|$)/;
const inputType = /(?:^|\s)--input-type(?:=|\s+)\S+/g;

/** Options for `Worker` and for pools of them. */
export interface ThreadOptions {
  readonly execArgv?: string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Options for threads under the flags of this one; none where the default will do. */
export function threadOptions(
  flags: readonly string[] = process.execArgv,
  env: NodeJS.ProcessEnv = process.env,
): ThreadOptions {
  const { NODE_OPTIONS: shared = '' } = env;
  const fewer = shared.replace(inputType, '');
  if (fewer === shared && !flags.some((flag) => /^--input-type(?:=|$)/.test(flag))) return {};
  const execArgv = flags.flatMap((flag, at) =>
    !kept.test(flag) ? [] : flags.slice(at, flag.includes('=') ? at + 1 : at + 2),
  );
  return { execArgv, ...(fewer === shared ? {} : { env: { ...env, NODE_OPTIONS: fewer } }) };
}

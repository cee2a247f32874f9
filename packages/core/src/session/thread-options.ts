/**
 * What a new thread takes over of Node's flags. All of them, which is Node's own default, but for `--input-type`: it
 * says
 * how to read a program given as text (`node --input-type=module --eval`), and no thread that begins with a file starts
 * under it.
 */

/** Flags about loading modules, each with a value. A thread refuses most others: they are the process's. */
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

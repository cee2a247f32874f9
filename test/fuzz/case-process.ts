/**
 * The process that runs cases. It tells each case before it starts, so that whoever watches knows what it hung on or
 * died of: lines of JSON on file descriptor 3, written at once.
 */
import { mkdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Draw } from './draw.ts';
import type { Case, OpenSubject } from './subject.ts';
import { faultOf } from './verdict.ts';

/** What the process is to do. */
export interface CaseOrder {
  readonly subject: string;
  readonly seed: number;
  readonly first: number;
  /** The case after the last one. */
  readonly end: number;
  /** Folder for the files of cases. */
  readonly folder: string;
  /** Folder that inputs with a fault are kept in. */
  readonly keep: string;
  /** Keeps the input of the first case and runs none. */
  readonly keepOnly: boolean;
}

/** What the process tells. */
export type CaseEvent =
  | { readonly type: 'start'; readonly number: number }
  | {
      readonly type: 'end';
      readonly number: number;
      readonly accepted: boolean;
      readonly fault?: { readonly kind: string; readonly message: string; readonly stack: string };
    }
  | { readonly type: 'done' };

function tell(event: CaseEvent): void {
  writeSync(3, `${JSON.stringify(event)}\n`);
}

function write(folder: string, files: Case['files'] = {}): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

function keep({ keep: folder, subject, seed }: CaseOrder, number: number, { files, shown }: Case, note = ''): void {
  write(join(folder, `${subject}-${String(seed)}-${String(number)}`), {
    ...files,
    'case.txt': `${shown ?? ''}\n${note}\n`,
  });
}

/** Lets what a case has left behind come to its end, or to its unhandled rejection. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function run(order: CaseOrder): Promise<void> {
  const { subject: name, seed, folder } = order;
  const { open } = (await import(`./subjects/${name}.ts`)) as { open: OpenSubject };
  process.chdir(folder);
  const subject = await open(folder);
  let before: Case['files'] = {};
  for (let number = order.first; number < order.end; number++) {
    if (!order.keepOnly) tell({ type: 'start', number });
    const one = subject.make(new Draw(seed, name, number));
    if (order.keepOnly) return keep(order, number, one);
    for (const left of Object.keys(before))
      if (one.files?.[left] === undefined) rmSync(join(folder, left), { force: true });
    write(folder, one.files);
    before = one.files ?? {};
    try {
      await one.run();
      await turn();
      tell({ type: 'end', number, accepted: true });
    } catch (error) {
      await turn();
      const kind = faultOf(error, one);
      if (kind === undefined) {
        tell({ type: 'end', number, accepted: false });
        continue;
      }
      const { message, stack } =
        error instanceof Error
          ? { message: error.message, stack: error.stack ?? '' }
          : { message: String(error), stack: '' };
      keep(order, number, one, `${kind}\n${stack}`);
      tell({
        type: 'end',
        number,
        accepted: false,
        fault: { kind, message: message.slice(0, 500), stack: stack.slice(0, 4000) },
      });
    }
  }
  await subject.close?.();
  tell({ type: 'done' });
}

await run(JSON.parse(process.argv[2] as string) as CaseOrder);
process.exit(0);

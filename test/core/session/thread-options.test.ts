import { describe, expect, it } from 'vitest';
import { threadOptions } from '../../../packages/core/src/session/thread-options.ts';

describe('threadOptions()', () => {
  it.each([[[]], [['--import', 'tsx', '--max-old-space-size=4000']], [['--eval', '1']]])(
    'leaves to Node what a thread takes over of %j',
    (flags) => {
      expect(threadOptions(flags, { NODE_OPTIONS: '--enable-source-maps' })).toEqual({});
    },
  );

  it.each([
    [['--input-type=module', '--eval', 'await 0'], []],
    [['--input-type', 'commonjs', '-e', '1'], []],
    [
      ['--import=./a.mjs', '--expose-gc', '-r', './b.cjs', '--input-type=module', '-C', 'test', '-e', '1'],
      ['--import=./a.mjs', '-r', './b.cjs', '-C', 'test'],
    ],
    // A value may hold the sign that joins others to their flag.
    [
      ['--input-type=module', '--import', 'data:text/javascript,a=1'],
      ['--import', 'data:text/javascript,a=1'],
    ],
  ])('keeps of %j what is about loading modules', (flags, execArgv) => {
    expect(threadOptions(flags, {})).toEqual({ execArgv });
  });

  it('takes --input-type out of NODE_OPTIONS, and nothing else out of the environment', () => {
    const env = {
      NODE_OPTIONS: '--import tsx --input-type=module --no-warnings --input-type commonjs',
      HOME: '/somewhere',
    };
    expect(threadOptions([], env)).toEqual({
      execArgv: [],
      env: { NODE_OPTIONS: '--import tsx --no-warnings', HOME: '/somewhere' },
    });
  });
});

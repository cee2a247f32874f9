/** Every public function and method with arguments that are not what it takes. */
import * as train from '@synseg/train';
import * as video from '@synseg/video';
import { completeCalls } from '../call.ts';
import { CORE, coreCalls } from '../calls/core.ts';
import { hold } from '../calls/held.ts';
import { trainCalls } from '../calls/train.ts';
import { videoCalls } from '../calls/video.ts';
import { mutateArguments, showArguments } from '../argument.ts';
import type { Subject } from '../subject.ts';

export async function open(folder: string): Promise<Subject> {
  const held = await hold(folder);
  const calls = [
    ...completeCalls('core', CORE, coreCalls(held)),
    ...completeCalls('video', video, videoCalls(held)),
    ...completeCalls('train', train, trainCalls(held)),
  ];
  return {
    make: (draw) => {
      let [name, call] = draw.pick(calls);
      // A dear one is tried again until it is drawn as seldom as it costs.
      while (call.cost !== undefined && call.cost > 1 && !draw.once(call.cost)) [name, call] = draw.pick(calls);
      const args = mutateArguments(draw, call.args());
      return {
        shown: `${name}(${args.map((argument) => showArguments(argument)).join(', ')})`,
        run: () => call.call(...(args as never[])),
      };
    },
    close: () => held.segmenter.dispose(),
  };
}

/** Requests over a port: results, errors, transferred memory, aborting, and an end. */
import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { SynsegError } from '../../../packages/core/src/errors.ts';
import {
  RequestChannel,
  sendError,
  sendResult,
  type Numbered,
  type Reply,
} from '../../../packages/core/src/session/request-channel.ts';

interface Double {
  readonly type: 'double' | 'fail' | 'wait';
  readonly data?: Float32Array;
}
type Message = Numbered<Double> | { readonly type: 'cancel'; readonly id: number } | { readonly type: 'note' };

/** A caller's channel, and a server that doubles numbers and keeps what else it is sent. */
function pair() {
  const { port1, port2 } = new MessageChannel();
  const [late, received]: [unknown[], Message[]] = [[], []];
  const channel = new RequestChannel<Double, { readonly type: 'note' }>(port1, (result) => late.push(result));
  port1.on('message', (reply: Reply) => channel.receive(reply));
  port1.unref();
  port2.on('message', (message: Message) => {
    received.push(message);
    if (message.type === 'fail') sendError(port2, message.id, new SynsegError('MODEL_LOAD', 'no model'));
    if (message.type !== 'double') return;
    const doubled = (message.data ?? new Float32Array()).map((number) => 2 * number);
    sendResult(port2, message.id, doubled, [doubled.buffer]);
  });
  return { channel, received, late, server: port2, end: () => port2.close() };
}

describe('RequestChannel', () => {
  it('gives each request its own result, and moves memory', async () => {
    const { channel, end } = pair();
    const data = Float32Array.of(1, 2);
    const first = channel.request<Float32Array>({ type: 'double', data }, [data.buffer]);
    const second = channel.request<Float32Array>({ type: 'double', data: Float32Array.of(5) });
    expect([...(await second)]).toEqual([10]);
    expect([...(await first)]).toEqual([2, 4]);
    expect(data.length, 'the memory was moved').toBe(0);
    end();
  });

  it('rejects with the class and code of what was thrown on the other side', async () => {
    const { channel, end } = pair();
    const error: unknown = await channel.request({ type: 'fail' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SynsegError);
    expect(error).toMatchObject({ code: 'MODEL_LOAD', message: 'no model' });
    end();
  });

  it('rejects at once with the reason of an abort, tells the other side, and hands a late result on', async () => {
    const { channel, received, late, server, end } = pair();
    const controller = new AbortController();
    const waiting = channel.request({ type: 'wait' }, [], controller.signal);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await once(server, 'message');
    await expect.poll(() => received.map(({ type }) => type)).toEqual(['wait', 'cancel']);
    sendResult(server, 1, 'late');
    await expect.poll(() => late).toEqual(['late']);
    end();
  });

  it('sends notices, which have no answer', async () => {
    const { channel, received, server, end } = pair();
    channel.notify({ type: 'note' });
    await once(server, 'message');
    expect(received).toEqual([{ type: 'note' }]);
    end();
  });

  it('rejects what waits and what comes once it has failed', async () => {
    const { channel, end } = pair();
    const waiting = channel.request({ type: 'wait' });
    const error = new Error('the thread is gone');
    channel.fail(error);
    await expect(waiting).rejects.toBe(error);
    await expect(channel.request({ type: 'double' })).rejects.toBe(error);
    expect(() => channel.check()).toThrow(error);
    end();
  });
});

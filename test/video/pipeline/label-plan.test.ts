import { describe, expect, it } from 'vitest';
import { LabelPlan } from '../../../packages/video/src/pipeline/label-plan.ts';
import { fakeLabels } from '../fake-session.ts';

const [a, b, c] = [fakeLabels('a'), fakeLabels('b'), fakeLabels('c')];
const names = (plan: LabelPlan, indices: readonly number[]): string =>
  indices.map((index) => plan.at(index).names[0]).join('');

describe('a label plan', () => {
  it('changes at the frame it was told, also when that frame itself is dropped', () => {
    const plan = new LabelPlan(a);
    plan.set(b, 10);
    plan.set(c, 20);
    expect(names(plan, [0, 9, 11, 12, 25])).toBe('aabbc');
  });

  it('changes at once without a frame, and forgets what was planned', () => {
    const plan = new LabelPlan(a);
    plan.set(b, 10);
    expect(names(plan, [3])).toBe('a');
    plan.set(c);
    expect(names(plan, [4, 10, 11])).toBe('ccc');
  });

  it('takes the later of two plans for one frame', () => {
    const plan = new LabelPlan(a);
    plan.set(b, 10);
    plan.set(c, 10);
    plan.set(b, 30);
    plan.set(a, 20);
    expect(names(plan, [9, 10, 20, 30])).toBe('acaa');
  });
});

/** What a plan leaves to the start and to the machine: pictures of a micro-batch, steps of the projector alone. */
import { totalmem } from 'node:os';
import { Weights } from '@synseg/core/checkpoint';
import { graphCost, type GraphCost } from '../step-graph/graph-cost.ts';
import { groupOf } from '../step-graph/layout.ts';
import { buildStepGraph } from '../step-graph/step-graph.ts';
import type { StepSpec } from '../step-graph/step-spec.ts';
import type { BaseModel } from './base-model.ts';
import type { TrainPlan } from './train-plan.ts';

/** Labels of a picture that memory is planned for: captions of the web name four or five things. */
const LABELS = 8;
/** Share of the memory that a step may take; the rest is for pictures, a second session and the system. */
const SHARE = 0.5;
/** Memory of an allocator that rounds up and keeps what it frees, in memory of values. */
const OVERHEAD = 1.25;

/** Bytes of memory that this process may use. */
export function memoryOfMachine(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Memory of a step's largest graph, and arithmetic of the whole step. */
export async function stepCost(plan: TrainPlan, base: BaseModel, spec: Omit<StepSpec, 'phase' | 'stage'>) {
  const { config, folder, tensors } = base;
  const weights = {
    weights: config.trunk.kind === 'onnx' ? undefined : await Weights.open(folder),
    trunkModel: undefined,
    frozen: new Map([...tensors].filter(([name]) => !spec.layout.entries.some((entry) => entry.name === name))),
  };
  const parts = plan.batchSize / plan.microBatchSize;
  // A ready-made trunk is a graph of its own, which is left out.
  const input = config.trunk.kind === 'onnx' ? 'taps' : spec.input;
  const graph = buildStepGraph({ ...spec, input, stage: 'all', phase: parts === 1 ? 'whole' : 'last' }, weights);
  const labels = Math.min(LABELS, plan.maxCategories);
  const { bytes, flops } = graphCost(
    graph,
    (name) => (name === 'rows' ? plan.microBatchSize : plan.batchSize) * labels,
  );
  return { bytes: OVERHEAD * bytes, flops: parts * flops };
}

/** The largest micro-batch, at most the plan's, whose step fits the memory: the gradient is that of any other. */
export async function fitMicroBatch(
  plan: TrainPlan,
  memory: number,
  cost: (plan: TrainPlan) => Promise<Pick<GraphCost, 'bytes'>>,
): Promise<TrainPlan> {
  const { batchSize, microBatchSize } = plan;
  const sizes = Array.from({ length: microBatchSize }, (_, index) => microBatchSize - index);
  for (const size of sizes.filter((size) => batchSize % size === 0)) {
    const smaller = { ...plan, microBatchSize: size };
    if (size === 1 || (await cost(smaller)).bytes <= SHARE * memory) return smaller;
  }
  return plan;
}

/** A projector that is there, as in a checkpoint of a run of before, needs no steps of its own. */
export function fitProjector(plan: TrainPlan, { random }: Pick<BaseModel, 'random'>): TrainPlan {
  if (plan.recipe !== 'paper' || random.some((name) => groupOf(name) === 'projector')) return plan;
  return { ...plan, projectorSteps: 0, schedule: { ...plan.schedule, steps: plan.steps } };
}

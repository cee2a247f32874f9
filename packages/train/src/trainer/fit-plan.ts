/** What a plan leaves to the start and to the machine: pictures of a micro-batch, steps of the projector alone. */
import { totalmem } from 'node:os';
import { Weights } from '@synseg/core/checkpoint';
import { providerCandidates } from '@synseg/core/runtime';
import { graphCost, type GraphCost } from '../step-graph/graph-cost.ts';
import { groupOf } from '../step-graph/layout.ts';
import { buildStepGraph } from '../step-graph/step-graph.ts';
import type { StepSpec } from '../step-graph/step-spec.ts';
import type { BaseModel } from './base-model.ts';
import { freeGpuMemory } from './gpu-memory.ts';
import type { TrainPlan } from './train-plan.ts';

/** Labels of a picture that memory is planned for: captions of the web name four or five things. */
const LABELS = 8;
/** Share of the memory that a run may take; the rest is for an evaluation between the steps and for other programs. */
const SHARE = 0.5;
/** Memory of an allocator that rounds up and keeps what it frees, in memory of values; measured, as the next three. */
const OVERHEAD = 1.5;
/** Bytes of a process without a network: Node, its modules, the threads that decode pictures. */
const PROCESS = 4.5e8;

/** Share of the speed of large matrix products that those of steps reach. */
const EFFICIENCY = 0.8;
/** Multiplications and additions in the time in which a byte is read or written. */
const FLOPS_PER_BYTE = 13;

/** Memory that a run may use, bytes. */
export interface Memory {
  /** Of this process; undefined where the step is known to run elsewhere. */
  readonly machine: number | undefined;
  /** Free on the GPU; undefined where there is none, or none that tells. */
  readonly gpu: number | undefined;
}

/** What the steps of a run take. */
interface StepCost {
  /** Of all graphs of a step, in their device's memory. */
  readonly graphBytes: number;
  /** Of the whole process, when the graphs are in its memory. */
  readonly processBytes: number;
  /** Of a step, in multiplications and additions of large matrix products that take as long. */
  readonly work: number;
}

/** The memory there is for a plan: of `auto` it is not known yet whether the GPU starts, so that both count. */
export async function memoryFor({ device }: Pick<TrainPlan, 'device'>, free = freeGpuMemory): Promise<Memory> {
  const mayBeCuda = device === 'cuda' || (device === 'auto' && providerCandidates('auto').includes('cuda'));
  const gpu = mayBeCuda ? await free() : undefined;
  return { gpu, machine: device === 'cuda' && gpu !== undefined ? undefined : memoryOfMachine() };
}

/** Bytes of memory that this process may use. */
function memoryOfMachine(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Memory and arithmetic of a step, from its graphs' shapes. */
export async function stepCost(
  plan: TrainPlan,
  base: BaseModel,
  spec: Omit<StepSpec, 'phase' | 'stage'>,
): Promise<StepCost> {
  const { config, folder, tensors } = base;
  const stored = config.trunk.kind === 'onnx' ? undefined : await Weights.open(folder);
  const weights = {
    weights: stored,
    trunkModel: undefined,
    frozen: new Map([...tensors].filter(([name]) => !spec.layout.entries.some((entry) => entry.name === name))),
  };
  const parts = plan.batchSize / plan.microBatchSize;
  // A ready-made trunk is a graph of its own, which is left out.
  const input = config.trunk.kind === 'onnx' ? 'taps' : spec.input;
  const labels = Math.min(LABELS, plan.maxCategories);
  const costOf = (phase: StepSpec['phase']): GraphCost =>
    graphCost(
      buildStepGraph({ ...spec, input, stage: 'all', phase }, weights),
      (name) => (name === 'rows' ? plan.microBatchSize : plan.batchSize) * labels,
    );
  const last = costOf(parts === 1 ? 'whole' : 'last');
  // Each graph is a session, which keeps its memory.
  const partial = parts === 1 ? { bytes: 0, flops: 0, moved: 0 } : costOf('partial');
  const graphBytes = OVERHEAD * (last.bytes + partial.bytes);
  const texts = config.text.kind === 'vocabulary' ? 0 : bytesOf(stored, /^clip\.text_/);
  return { graphBytes, processBytes: PROCESS + texts + graphBytes, work: workOf(last) + (parts - 1) * workOf(partial) };
}

function workOf({ flops, moved }: Omit<GraphCost, 'bytes'>): number {
  return flops / EFFICIENCY + FLOPS_PER_BYTE * moved;
}

function bytesOf(weights: Weights | undefined, names: RegExp): number {
  const entries = weights?.entries().filter(({ name }) => names.test(name)) ?? [];
  return entries.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, side) => product * side, 1), 0);
}

/** The largest micro-batch, at most the plan's, whose steps fit the memory: the gradient is that of any other. */
export async function fitMicroBatch(
  plan: TrainPlan,
  { machine = Infinity, gpu = Infinity }: Memory,
  cost: (plan: TrainPlan) => Promise<Pick<StepCost, 'graphBytes' | 'processBytes'>>,
): Promise<TrainPlan> {
  const { batchSize, microBatchSize } = plan;
  const sizes = Array.from({ length: microBatchSize }, (_, index) => microBatchSize - index);
  for (const size of sizes.filter((size) => batchSize % size === 0)) {
    const smaller = { ...plan, microBatchSize: size };
    if (size === 1) return smaller;
    const { graphBytes, processBytes } = await cost(smaller);
    if (processBytes <= SHARE * machine && graphBytes <= SHARE * gpu) return smaller;
  }
  return plan;
}

/** A projector that is there, as in a checkpoint of a run of before, needs no steps of its own. */
export function fitProjector(plan: TrainPlan, { random }: Pick<BaseModel, 'random'>): TrainPlan {
  if (plan.recipe !== 'paper' || random.some((name) => groupOf(name) === 'projector')) return plan;
  return { ...plan, projectorSteps: 0, schedule: { ...plan.schedule, steps: plan.steps } };
}

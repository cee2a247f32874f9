/** The figures of a step graph as a report says them. */
import { activeLosses, needsDecoder, type Stage } from '../objective/losses.ts';
import { PAIR_FIGURES, type PairFigure } from '../step-graph/pair-objective.ts';
import { FIGURES, type Figure } from '../step-graph/step-objective.ts';
import { TEXT_FIGURES, type TextFigure } from '../step-graph/text-objective.ts';
import type { StepReport } from './reports.ts';
import type { Plan, TrainPlan } from './train-plan.ts';

/** The part of a report that follows from the graph's figures. */
export type ReportedFigures = Pick<StepReport, 'losses' | 'total' | 'gradientNorm'> &
  Partial<Pick<StepReport, Optional>>;
type Optional = 'activationMean' | 'activationDeviation' | 'clampShare' | 'accuracy' | 'logitScale';

/** Reads figures, summed over micro-batches. */
export function reportedFigures(figures: Float32Array, plan: Plan, stage: Stage): ReportedFigures {
  if (plan.trains === 'text') return ofTexts(figures);
  return plan.trains === 'encoders' ? ofPairs(figures, plan.batchSize) : ofRows(figures, plan, stage);
}

function ofRows(figures: Float32Array, { lambda }: Pick<TrainPlan, 'lambda'>, stage: Stage): ReportedFigures {
  const active = activeLosses({ lambda, stage });
  const figure = (name: Figure): number => figures[FIGURES.indexOf(name)] as number;
  const rows = figure('statedRows');
  return {
    losses: Object.fromEntries(active.map((name) => [name, figure(name)])),
    total: figure('total'),
    gradientNorm: figure('gradientNorm'),
    ...(needsDecoder(active) && rows > 0
      ? {
          activationMean: figure('activationMean') / rows,
          activationDeviation: figure('activationDeviation') / rows,
          clampShare: figure('clampedRows') / rows,
        }
      : {}),
  };
}

function ofPairs(figures: Float32Array, batchSize: number): ReportedFigures {
  const figure = (name: PairFigure): number => figures[PAIR_FIGURES.indexOf(name)] as number;
  return {
    losses: { infoNCE: figure('infoNCE') },
    total: figure('total'),
    gradientNorm: figure('gradientNorm'),
    accuracy: figure('hits') / batchSize,
    logitScale: figure('logitScale'),
  };
}

function ofTexts(figures: Float32Array): ReportedFigures {
  const figure = (name: TextFigure): number => figures[TEXT_FIGURES.indexOf(name)] as number;
  const [cosine, distance] = [figure('cosine'), figure('distance')];
  return { losses: { cosine, distance }, total: figure('total'), gradientNorm: figure('gradientNorm') };
}

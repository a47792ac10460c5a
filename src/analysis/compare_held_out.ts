import { known } from './points.js';
import { HELD_OUT_FIGURES, type HeldOutFigure, type HeldOutSeries, type SupervisedModel } from './supervised.js';

/** A set of `sft.eval` that two runs of supervised fine-tuning have, at a measurement of each. */
export interface ComparedHeldOut {
  set: string;
  step: { a: number; b: number };
  figures: { figure: HeldOutFigure; a: number | null; b: number | null }[];
}

/** Every set of a name that both have measured, at the last time of each, or after one step. */
export function compareHeldOut(
  a: SupervisedModel | undefined,
  b: SupervisedModel | undefined,
  step?: number,
): ComparedHeldOut[] {
  return (a?.heldOut ?? []).flatMap((of): ComparedHeldOut[] => {
    const other = b?.heldOut.find(({ set }) => set === of.set);
    const [from, to] = [of, other].map((series) => series && stepOf(series, step));
    if (!other || from === undefined || to === undefined) return [];
    const at = (series: HeldOutSeries, figure: HeldOutFigure, when: number) =>
      known(series.of(figure)).find((point) => point.step === when)?.value ?? null;
    const figures = HELD_OUT_FIGURES.map((figure) => ({
      figure,
      a: at(of, figure, from),
      b: at(other, figure, to),
    }));
    return [{ set: of.set, step: { a: from, b: to }, figures }];
  });
}

function stepOf({ of }: HeldOutSeries, wanted: number | undefined): number | undefined {
  const steps = of('loss').map(({ step }) => step);
  return wanted === undefined ? steps.at(-1) : steps.find((step) => step === wanted);
}

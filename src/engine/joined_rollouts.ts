import { joined, rowIds, sliceTokens, toRagged } from '../base/ragged.js';
import { keptOffsets } from './kept.js';
import type { Ragged, RolloutColumns } from './types.js';

/** Groups of a rollout, by the rows of its prompts. */
export interface ChosenGroups {
  columns: RolloutColumns;
  groups: readonly number[];
}

/** Chosen groups of several rollouts as one, in this order; their `promptIndex` counts from 0 anew. `samples` completions each. */
export function joinedRollouts(parts: readonly ChosenGroups[], samples: number): RolloutColumns {
  const rows = parts.flatMap(({ columns, groups }) =>
    groups.flatMap((group) => Array.from({ length: samples }, (_, i) => ({ columns, row: group * samples + i }))),
  );
  const lists = (of: (columns: RolloutColumns) => Ragged): Ragged =>
    toRagged(rows.map(({ columns, row }) => rowIds(of(columns), row)));
  const aligned = (of: (columns: RolloutColumns) => Float32Array): Float32Array =>
    joined(
      rows.map(({ columns, row }) => sliceTokens(of(columns), columns.completions, row, row + 1)),
      Float32Array,
    );
  return {
    rows: rows.length,
    promptIndex: Int32Array.from(rows, (_, i) => Math.floor(i / samples)),
    sample: Int32Array.from(rows, (_, i) => i % samples),
    prompts: lists(({ prompts }) => prompts),
    completions: lists(({ completions }) => completions),
    logps: aligned(({ logps }) => logps),
    entropies: aligned(({ entropies }) => entropies),
    finish: Int8Array.from(rows, ({ columns, row }) => columns.finish[row]!),
    policyStep: Int32Array.from(rows, ({ columns, row }) => columns.policyStep[row]!),
    ...joinedKept(rows),
  };
}

/** What the tokens were drawn from, where that was recorded: of all of the rollouts or of none. */
function joinedKept(
  rows: readonly { columns: RolloutColumns; row: number }[],
): Pick<RolloutColumns, 'keptCounts' | 'keptIds'> {
  if (rows[0]?.columns.keptCounts === undefined) return {};
  const offsets = new Map(
    [...new Set(rows.map(({ columns }) => columns))].map((columns) => [
      columns,
      keptOffsets(columns.completions.offsets, columns.keptCounts!),
    ]),
  );
  return {
    keptCounts: joined(
      rows.map(({ columns, row }) => sliceTokens(columns.keptCounts!, columns.completions, row, row + 1)),
      Int32Array,
    ),
    keptIds: joined(
      rows.map(({ columns, row }) => {
        const at = offsets.get(columns)!;
        return columns.keptIds!.subarray(at[row], at[row + 1]);
      }),
      Int32Array,
    ),
  };
}

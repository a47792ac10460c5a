import { createHash } from 'node:crypto';
import { z } from 'zod';
import { philox4x32 } from '../base/philox.js';
import { scheduleAt } from '../base/schedule.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Problem } from '../data/types.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { hintedPrompt, hintText } from '../prompt/index.js';
import type { JsonValue } from '../run/index.js';
import type { Lever } from './types.js';

type Settings = NonNullable<ResolvedConfig['levers']['hints']>;

/** What is known of a language without hints. */
const languageSchema = z.object({
  /** Smoothed Target WR of the reasoning; null: no completion without a hint yet. */
  ratio: z.number().nullable(),
  /** Steps that it has been at least `off_at`, up to now. */
  above: z.number(),
  /** Its hints are off for good. */
  off: z.boolean(),
});
const stateSchema = z.partialRecord(z.enum(LANGUAGES), languageSchema);
type State = z.output<typeof stateSchema>;

const NEW = { ratio: null, above: 0, off: false } as const;
/** Names the draws of hints among those of a run. */
const PURPOSE = 0x48494e54;

export interface HintsOptions extends Settings {
  seed: number;
  /** As a checkpoint left it; undefined at the start. */
  state: JsonValue | undefined;
}

/**
 * Gives a share of the prompts a hint in the language asked for, which a schedule withdraws, and a language none any more once it
 * stands by itself. The idea is LANG's (arXiv 2605.22567), of which the abstract was at hand; schedule, switch and numbers are ours.
 *
 * Whether a prompt has one is a function of seed, step and problem (Philox4x32-10) and of the languages that are off. Completions
 * are sampled, graded and trained on with the prompt as it was given; the hint is no part of a completion.
 */
export function hints(options: HintsOptions): Lever {
  const { share, off_at: offAt, off_after: offAfter, smoothing, seed } = options;
  let state: State = stateSchema.parse(options.state ?? {});
  const isOff = (language: Language) => state[language]?.off === true;
  const hasHint = (problem: Problem, step: number) =>
    !isOff(problem.language) && draw(BigInt(seed), step, problem) < scheduleAt(share, step);
  return {
    name: 'hints',
    beforeGeneration: (asked, step) =>
      asked.map((one) => {
        const { problem, prompt } = one;
        if (!hasHint(problem, step)) return one;
        return {
          problem,
          prompt: hintedPrompt(prompt, options, problem.language),
          hint: hintText(options, problem.language),
        };
      }),
    afterGrading: ({ problems, columns, graded, step }) => {
      const hinted = problems.map((problem) => hasHint(problem, step));
      const languages = [...new Set(problems.map(({ language }) => language))];
      const alone = (language: Language) =>
        graded.flatMap(({ language: { fidelity } }, row) => {
          const problem = columns.promptIndex[row]!;
          return hinted[problem] || problems[problem]!.language !== language ? [] : (fidelity.targetWr ?? []);
        });
      return {
        metrics: {
          'hints/share': hinted.filter(Boolean).length / hinted.length,
          ...Object.fromEntries(
            languages.flatMap((language) => {
              const ratios = alone(language);
              const ratio = ratios.length === 0 ? null : ratios.reduce((sum, each) => sum + each, 0) / ratios.length;
              return [
                [`hints/${language}/on`, Number(!isOff(language))],
                [`hints/${language}/target_wr`, ratio],
              ];
            }),
          ),
        },
      };
    },
    afterGeneration: (lines) => {
      for (const language of LANGUAGES) {
        const ratio = lines[0]![`hints/${language}/target_wr`];
        if (ratio === undefined || ratio === null) continue;
        const before = state[language] ?? NEW;
        const smoothed = before.ratio === null ? ratio : smoothing * before.ratio + (1 - smoothing) * ratio;
        const above = smoothed >= offAt ? before.above + lines.length : 0;
        const off = before.off || (offAfter > 0 && above >= offAfter);
        state = { ...state, [language]: { ratio: smoothed, above, off } };
      }
    },
    state: () => state,
  };
}

/** A number from 0 to 1, 1 excluded. */
function draw(seed: bigint, step: number, { id, language }: Problem): number {
  const name = createHash('sha256').update(`${language}\n${id}`).digest();
  const [word] = philox4x32(seed, step, name.readUInt32LE(0), name.readUInt32LE(4), PURPOSE);
  return word / 2 ** 32;
}

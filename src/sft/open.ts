import { greatest } from '../base/extremes.js';
import type { DataSource, ResolvedConfig, SftSettings } from '../config/index.js';
import { dataFiles, heldOutOf, sourcePath, type OpenModel, type Suite } from '../inputs/index.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { tokensOf } from './batch.js';
import type { Example } from './example.js';
import { withoutLeakedExamples } from './leaks.js';
import { exampleRemarks, loadExamples, type ExampleSet, type ExampleSettings } from './load.js';
import { supervisedSteps } from './steps.js';

/** What a run of supervised fine-tuning learns from, and what it is measured by. */
export interface Examples {
  train: readonly ExampleSet[];
  heldOut: readonly { name: string; examples: readonly Example[] }[];
  /** Of training examples. */
  count: number;
  /** Optimizer steps of the run. */
  steps: number;
  /** Tokens of the longest one. */
  longest: number;
  /** As far as the data say them, in the order of {@link LANGUAGES}. */
  languages: readonly Language[];
  /** What should be known of the data before they are used. */
  remarks: readonly string[];
}

/** Where the rows of a set lie. */
type Located = Pick<DataSource, 'path' | 'lab' | 'split'>;

/**
 * Reads the examples of a config, and none that is held out. A run that goes on is not refused for what it was begun with
 * (`resumed`): it warns.
 *
 * @throws GlossaError those of {@link loadExamples}, {@link withoutLeakedExamples} and heldOutOf.
 */
export async function openExamples(
  config: ResolvedConfig & { sft: SftSettings },
  { engine, tokenizer, labDir }: OpenModel,
  { suites, resumed = false }: { suites: readonly Suite[]; resumed?: boolean },
): Promise<Examples> {
  const { sft, prompt, data } = config;
  const shared = { sft, prompt, tokenizer, context: engine.info().context };
  const setsOf = async (sources: readonly (ExampleSettings['source'] & Located)[]): Promise<ExampleSet[]> => {
    const sets: ExampleSet[] = [];
    for (const source of sources) {
      const path = sourcePath(source, labDir);
      sets.push(await loadExamples({ ...shared, source, path, files: await dataFiles(path, source.split) }));
    }
    return sets;
  };
  const read = await setsOf(data.train);
  const heldOut = await setsOf(sft.eval);
  const measured = heldOut.map(({ asked }, i) => ({ name: sft.eval[i]!.name, asked }));
  const { held, onLeak } = await heldOutOf(config, suites, resumed);
  const { train, remarks: leaks } = withoutLeakedExamples(read, { ...held, sets: measured }, onLeak);
  const count = train.reduce((sum, { examples }) => sum + examples.length, 0);
  const all = [...train, ...heldOut].flatMap(({ examples }) => examples);
  const drawn = new Set(train.flatMap(({ examples }) => examples.map(({ language }) => language)));
  return {
    train,
    heldOut: heldOut.map(({ examples }, i) => ({ name: sft.eval[i]!.name, examples })),
    count,
    steps: supervisedSteps(sft, count),
    longest: greatest(all.map((example) => tokensOf([example]))),
    languages: LANGUAGES.filter((language) => drawn.has(language)),
    remarks: [...train, ...heldOut].flatMap(exampleRemarks).concat(leaks),
  };
}

import { text } from 'node:stream/consumers';
import { FINISH } from '../engine/index.js';
import { rowIds, sliceTokens, toRagged } from '../base/ragged.js';
import { GlossaError } from '../base/error.js';
import { printable } from '../base/printable.js';
import { measureLanguage } from '../language/index.js';
import { renderPrompt } from '../prompt/index.js';
import { dtypeOption, languageOption, numberOption, samplingOptions } from './arguments.js';
import { percent } from './format.js';
import { openNamed } from './model.js';
import { promptSettings, promptText, shownTokens, type PromptOptions } from './prompt.js';

export interface SampleOptions extends PromptOptions {
  model?: string;
  randomInit?: string;
  tokenizer?: string;
  prompt?: string;
  language: string;
  samples: string;
  temperature: string;
  topK: string;
  topP: string;
  minP: string;
  maxTokens: string;
  seed: string;
  dtype: string;
  showPrompt?: boolean;
  json?: boolean;
}

export async function sampleCommand(options: SampleOptions): Promise<void> {
  const language = languageOption('language', options.language);
  const budget = numberOption('max-tokens', options.maxTokens, { min: 1, whole: true });
  const seed = numberOption('seed', options.seed, { min: 0, whole: true });
  const { samples, temperature } = samplingOptions(options);
  const question = options.prompt ?? (await readInput());
  const model = await openNamed({ ...options, seed }, { dtype: dtypeOption(options.dtype), threads: 0 }, (message) => {
    process.stderr.write(`warning: ${printable(message)}\n`);
  });
  const { engine, tokenizer } = model;
  try {
    const rendered = await renderPrompt(tokenizer, question, language, await promptSettings(options, model));
    const { ids } = rendered;
    if (options.showPrompt) {
      const shown = options.json
        ? JSON.stringify({ prompt: { ...rendered, tokens: await shownTokens(tokenizer, ids) } })
        : await promptText(tokenizer, rendered);
      process.stdout.write(`${shown}\n${options.json ? '' : '\n'}`);
    }
    const { context } = engine.info();
    if (ids.length + budget > context)
      throw new GlossaError(
        'CONFIG_BUDGET',
        `${String(ids.length)} prompt tokens and --max-tokens ${String(budget)} go beyond the model's context of ${String(context)}`,
      );
    const columns = await engine.generate({
      prompts: toRagged([ids]),
      numGenerations: samples,
      maxNewTokens: budget,
      stopIds: tokenizer.eosIds,
      temperature,
      topK: numberOption('top-k', options.topK, { min: 0, whole: true }),
      topP: numberOption('top-p', options.topP, { min: 0, max: 1 }),
      minP: numberOption('min-p', options.minP, { min: 0, max: 1 }),
      seed: BigInt(seed),
      purpose: 'sample',
      step: 0,
    });
    const completions = { ids: columns.completionIds, offsets: columns.completionOffsets };
    for (let row = 0; row < columns.rows; row++) {
      const drawn = rowIds(completions, row);
      const completion = await tokenizer.decode(drawn);
      const { targetWr, enWr } = measureLanguage(completion, language);
      const finish = FINISH[columns.finish[row]!]!;
      if (options.json) {
        const fields = {
          ...{ sample: row, completion, finish, tokens: drawn.length, target_wr: targetWr, en_wr: enWr },
          prompt_ids: ids,
          completion_ids: Array.from(drawn),
          logps: Array.from(sliceTokens(columns.logps, completions, row, row + 1)),
          entropies: Array.from(sliceTokens(columns.entropies, completions, row, row + 1)),
        };
        process.stdout.write(`${JSON.stringify(fields)}\n`);
      } else
        process.stdout.write(
          `${completion}\n[${String(drawn.length)} tokens, ${finish}; ${language} words ${percent(targetWr)}, English ${percent(enWr)}]\n\n`,
        );
    }
  } finally {
    await engine.dispose();
  }
}

async function readInput(): Promise<string> {
  if (process.stdin.isTTY) throw new GlossaError('USAGE', 'sample needs --prompt, or a question on standard input');
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

import { GlossaError } from '../base/error.js';
import { greatest } from '../base/extremes.js';
import type { Language } from '../language/types.js';
import type { Problem, Problems } from '../data/types.js';
import { refuseEmpty, renderQuestion, type PromptSettings } from '../prompt/index.js';
import type { Tokenizer } from '../tokenizer/types.js';

/**
 * Every prompt with its whole budget must fit the model's context, before anything is computed. Only questions that could be too
 * long are rendered.
 *
 * @throws GlossaError CONFIG_BUDGET, PROMPT_EMPTY naming the problem.
 */
export async function checkBudget(
  problems: Problems,
  budget: number,
  {
    context,
    tokenizer,
    promptOf,
  }: { context: number; tokenizer: Tokenizer; promptOf: (language: Language) => PromptSettings },
  setting: string,
): Promise<void> {
  const tooLong = (problem: Problem, length: number) =>
    new GlossaError(
      'CONFIG_BUDGET',
      `${setting} ${String(budget)}: with the prompt of problem ${problem.id} (${String(length)} tokens) it goes beyond the model's context of ${String(context)}`,
      {
        hint:
          length < context
            ? `set ${setting} to ${String(context - length)} or less, or leave such problems out`
            : 'the prompt alone fills the context: shorten the prompt, or leave such problems out',
      },
    );
  const languages = new Set<Language>();
  for (const { language } of problems) languages.add(language);
  const bare = await Promise.all(
    [...languages].map((language) => renderQuestion(tokenizer, { question: '', language }, promptOf(language))),
  );
  const overhead = greatest(bare.map(({ ids }) => ids.length));
  for (const problem of problems) {
    const prompt = promptOf(problem.language);
    // A template of one's own may repeat the question.
    const mayBeEmpty = prompt.style === 'template' || overhead === 0;
    const plain = problem.messages === undefined && prompt.examples === undefined;
    if (!mayBeEmpty && plain && overhead + 8 + tokenizer.mostIds(problem.question) + budget <= context) continue;
    const rendered = await renderQuestion(tokenizer, problem, prompt);
    refuseEmpty(rendered, `the prompt of problem ${problem.id}`);
    const { length } = rendered.ids;
    if (length + budget > context) throw tooLong(problem, length);
  }
}

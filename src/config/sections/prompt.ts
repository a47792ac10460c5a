import { z } from 'zod';

/** How problems become prompts (docs/prompts.md). */
export const promptSchema = z.strictObject({
  style: z
    .enum(['chat', 'plain', 'template'])
    .optional()
    .describe(
      "The tokenizer's chat template; question and a newline; a template of your own. Default: template where one is named, plain for lab models, else chat.",
    ),
  system: z.string().optional().describe('System message; `{language}` becomes the name of the language.'),
  thinking: z
    .boolean()
    .optional()
    .describe('Given to the template as enable_thinking (Qwen3). Default: as the template has it.'),
  think_prefix: z
    .string()
    .optional()
    .describe(
      "What the thought begins with, as part of the prompt: a text, or `auto`, a sentence in the problem's language.",
    ),
  template: z
    .union([z.string(), z.strictObject({ path: z.string(), text: z.string() })])
    .optional()
    .describe('A Jinja template of your own: its path, from the config file. run.json keeps path and text.'),
});

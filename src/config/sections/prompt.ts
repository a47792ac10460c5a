import { z } from 'zod';
import { path } from './texts.js';

/** How problems become prompts (docs/prompts.md). */
export const promptSchema = z.strictObject({
  style: z
    .enum(['chat', 'plain', 'template'])
    .optional()
    .meta({
      fallback:
        '`template` where one is named, `plain` for lab models and folders without a chat template, else `chat`',
    })
    .describe("The tokenizer's chat template; question and a newline; a template of your own."),
  system: z.string().optional().describe('System message; `{language}` becomes the name of the language.'),
  thinking: z
    .boolean()
    .optional()
    .meta({ fallback: 'as the template has it' })
    .describe('Given to the template as enable_thinking (Qwen3).'),
  think_prefix: z
    .string()
    .optional()
    .describe(
      "What the thought begins with, as part of the prompt: a text, or `auto`, a sentence in the problem's language.",
    ),
  think_tags: z
    .union([z.literal('auto'), z.tuple([z.string().trim().min(1).max(100), z.string().trim().min(1).max(100)])], {
      error: 'expected auto or two texts, [open, close]',
    })
    .optional()
    .meta({ fallback: "`<think>`, or the template's own" })
    .describe(
      "What a thought stands between: `auto`, a word of the problem's language (`<생각>`, `</생각>`), or [open, close]. Prompts open it, rewards and verifiers look behind it.",
    ),
  template: z
    .union([path, z.strictObject({ path: z.string(), text: z.string() })])
    .optional()
    .describe('A Jinja template of your own: its path, from the config file. run.json keeps path and text.'),
});

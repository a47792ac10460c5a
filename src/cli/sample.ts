import { text } from 'node:stream/consumers';
import { FINISH, rolloutColumns } from '../engine/index.js';
import { printable } from '../base/printable.js';
import { rowIds, sliceTokens, toRagged } from '../base/ragged.js';
import { GlossaError } from '../base/error.js';
import { LANGUAGE_TABLE, languageName, measureLanguage } from '../language/index.js';
import type { Language } from '../language/types.js';
import { refuseEmpty, renderConversation, renderPrompt, type Message, type RenderedPrompt } from '../prompt/index.js';
import { dtypeOption, languageOption, numberOption, samplingOptions } from './arguments.js';
import { readChat, type Chat, type ChatOptions } from './chat_file.js';
import { warn } from './display.js';
import { percent } from './format.js';
import { openNamed, type NamedModel } from './model.js';
import { promptAdvice, promptSettings, promptText, shownTokens, type PromptOptions } from './prompt.js';
import { questionLanguage } from './question_language.js';

export interface SampleOptions extends PromptOptions, ChatOptions {
  model?: string;
  randomInit?: string;
  tokenizer?: string;
  prompt?: string;
  special?: boolean;
  /** Default: the run's, else that of the question's words. */
  language?: string;
  samples: string;
  temperature: string;
  topK: string;
  topP: string;
  minP: string;
  maxTokens?: string;
  seed: string;
  dtype: string;
  device?: string;
  showPrompt?: boolean;
  json?: boolean;
}

/** Tokens of a completion, where the context leaves as many. */
const DEFAULT_BUDGET = 256;

export async function sampleCommand(options: SampleOptions): Promise<void> {
  const asked = options.language === undefined ? undefined : languageOption('language', options.language);
  const settings = samplingSettings(options);
  if (options.special === true && options.style !== 'raw')
    throw new GlossaError(
      'USAGE',
      '--special is for --style raw: in other styles control tokens come from the template',
    );
  if (options.messages !== undefined && (options.prompt !== undefined || typeof options.system === 'string'))
    throw new GlossaError('USAGE', '--messages is the whole chat: --prompt and --system do not go with it');
  const chat = await readChat(options);
  const question = chat.messages ? lastQuestion(chat.messages) : (options.prompt ?? (await readInput()));
  const model = await openNamed(
    { ...options, seed: settings.seed },
    { dtype: dtypeOption(options.dtype), threads: 0, device: options.device },
    warn,
  );
  const { engine, tokenizer } = model;
  try {
    const language = asked ?? questionLanguage(question, model.languages);
    const rendered = await render(question, language, options, model, chat);
    const { ids } = rendered;
    refuseEmpty(rendered, 'the prompt');
    if (options.showPrompt) {
      const shown = options.json
        ? JSON.stringify({ prompt: { ...rendered, tokens: await shownTokens(tokenizer, ids) } })
        : printable(await promptText(tokenizer, rendered));
      process.stdout.write(`${shown}\n${options.json ? '' : '\n'}`);
    }
    const batch = await engine.generate({
      ...settings,
      prompts: toRagged([ids]),
      maxNewTokens: budget(settings.maxNewTokens, ids.length, engine.info().context),
      stopIds: tokenizer.eosIds,
      seed: BigInt(settings.seed),
      purpose: 'sample',
      step: 0,
    });
    const columns = rolloutColumns(batch);
    const { completions } = columns;
    for (let row = 0; row < columns.rows; row++) {
      const drawn = rowIds(completions, row);
      const completion = await tokenizer.decode(drawn);
      const { targetWr, enWr } = measureLanguage(completion, language);
      const finish = FINISH[columns.finish[row]!]!;
      if (options.json) {
        const fields = {
          ...{ sample: row, language, completion, finish, tokens: drawn.length, target_wr: targetWr, en_wr: enWr },
          prompt_ids: ids,
          completion_ids: Array.from(drawn),
          logps: Array.from(sliceTokens(columns.logps, completions, row, row + 1)),
          entropies: Array.from(sliceTokens(columns.entropies, completions, row, row + 1)),
        };
        process.stdout.write(`${JSON.stringify(fields)}\n`);
      } else {
        const english = language === 'en' ? '' : `, English ${percent(enWr)}`;
        const measured = `${languageName(language)} words ${percent(targetWr)}${english}`;
        process.stdout.write(`${printable(completion)}\n[${String(drawn.length)} tokens, ${finish}; ${measured}]\n\n`);
      }
    }
  } finally {
    await engine.dispose();
  }
}

/** The numbers of the command line, before a model is loaded for them. */
function samplingSettings(options: SampleOptions) {
  const { samples, temperature } = samplingOptions(options);
  return {
    numGenerations: samples,
    temperature,
    maxNewTokens:
      options.maxTokens === undefined
        ? undefined
        : numberOption('max-tokens', options.maxTokens, { min: 1, max: 2 ** 31 - 1, whole: true }),
    topK: numberOption('top-k', options.topK, { min: 0, max: 2 ** 31 - 1, whole: true }),
    topP: numberOption('top-p', options.topP, { min: 0, max: 1 }),
    minP: numberOption('min-p', options.minP, { min: 0, max: 1 }),
    seed: numberOption('seed', options.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }),
  };
}

function budget(asked: number | undefined, prompt: number, context: number): number {
  const left = context - prompt;
  if (left >= (asked ?? 1)) return asked ?? Math.min(DEFAULT_BUDGET, left);
  throw new GlossaError(
    'CONFIG_BUDGET',
    `${String(prompt)} prompt tokens and ${asked === undefined ? 'a completion' : `--max-tokens ${String(asked)}`} go beyond the model's context of ${String(context)}`,
    { hint: left > 0 ? `set --max-tokens to ${String(left)} or less` : 'shorten the prompt' },
  );
}

async function render(
  question: string,
  language: Language,
  options: SampleOptions,
  model: NamedModel,
  { messages, tools }: Chat,
): Promise<RenderedPrompt> {
  const { tokenizer } = model;
  const settings = await promptSettings(options, model);
  if ((messages ?? tools) !== undefined && settings.style !== 'chat' && settings.style !== 'template') {
    const given = messages ? '--messages' : '--tools';
    throw new GlossaError('USAGE', `${given} needs a chat template, and the style is ${settings.style}`, {
      hint: 'give --style chat, or a template of your own with --template',
    });
  }
  if (settings.style === 'raw') return renderRaw(question, options.special === true, tokenizer);
  try {
    if (!messages) return await renderPrompt(tokenizer, question, language, settings, tools);
    const { template, thinking, think_prefix: prefix } = settings;
    return await renderConversation(tokenizer, messages, {
      ...{ thinking, tools, ...(template && { template }) },
      prefix: prefix === 'auto' ? LANGUAGE_TABLE[language].thinkPrefix : prefix,
    });
  } catch (error) {
    throw promptAdvice(error);
  }
}

/** What the chat asks last, for its language. */
function lastQuestion(messages: readonly Message[]): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content;
  return typeof content === 'string' ? content : JSON.stringify(content ?? '');
}

async function renderRaw(
  question: string,
  special: boolean,
  tokenizer: NamedModel['tokenizer'],
): Promise<RenderedPrompt> {
  const spelt = tokenizer.controlTokens
    .filter((token) => token.special && question.includes(token.content))
    .map(({ content }) => content);
  if (spelt.length > 0 && !special)
    warn(`${spelt.slice(0, 3).join(', ')} in the prompt is taken as letters; --special reads it as the control token`);
  return { text: question, ids: await tokenizer.encode(question, { special }) };
}

async function readInput(): Promise<string> {
  if (process.stdin.isTTY) throw new GlossaError('USAGE', 'sample needs --prompt, or a question on standard input');
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

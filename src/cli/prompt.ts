import { GlossaError } from '../base/error.js';
import { readTextIfThere } from '../base/read_file.js';
import type { ResolvedConfig } from '../config/index.js';
import { promptConflicts, type PromptSettings, type RenderedPrompt } from '../prompt/index.js';
import type { Tokenizer } from '../tokenizer/index.js';

/** Options of a command that renders prompts; the run's own settings where they are left out, none where they are false. */
export interface PromptOptions {
  style?: string | undefined;
  system?: string | false | undefined;
  template?: string | undefined;
  thinking?: boolean | undefined;
  thinkPrefix?: string | false | undefined;
}

/**
 * What was asked, else what the run did, else chat where the tokenizer has a template. Another style than the run's leaves its
 * other settings behind, but for the system message; so does a run's setting that cannot stand beside what was asked.
 *
 * @throws GlossaError USAGE; IO_ERROR where the template cannot be read.
 */
export async function promptSettings(
  asked: PromptOptions,
  { config, tokenizer }: { config: ResolvedConfig | undefined; tokenizer: Pick<Tokenizer, 'chatTemplate'> },
): Promise<PromptSettings> {
  const run = config?.prompt;
  const style =
    asked.style ??
    (asked.template !== undefined ? 'template' : undefined) ??
    run?.style ??
    (tokenizer.chatTemplate === undefined ? 'plain' : 'chat');
  if (style !== 'chat' && style !== 'plain' && style !== 'template' && style !== 'raw')
    throw new GlossaError('USAGE', `--style ${style}: expected chat, plain, template or raw`);
  const same = run?.style === style ? run : undefined;
  const prefix = asked.thinkPrefix ?? (asked.thinking === false ? undefined : same?.think_prefix);
  const runsThinking = typeof asked.thinkPrefix === 'string' && same?.thinking === false ? undefined : same?.thinking;
  const system = asked.system ?? (style === 'raw' ? undefined : run?.system);
  const settings: PromptSettings = {
    style,
    system: system === false ? undefined : system,
    thinking: asked.thinking ?? runsThinking,
    think_prefix: prefix === false ? undefined : prefix,
    think_tags: asked.thinking === false ? undefined : same?.think_tags,
    template: asked.template === undefined ? same?.template : await readTemplate(asked.template),
  };
  const [conflict] = promptConflicts(settings);
  if (conflict) {
    const option = `--${conflict.setting.replaceAll('_', '-')}`;
    throw new GlossaError('USAGE', `${option}: ${asOptions(conflict.message)}`, {
      hint: 'docs/prompts.md shows what goes together',
    });
  }
  return settings;
}

/** A message about the config's section `prompt` in the words of a command that has its settings as options. */
function asOptions(message: string): string {
  return message
    .replaceAll('prompt.thinking is false', '--no-thinking is given')
    .replaceAll('prompt.thinking is true', '--thinking is given')
    .replaceAll(/\bprompt\.(\w+)/g, (_, setting: string) => `--${setting.replaceAll('_', '-')}`);
}

/** Errors of rendering, with the options to change instead of the settings of a config. */
export function promptAdvice(error: unknown): unknown {
  if (!(error instanceof GlossaError) || !error.code.startsWith('PROMPT_')) return error;
  const hint = error.hint === undefined ? {} : { hint: asOptions(error.hint) };
  return new GlossaError(error.code, asOptions(error.message), { ...hint, cause: error });
}

async function readTemplate(path: string): Promise<{ path: string; text: string }> {
  const text = await readTextIfThere(path);
  if (text !== undefined) return { path, text };
  throw new GlossaError('IO_ERROR', `--template: there is no file ${path}`, {
    hint: 'name a Jinja file; docs/prompts.md has an example',
  });
}

export interface ShownToken {
  id: number;
  /** Bytes that are no whole character are shown as U+FFFD. */
  text: string;
  /** A token that stands outside the text. */
  control: boolean;
}

export function shownTokens(tokenizer: Tokenizer, ids: ArrayLike<number>): Promise<ShownToken[]> {
  const control = new Set(tokenizer.controlTokens.map(({ id }) => id));
  return Promise.all(
    Array.from(ids, async (id) => ({
      id,
      text: await tokenizer.decode([id], { special: true }),
      control: control.has(id),
    })),
  );
}

/** The text of a prompt, then its tokens one a line, control tokens with a star. */
export async function promptText(tokenizer: Tokenizer, { text, ids }: RenderedPrompt): Promise<string> {
  const tokens = await shownTokens(tokenizer, ids);
  const width = String(ids.reduce((most, id) => Math.max(most, id), 0)).length;
  return [
    text,
    '',
    ...tokens.map(
      ({ id, text: token, control }) =>
        `${control ? '*' : ' '} ${String(id).padStart(width)}  ${JSON.stringify(token)}`,
    ),
    `${String(ids.length)} tokens, ${String(tokens.filter(({ control }) => control).length)} of them control tokens (*)`,
  ].join('\n');
}

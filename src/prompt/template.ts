import { GlossaError } from '../base/error.js';
import { compile, render, TemplateFault, type GenerationMarks, type Template } from '../jinja/index.js';
import type { TemplateFile } from '../tokenizer/index.js';

const templates = new WeakMap<TemplateFile, Template>();

/**
 * Renders a Jinja template as Transformers does, within bounds that do not depend on the machine: one that loops for ever, or
 * doubles a text again and again, ends in an error. `marks` are characters that printing leaves as they are.
 *
 * @throws GlossaError PROMPT_TEMPLATE naming the file and the line.
 */
export function renderTemplate(
  file: TemplateFile,
  variables: Record<string, unknown>,
  marks: readonly string[] = [],
  generation?: GenerationMarks,
): string {
  try {
    let template = templates.get(file);
    if (template === undefined) {
      template = compile(file.text);
      templates.set(file, template);
    }
    return render(template, variables, marks, generation);
  } catch (fault) {
    if (!(fault instanceof TemplateFault)) throw fault;
    const line = fault.line === undefined ? '' : `:${String(fault.line)}`;
    throw new GlossaError('PROMPT_TEMPLATE', `${file.path}${line}: the chat template ${described(fault)}`, {
      hint: 'mend the template, name another with prompt.template, or use prompt.style: plain',
      cause: fault,
    });
  }
}

const MOST_SHOWN = 500;

function described({ kind, message }: TemplateFault): string {
  const shown = message.length > MOST_SHOWN ? `${message.slice(0, MOST_SHOWN)}...` : message;
  switch (kind) {
    case 'syntax':
      return `is not valid Jinja: ${shown}`;
    case 'refusal':
      return `refuses this prompt: ${shown}`;
    case 'failure':
      return `cannot be rendered: ${shown}`;
    case 'limit':
    case 'unsupported':
      return shown;
  }
}

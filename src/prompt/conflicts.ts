import type { PromptSettings } from './types.js';

/** Settings that cannot hold together: which one, and why. */
export function promptConflicts(
  settings: Omit<PromptSettings, 'template'> & { template?: unknown },
): { setting: keyof PromptSettings; message: string }[] {
  const { style, thinking, think_prefix: prefix, think_tags: tags, template } = settings;
  const conflicts: { setting: keyof PromptSettings; message: string }[] = [];
  const add = (setting: keyof PromptSettings, message: string) => conflicts.push({ setting, message });
  if (style === 'template' && template === undefined)
    add('style', 'template needs prompt.template, the path of a .jinja file');
  if (style !== 'template' && template !== undefined)
    add('template', `belongs to style template, and the style is ${style}`);
  if (style === 'raw') {
    for (const setting of ['system', 'thinking', 'think_prefix', 'think_tags'] as const)
      if (settings[setting] !== undefined)
        add(setting, 'a raw prompt is the question alone; use style chat or template');
    return conflicts;
  }
  if (style === 'plain' && thinking !== undefined)
    add('thinking', 'a plain prompt has no thinking to turn on or off; use style chat or template');
  if (style === 'plain' && prefix !== undefined)
    add('think_prefix', 'a plain prompt has no think tag; use style chat or template');
  if (thinking === false && prefix !== undefined) add('think_prefix', 'begins a thought, and prompt.thinking is false');
  if (thinking === false && tags !== undefined)
    add('think_tags', 'are those of a thought, and prompt.thinking is false');
  if (Array.isArray(tags) && tags[0] === tags[1]) add('think_tags', 'the two must differ: one opens, one closes');
  if (prefix === '') add('think_prefix', 'is empty; leave it out');
  return conflicts;
}

import { nearest } from '../base/suggest.js';
import { findLanguage } from '../language/find.js';
import { pathText, type ConfigPath } from './locate.js';
import { otherName } from './other_names.js';
import { nodeAt, sections } from './settings_tree.js';

/** A longer list of settings is not read in a message. */
const MOST_LISTED = 24;

/** `unknown setting`, with the setting that was probably meant, or the ones that there are. */
export function unknownSetting(path: ConfigPath, key: string): string {
  return `unknown setting${suggestion(path, key)}`;
}

/** What the name means elsewhere; the nearest name in the same section; the same or a near name in another one. */
function suggestion(path: ConfigPath, key: string): string {
  const known = sections();
  const here = path.map((part) => (typeof part === 'number' ? '#' : part)).join('.');
  const beside = known.get(here) ?? [];
  const language = beside.includes('ko') ? findLanguage(key) : undefined;
  if (language) return `; did you mean ${language}?`;
  const meant = otherName(key);
  if (typeof meant === 'object') return `: ${meant.none}`;
  const setting = meant?.split(':')[0];
  // Only what there is now is suggested.
  if (meant !== undefined && nodeAt(setting!.split('.'))) return `; did you mean ${within(path, meant)}?`;
  const near = nearest(key, beside);
  if (near !== undefined) return `; did you mean ${near}?`;
  const elsewhere = findElsewhere(known, here, key);
  if (elsewhere !== undefined) return `; did you mean ${elsewhere}?`;
  if (beside.length > MOST_LISTED) return `; docs/config.md has the settings of ${here}`;
  return beside.length > 0 ? ` (there are ${beside.join(', ')})` : '';
}

/** The name as it is written in this section: the section's own name is not said again. */
function within(path: ConfigPath, setting: string): string {
  const prefix = path.length > 0 ? `${path.join('.')}.` : '';
  return prefix !== '' && setting.startsWith(prefix) ? setting.slice(prefix.length) : setting;
}

/** The setting of that name in the section nearest to the top, else one of a near name. */
function findElsewhere(known: Map<string, string[]>, here: string, key: string): string | undefined {
  const others = [...known].filter(([section]) => section !== here);
  const depth = ([section]: [string, string[]]) => section.split('.').length + (section.includes('#') ? 1 : 0);
  others.sort((a, b) => depth(a) - depth(b));
  const name = key.toLowerCase().replaceAll('-', '_');
  const same = others.find(([, keys]) => keys.includes(name));
  if (same) return placed(same[0], name);
  if (key.length < 5) return undefined;
  for (const [section, keys] of others) {
    const near = nearest(key, keys);
    if (near !== undefined && near.length >= 5) return placed(section, near);
  }
  return undefined;
}

function placed(section: string, key: string): string {
  const list = section.replaceAll('.#', '[]');
  return list ? `${list}.${key}` : key;
}

/** `grpo.loss_type`, for a message. */
export const settingText = (path: ConfigPath): string => (path.length > 0 ? `${pathText(path)}: ` : '');

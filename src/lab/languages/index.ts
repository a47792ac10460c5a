import type { LabLanguage } from '../types.js';
import { chinese } from './chinese.js';
import { english } from './english.js';
import { japanese } from './japanese.js';
import { korean } from './korean.js';
import type { StoryText } from './story_text.js';
import { thai } from './thai.js';
import { ukrainian } from './ukrainian.js';

export const STORY_TEXTS: Record<LabLanguage, StoryText> = {
  en: english,
  ko: korean,
  zh: chinese,
  ja: japanese,
  th: thai,
  uk: ukrainian,
};

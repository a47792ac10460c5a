import { STORY_TEXTS } from './languages/index.js';
import { answerOf, drawStory, stepsOf } from './story.js';
import type { Story } from './story.js';
import type { LabLanguage, LabProblem, ProblemSettings, Split } from './types.js';

/** A story told and solved in one language. */
export function tellProblem(story: Story, language: LabLanguage): LabProblem {
  const text = STORY_TEXTS[language];
  return {
    id: story.id,
    language,
    question: text.question(story),
    answer: String(answerOf(story)),
    steps: stepsOf(story).length,
    solutions: { worked: text.worked(story), short: text.short(story) },
  };
}

/**
 * `count` distinct problems, each in every language asked for (rows of one problem lie together, under one id). The same
 * arguments give the same bytes; train and test never share a story, whatever their seeds.
 */
export function generateProblems(
  settings: ProblemSettings,
  options: { seed: number; split: Split; count: number; languages: readonly LabLanguage[] },
): LabProblem[] {
  return distinctStories(settings, options).flatMap((story) =>
    options.languages.map((language) => tellProblem(story, language)),
  );
}

function distinctStories(
  settings: ProblemSettings,
  { seed, split, count }: { seed: number; split: Split; count: number },
): Story[] {
  const stories = new Map<string, Story>();
  // A small space of stories repeats itself; 50 draws a story is far past the point where a larger one would.
  for (let index = 0; stories.size < count && index < 50 * count; index++) {
    const story = drawStory(settings, seed, split, index);
    stories.set(story.id, story);
  }
  return [...stories.values()];
}

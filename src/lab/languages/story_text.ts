import type { Story } from '../story.js';

/** A language's way to tell a story and to solve it. Solutions end in `#### answer` on a line of its own. */
export interface StoryText {
  question(story: Story): string;
  /** Step by step, each step with its equation. */
  worked(story: Story): string;
  /** The answer at once, in one sentence. */
  short(story: Story): string;
}

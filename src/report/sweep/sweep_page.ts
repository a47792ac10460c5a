import { escapeHtml } from '../html.js';
import { figures, frameOf } from '../page.js';
import { isSupervised } from './settings.js';
import { sweepStory } from './sweep_story.js';
import { runsTable, settingsTables } from './sweep_tables.js';
import type { SweepPage } from './types.js';

/** The page of a sweep. @param drawn Its figures, SVG each. */
export function renderSweepPage(page: SweepPage, drawn: readonly string[], title?: string): string {
  return frameOf(
    { title: title ?? `The sweep ${page.name}`, story: sweepStory(page) },
    `<section><h2>Settings</h2><p class="note">Finished runs at their last step, seeds taken together: mean, and the 95 % interval of the mean.</p>${settingsTables(
      page,
    )
      .map(({ group, html }) => `<h3>${escapeHtml(group)}</h3>${html}`)
      .join('\n')}</section>
${drawn.length === 0 ? '' : `<section><h2>Figures</h2>${figures(drawn)}</section>`}
<section><h2>Runs</h2><details><summary>Every run</summary>${runsTable(page)}</details></section>
${footer(page)}`,
  );
}

const OF_COLLAPSES = ` Collapse: runs in which target words of right answers to training prompts, smoothed, fell below half of where they began,
and the median of the steps at which they did.`;
const OF_LOSSES = ' Losses: nats a token that has loss. Perplexity: e to the power of the loss, run by run.';

function footer(page: SweepPage): string {
  const { baseline } = page;
  const against =
    baseline === null
      ? ''
      : ' Fidelity price: accuracy that a run has less than that of the baseline with the same seed, for each point of target words that it has more, at the last evaluation of both.';
  return `<footer><p>n: finished runs that have a value, one a seed. The interval is Student’s t with n - 1 degrees of freedom, that of a share cut to 0 to 100 %; one run has none. A dash:
there was nothing to measure.${isSupervised(page) ? OF_LOSSES : OF_COLLAPSES}${against} Made by glossa.</p></footer>`;
}

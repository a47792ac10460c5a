import { type RunModel, SMOOTHING } from '../analysis/index.js';
import { GENERATOR } from '../run/index.js';
import type { ShownAlarm } from './alarms.js';
import type { ShownCompletion } from './completions.js';
import { escapeHtml } from './html.js';
import { alarmsBlock, completionsBlock } from './page_completions.js';
import { inkTable } from './palette.js';
import { examplesTable, heldOutSetsTable, isSupervised, type SupervisedRun } from './supervised/tables.js';
import { evaluationsTable, heldOutTable, trainingTable } from './tables.js';

/** One run as the page shows it: figures are SVG strings. */
export interface PageRun {
  model: RunModel;
  figures: string[];
  alarms: ShownAlarm[];
  completions: ShownCompletion[];
  facts: [string, string][];
}
export interface Page {
  title: string;
  /** Sentences computed from the runs, most important first. */
  story: string[];
  comparison: string[];
  runs: PageRun[];
}

/** A self-contained HTML page: no script, no font, no request. */
export function renderPage(page: Page): string {
  const models = page.runs.map((run) => run.model);
  return frameOf(
    page,
    `${heldOut(models)}
${examples(models.filter(isSupervised))}
${prompts(models.filter((model) => !isSupervised(model)))}
${page.comparison.length === 0 ? '' : `<section><h2>Side by side</h2>${figures(page.comparison)}</section>`}
${page.runs.map((run, i) => runSection(run, i, models)).join('\n')}
${footer(models)}`,
  );
}

/** Head, title and sentences of every page; the body is HTML. */
export function frameOf({ title, story }: Pick<Page, 'title' | 'story'>, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${GENERATOR}">
<title>${escapeHtml(title)}</title>
<style>${styles()}</style>
<main>
<header><h1>${escapeHtml(title)}</h1>
${story.map((line) => `<p class="story">${escapeHtml(line)}</p>`).join('\n')}
</header>
${body}
</main>
</html>
`;
}

/** Figures, SVG each, in as many columns as there is room for. */
export function figures(svgs: readonly string[]): string {
  return `<div class="figures">${svgs.map((svg) => `<figure>${svg}</figure>`).join('')}</div>`;
}

function heldOut(models: readonly RunModel[]): string {
  if (models.every((model) => model.suites.length === 0) && models.some(isSupervised)) return '';
  if (models.every((model) => model.suites.length === 0))
    return '<section><h2>Held-out problems</h2><p class="note">No held-out suite was evaluated.</p></section>';
  return `<section><h2>Held-out problems</h2><p class="note">First and last evaluation, and the least and the greatest value where they lie beyond.</p>${heldOutTable(models)}
<details><summary>Every evaluation, with its 95 % intervals</summary>${evaluationsTable(models)}</details></section>`;
}

const COURSE = 'first and last value, and the least and the greatest where they lie beyond';

function examples(runs: readonly SupervisedRun[]): string {
  if (runs.length === 0) return '';
  const heldOut = heldOutSetsTable(runs);
  return `<section><h2>Supervised fine-tuning</h2><p class="note">Every step has its own examples: ${COURSE}. Loss and entropy in nats a token.</p>${examplesTable(runs)}
${heldOut === undefined ? '' : `<h3>Held-out examples</h3>${heldOut}`}</section>`;
}

/** Of runs of GRPO. */
function prompts(runs: readonly RunModel[]): string {
  if (runs.length === 0) return '';
  return `<section><h2>Training prompts</h2><p class="note">Every step draws its own prompts: first and last step, and the least and the greatest value where they lie beyond.</p>${trainingTable(runs)}</section>`;
}

function footer(models: readonly RunModel[]): string {
  const grpo = models.length === 0 || models.some((model) => !isSupervised(model));
  const paragraphs = [
    ...(grpo || models.some(({ suites }) => suites.length > 0)
      ? [OF_ANSWERS, grpo ? `${OF_PROMPTS} ${BEYOND_NOISE}` : BEYOND_NOISE]
      : []),
    ...(models.some(isSupervised) ? [OF_EXAMPLES] : []),
  ];
  return `<footer>${paragraphs.map((text) => `<p>${text}</p>`).join('\n')}<p>Made by glossa.</p></footer>`;
}

const OF_ANSWERS = `What is said of completions is by language of the prompts. Target words: the share of counted words that are in the prompt’s language, after
mathematics, code, digits and punctuation are taken away; of right answers: over completions whose answer is right. Cut off: the
share of completions that the budget ended. Words of the reasoning: of what stands before the final answer, repetitions counted once and
copies of the question not at all, unless the share is smaller with them; an alarm says where target words lie more than 20 points above them. A dash and a gap in a line: there was nothing to measure. By language of the
completion: a completion is in the prompt’s language, or in English, when nine tenths of its words are, else mixed.`;

const BEYOND_NOISE = `Beyond noise: Newcombe’s 95 % interval of the difference, made of
Wilson’s for each share, over the problems of the suite, leaves out 0.`;

const OF_PROMPTS = `Collapse step: the first step at which target words of right answers to training prompts, averaged over up to ${String(SMOOTHING)} steps, are below half
of where they began. Fidelity price: accuracy that one run has less than another, for each point of target words that it has
more, at the last evaluation of both, where both began with the same model.`;

const OF_EXAMPLES = `Supervised fine-tuning: loss is the mean negative log-probability of a token that has loss, with the weights before the step; of a
held-out set with those after it. Perplexity: e to the power of the loss. Token accuracy: the share of tokens with loss that were the most probable ones.
Examples: those learnt from so far, one that came several times counted as often. Tokens: all of them, with and without loss.`;

function styles(): string {
  const table = [...inkTable()];
  const vars = (key: 'light' | 'dark') => table.map(([name, value]) => `--${name}:${value[key]}`).join(';');
  const words = table
    .filter(([name]) => name.startsWith('lang-'))
    .map(([name]) => `.${name}{color:var(--${name})}`)
    .join('');
  return `:root{${vars('light')}}@media(prefers-color-scheme:dark){:root{${vars('dark')}}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans","Noto Sans CJK KR","Noto Sans Thai",sans-serif}
main{max-width:72rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}
h1{font-size:1.7rem;line-height:1.2;margin:.4rem 0 .8rem}h2{font-size:1.2rem;margin:2.2rem 0 .6rem}h3{font-size:1rem;margin:1.4rem 0 .4rem}
.story{max-width:46rem;margin:.35rem 0}.story:first-of-type{font-size:1.15rem}.note{color:var(--quiet);font-size:.88rem;margin:.2rem 0}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin-top:.6rem;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.35rem .9rem .35rem 0;text-align:right;vertical-align:top;border-bottom:1px solid var(--rule)}.name{text-align:left;overflow-wrap:break-word}th{font-weight:600;color:var(--quiet);font-size:.85rem;vertical-align:bottom}
td span{white-space:nowrap}td small{display:block;color:var(--quiet)}
.figures{margin-top:1rem;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:1.2rem 1.6rem}figure{margin:0}figure svg{width:100%;height:auto;display:block}
.completions{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:1rem 1.6rem}
article{border-top:2px solid var(--rule);padding-top:.5rem}article .q{color:var(--quiet);font-size:.88rem;margin:0 0 .4rem}article pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;font:inherit;font-weight:500}
.alarm{border-left:4px solid var(--bad);padding:.1rem 0 .1rem .9rem;margin:1rem 0;max-width:46rem}.alarm p{margin:.35rem 0}
.mark{font-weight:700}.right{color:var(--good)}.wrong{color:var(--bad)}.meta{color:var(--quiet);font-size:.82rem;margin:.35rem 0 0}
.legend span{margin-right:1rem;font-weight:600;white-space:nowrap}dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.88rem}dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--quiet)}footer{margin-top:2.5rem;border-top:1px solid var(--rule);color:var(--quiet);font-size:.85rem;max-width:46rem}
${words}`;
}

/** What a run is, where the page has runs of supervised fine-tuning. */
function kindNote(model: RunModel, models: readonly RunModel[]): string {
  if (!models.some(isSupervised)) return '';
  return `<p class="note">${isSupervised(model) ? 'Supervised fine-tuning' : 'GRPO'}</p>`;
}

function runSection(run: PageRun, index: number, models: readonly RunModel[]): string {
  const heading =
    models.length > 1
      ? `<h2 id="run-${String(index)}">${escapeHtml(run.model.label)}</h2>${kindNote(run.model, models)}`
      : '';
  const facts = run.facts.map(([k, v]) => `<dt>${escapeHtml(k)}</dt><dd>${escapeHtml(v)}</dd>`).join('');
  return `<section>${heading}${alarmsBlock(run.alarms)}${figures(run.figures)}
${completionsBlock(run.completions)}
<details><summary>Settings</summary><dl>${facts}</dl></details></section>`;
}

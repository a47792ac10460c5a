import type { ShownCompletion } from './completions.js';
import { type EvaluationPoint, type Findings } from './findings.js';
import { inkTable } from './palette.js';
import { LANGUAGE_NAMES } from '../language/index.js';
import type { CountedLanguage } from '../language/types.js';

/** One run as the page shows it: figures are SVG strings. */
export interface PageRun {
  label: string;
  findings: Findings;
  figures: string[];
  completions: ShownCompletion[];
  facts: [string, string][];
}
export interface Page {
  title: string;
  /** Sentences computed from the runs, most important first. */
  story: string[];
  comparison: string[];
  runs: PageRun[];
  target: CountedLanguage;
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!);

export const percent = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);

/** A self-contained HTML page: no script, no font, no request. */
export function renderPage(page: Page): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(page.title)}</title>
<style>${styles()}</style>
<main>
<header><h1>${escapeHtml(page.title)}</h1>
${page.story.map((line) => `<p class="story">${escapeHtml(line)}</p>`).join('\n')}
</header>
${summaryTable(page)}
<section><h2>Side by side</h2><div class="figures">${page.comparison.map(figure).join('')}</div></section>
${page.runs.map((run, i) => runSection(run, i, page.runs.length)).join('\n')}
<footer><p>WR: word ratio, the share of counted words in a language after mathematics, code, digits and punctuation are
taken away. Rewarded: over completions whose answer is right. Advantage by language: a completion is “target” or
“English” when nine tenths of its words are, else “mixed”. Made by glossa.</p></footer>
</main>
</html>
`;
}

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
.story{max-width:46rem;margin:.35rem 0}.story:first-of-type{font-size:1.15rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin-top:1rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .9rem .35rem 0;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}th:first-child,td:first-child{text-align:left}th{font-weight:600;color:var(--quiet);font-size:.85rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:1.2rem 1.6rem}figure{margin:0}figure svg{width:100%;height:auto;display:block}
.completions{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:1rem 1.6rem}
article{border-top:2px solid var(--rule);padding-top:.5rem}article .q{color:var(--quiet);font-size:.88rem;margin:0 0 .4rem}article pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;font:inherit;font-weight:500}
.mark{font-weight:700}.right{color:var(--good)}.wrong{color:var(--bad)}.meta{color:var(--quiet);font-size:.82rem;margin:.35rem 0 0}
.legend span{margin-right:1rem;font-weight:600;white-space:nowrap}dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.88rem}dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--quiet)}footer{margin-top:2.5rem;border-top:1px solid var(--rule);color:var(--quiet);font-size:.85rem;max-width:46rem}
${words}`;
}

const figure = (svg: string): string => `<figure>${svg}</figure>`;

function summaryTable(page: Page): string {
  const cell = (point: EvaluationPoint | null, key: 'accuracy' | 'targetWr' | 'targetWrRewarded' | 'enWr') =>
    `<td>${percent(point === null ? null : point[key])}</td>`;
  const row = (label: string, point: EvaluationPoint | null, collapse: string) =>
    `<tr><td>${escapeHtml(label)}</td>${cell(point, 'accuracy')}${cell(point, 'targetWr')}${cell(point, 'targetWrRewarded')}${cell(point, 'enWr')}<td>${collapse}</td></tr>`;
  const rows = page.runs.flatMap((run) => {
    const { before, after, collapseStep, steps } = run.findings;
    const collapsed = collapseStep === null ? (steps > 0 ? 'none' : '–') : `step ${collapseStep}`;
    return [
      ...(before === null ? [] : [row(`${run.label}: before`, before, '')]),
      ...(after === null ? [] : [row(`${run.label}: after ${steps} steps`, after, collapsed)]),
    ];
  });
  return `<section><h2>Held-out problems</h2><div class="scroll"><table><thead><tr><th>model</th><th>accuracy</th><th>Target WR</th><th>Target WR, rewarded</th><th>EN WR</th><th>collapse</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

function runSection(run: PageRun, index: number, count: number): string {
  const heading = count > 1 ? `<h2 id="run-${index}">${escapeHtml(run.label)}</h2>` : '';
  const facts = run.facts.map(([k, v]) => `<dt>${escapeHtml(k)}</dt><dd>${escapeHtml(v)}</dd>`).join('');
  return `<section>${heading}<div class="figures">${run.figures.map(figure).join('')}</div>
${completionsBlock(run.completions)}
<details><summary>Settings and machine</summary><dl>${facts}</dl></details></section>`;
}

function completionsBlock(completions: ShownCompletion[]): string {
  if (completions.length === 0) return '';
  const used = new Set(completions.flatMap((c) => c.pieces.map((p) => p.language)).filter((l) => l !== null));
  const legend = [...used].map((l) => `<span class="lang-${l}">${LANGUAGE_NAMES[l]}</span>`).join('');
  const steps = [...new Set(completions.map((c) => c.step))];
  const groups = steps.map(
    (step) =>
      `<h3>Step ${step}</h3><div class="completions">${completions
        .filter((c) => c.step === step)
        .map(article)
        .join('')}</div>`,
  );
  return `<h3>What the model wrote</h3><p class="legend">${legend}</p>${groups.join('')}`;
}

function article(c: ShownCompletion): string {
  const words = c.pieces
    .map((p) =>
      p.language === null ? escapeHtml(p.text) : `<span class="lang-${p.language}">${escapeHtml(p.text)}</span>`,
    )
    .join('');
  const mark =
    c.correct === null
      ? ''
      : c.correct
        ? '<span class="mark right">right</span>'
        : '<span class="mark wrong">wrong</span>';
  const numbers = [
    c.reward === null ? '' : `reward ${c.reward.toFixed(2)}`,
    c.advantage === null ? '' : `advantage ${c.advantage >= 0 ? '+' : ''}${c.advantage.toFixed(2)}`,
    c.finish === 'length' ? 'cut at the length limit' : '',
  ].filter((s) => s !== '');
  return `<article><p class="q">${escapeHtml(c.question)} <b>(${escapeHtml(c.answer)})</b></p><pre>${words}</pre><p class="meta">${[mark, ...numbers].filter((s) => s !== '').join(' · ')}</p></article>`;
}

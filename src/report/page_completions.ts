import { languageName } from '../language/index.js';
import type { ShownAlarm } from './alarms.js';
import type { ShownCompletion } from './completions.js';
import { escapeHtml } from './html.js';

/** What the model wrote, by step, each word in the colour of its language. */
export function completionsBlock(completions: readonly ShownCompletion[]): string {
  if (completions.length === 0) return '';
  const used = new Set(completions.flatMap((c) => c.pieces.map((p) => p.language)).filter((l) => l !== null));
  const legend = [...used].map((l) => `<span class="lang-${l}">${languageName(l)}</span>`).join('');
  const steps = [...new Set(completions.map((c) => c.step))];
  const groups = steps.map(
    (step) =>
      `<h3>Step ${String(step)}</h3><div class="completions">${completions
        .filter((c) => c.step === step)
        .map(article)
        .join('')}</div>`,
  );
  return `<h3>What the model wrote</h3><p class="legend">${legend}</p>${groups.join('')}`;
}

/** What makes the ratios of a run doubtful, each with a completion. */
export function alarmsBlock(alarms: readonly ShownAlarm[]): string {
  return alarms
    .map(
      ({ text, completion }) =>
        `<div class="alarm" role="note"><p><b>Alarm.</b> ${escapeHtml(text)}</p>${completion === undefined ? '' : `<p class="note">Step ${String(completion.step)}:</p>${article(completion)}`}</div>`,
    )
    .join('');
}

function article(c: ShownCompletion): string {
  const words = c.pieces
    .map((p) =>
      p.language === null ? escapeHtml(p.text) : `<span class="lang-${p.language}">${escapeHtml(p.text)}</span>`,
    )
    .join('');
  const facts = [
    mark(c.correct),
    c.reward === null ? '' : `reward ${c.reward.toFixed(2)}`,
    c.advantage === null ? '' : `advantage ${c.advantage >= 0 ? '+' : ''}${c.advantage.toFixed(2)}`,
    c.finish === 'length' ? 'cut at the length limit' : '',
  ].filter((fact) => fact !== '');
  return `<article><p class="q">${escapeHtml(c.question)} <b>(${escapeHtml(c.answer)})</b></p><pre>${words}</pre><p class="meta">${facts.join(' · ')}</p></article>`;
}

function mark(correct: boolean | null): string {
  if (correct === null) return 'not judged';
  return correct ? '<span class="mark right">right</span>' : '<span class="mark wrong">wrong</span>';
}

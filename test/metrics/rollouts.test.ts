import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { findMeasure, type MetricName } from '../../src/metrics/index.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { readMetrics, runFolder } from '../../src/run/index.js';
import { train } from '../../src/trainer/index.js';
import { TINY } from '../engine/tiny.js';
import { BYTES, folder } from '../tokenizer/bytes.js';

interface Row extends Record<string, unknown> {
  language: string;
  finish: string;
  correct: boolean | null;
  reward: number | null;
  advantage: number;
  completion_ids: number[];
  entropies: number[];
  first_switch: number | null;
  switches: number;
  line_pass: boolean;
  word_pass: boolean;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => (values.length === 0 ? null : sum(values) / values.length);
const share = (values: readonly boolean[]) => mean(values.map(Number));
const known = <T>(values: readonly (T | null | undefined)[]): T[] => values.filter((value) => value != null);

/** Figures from the columns of rollouts alone, as docs/rollouts.md says that they come from them. */
function figures(rows: readonly Row[]): Record<string, number | null> {
  const counts = (row: Row) =>
    Object.entries(row).flatMap(([name, n]) => (name.startsWith('words.') ? [n as number] : []));
  const ratio = (of: readonly Row[], language: (row: Row) => string) => {
    const all = sum(of.flatMap(counts));
    return all === 0 ? null : sum(of.map((row) => row[`words.${language(row)}`] as number)) / all;
  };
  const quotient = (part: string, whole: string) =>
    sum(rows.map((row) => row[part] as number)) / sum(rows.map((row) => row[whole] as number));
  const worded = rows.filter((row) => sum(counts(row)) > 0);
  const right = rows.filter((row) => row.correct === true);
  const passed = worded.filter((row) => row.line_pass);
  const rewards = known(rows.map((row) => row.reward));
  const average = mean(rewards)!;
  return {
    accuracy: share(known(rows.map((row) => row.correct))),
    reward: average,
    reward_std: Math.sqrt(sum(rewards.map((reward) => (reward - average) ** 2)) / (rewards.length - 1)),
    'rewards/language/mean': mean(known(rows.map((row) => row['reward.language'] as number | null))),
    'rewards/accuracy/mean': mean(known(rows.map((row) => row['reward.accuracy'] as number | null))),
    'completions/clipped_ratio': share(rows.map((row) => row.finish !== 'stop')),
    'completions/mean_length': mean(rows.map((row) => row.completion_ids.length)),
    'language/target_wr': ratio(rows, (row) => row.language),
    'language/en_wr': ratio(rows, () => 'en'),
    'language/rewarded/target_wr': ratio(right, (row) => row.language),
    'language/lpr': share(worded.map((row) => row.line_pass)),
    'language/wpr': share(passed.map((row) => row.word_pass)),
    'language/reasoning/target_wr': quotient('reasoning_words_target', 'reasoning_words'),
    'language/words_after_answer': mean(rows.map((row) => row['words_after_answer'] as number)),
    'language/repetition': sum(rows.map((row) => row['words_repeated'] as number)) / sum(rows.flatMap(counts)),
    'language/switches': mean(worded.map((row) => row.switches)),
    'language/first_switch': mean(known(worded.map((row) => row.first_switch))),
    ...Object.fromEntries(['target', 'mixed', 'english'].flatMap((name) => ofClass(rows, name, ''))),
    ...Object.fromEntries(['ko', 'en'].flatMap((language) => ofLanguage(rows, language))),
  };
}

const tokensOf = (rows: readonly Row[]) => sum(rows.map((row) => row.completion_ids.length));
const entropyOf = (rows: readonly Row[]) =>
  rows.length === 0 ? null : sum(rows.flatMap((row) => row.entropies)) / tokensOf(rows);

/** Figures of the completions that nine tenths of the words put into a class. */
function ofClass(rows: readonly Row[], name: string, prefix: string): [string, number | null][] {
  const classOf = (row: Row) => {
    const of = (language: string) => row[`words.${language}`] as number;
    const all = sum(Object.entries(row).flatMap(([column, n]) => (column.startsWith('words.') ? [n as number] : [])));
    if (all === 0) return undefined;
    if (of(row.language) / all >= 0.9) return 'target';
    return of('en') / all >= 0.9 ? 'english' : 'mixed';
  };
  const members = rows.filter((row) => classOf(row) === name);
  const advantages: [string, number | null][] = [
    [`${prefix}advantage/${name}/share`, rows.length === 0 ? null : members.length / rows.length],
    [`${prefix}advantage/${name}/reward`, mean(known(members.map((row) => row.reward)))],
    [`${prefix}advantage/${name}/advantage`, mean(members.map((row) => row.advantage))],
    [`${prefix}advantage/${name}/sum`, sum(members.map((row) => row.advantage * row.completion_ids.length))],
  ];
  if (prefix !== '') return advantages;
  return [
    ...advantages,
    [`completions/${name}/accuracy`, share(known(members.map((row) => row.correct)))],
    [`completions/${name}/mean_length`, mean(members.map((row) => row.completion_ids.length))],
    [`completions/${name}/clipped_ratio`, share(members.map((row) => row.finish !== 'stop'))],
    [`completions/${name}/entropy`, entropyOf(members)],
  ];
}

function ofLanguage(rows: readonly Row[], language: string): [string, number | null][] {
  const members = rows.filter((row) => row.language === language);
  const prefix = `language/${language}/`;
  return [
    [`${prefix}reward`, mean(known(members.map((row) => row.reward)))],
    [`${prefix}mean_length`, mean(members.map((row) => row.completion_ids.length))],
    [`${prefix}entropy`, entropyOf(members)],
    ...['target', 'mixed', 'english'].flatMap((name) => ofClass(members, name, prefix)),
  ];
}

/** Means over the parts, each for as many tokens as it has. */
const weighted = (parts: readonly (readonly [number | null | undefined, number])[]) =>
  sum(parts.map(([value, tokens]) => (value ?? 0) * tokens)) / sum(parts.map(([, tokens]) => tokens));

test('every line of metrics.jsonl is about the rows of its step, and follows from the columns of rollouts', async () => {
  const dir = await folder({ 'tokenizer.json': BYTES });
  const problems = Array.from({ length: 12 }, (_, i) => ({
    question: `${String(i)}?`,
    answer: '1',
    lang: ['ko', 'en'][i % 2],
  }));
  await writeFile(join(dir, 'p.jsonl'), problems.map((row) => JSON.stringify(row)).join('\n'));
  const config = {
    seed: 2,
    threads: 1,
    // Weights so small that ids are drawn nearly alike: bytes of letters make words of some language.
    model: { init: { config: { ...(JSON.parse(TINY.config) as object), vocab_size: 259 }, tokenizer: dir } },
    data: { train: [{ path: join(dir, 'p.jsonl') }] },
    prompt: { style: 'plain' },
    rewards: [{ name: 'accuracy' }, { name: 'language', weight: 0.3 }],
    grpo: {
      beta: 0.1,
      max_steps: 4,
      steps_per_generation: 2,
      prompts_per_step: 6,
      num_generations: 4,
      max_completion_length: 60,
    },
    optimizer: { learning_rate: 1e-2 },
    checkpoint: { every: 0 },
    run: { dir: join(dir, 'run') },
  };
  const settings = parseConfig(JSON.stringify(config), { path: 'c.yaml', sets: [] });
  await train(settings);
  const run = runFolder(settings.run.dir);
  const lines = await readMetrics(run.metrics);
  assert.equal(lines.length, 4);
  let compared = 0;
  for (const line of lines) {
    const first = line.step - ((line.step - 1) % 2);
    const all = (await readRolloutFile(run.rollout(first))) as Row[];
    const half = all.length / 2;
    const rows = line.step === first ? all.slice(0, half) : all.slice(half);
    for (const [name, wanted] of Object.entries(figures(rows)) as [MetricName, number | null][]) {
      if (wanted === null) assert.equal(line[name], null, name);
      else {
        assert.ok(
          Math.abs(line[name]! - wanted) < 1e-6,
          `${name} of step ${String(line.step)}: ${String(line[name])}, ${String(wanted)}`,
        );
        if (wanted !== 0) compared++;
      }
    }
    // The sums over both languages are what the engine says of the whole: of the entropy and KL of its own forward pass.
    if (line.step === first)
      for (const kind of ['entropy', 'kl'] as const) {
        const parts = (['ko', 'en'] as const).map(
          (lang) => [line[`language/${lang}/${kind}`], tokensOf(rows.filter((row) => row.language === lang))] as const,
        );
        assert.ok(Math.abs(weighted(parts) - line[kind]!) < 1e-6, `${kind} of step ${String(line.step)}`);
        if (kind === 'kl' && line.step > 1) assert.ok(line.kl! > 1e-4, String(line.kl));
      }
    for (const name of Object.keys(line).filter((each) => each !== 'step'))
      assert.ok(findMeasure(name), `${name} is no measure`);
  }
  assert.ok(compared > 20, `only ${String(compared)} figures were more than nothing`);
});

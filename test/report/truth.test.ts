import assert from 'node:assert/strict';
import { readdir, readFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { LANGUAGES, type Language } from '../../src/language/types.js';
import type { Datum, FigureSpec } from '../../src/report/figure.js';
import { runModel, type RunModel } from '../../src/analysis/model.js';
import { runFigures } from '../../src/report/run_figures.js';
import { sideBySide } from '../../src/report/side_by_side.js';
import { story } from '../../src/report/story.js';
import { heldOutTable } from '../../src/report/tables.js';
import { evaluation, makeRun, type MadeRun } from './runs.js';

// Random runs are written to disk, and every number of every sentence, figure and table is looked up in the files again.

const NAMES: Partial<Record<Language, string>> = {
  en: 'English',
  ko: 'Korean',
  zh: 'Chinese',
  ja: 'Japanese',
  th: 'Thai',
  uk: 'Ukrainian',
};
type Raw = Record<string, number | string | null>;

let root: string;
let count = 0;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-truth-'));
});
after(() => rm(root, { recursive: true, force: true }));

const share = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 20 }).map((value) => value / 20) },
);
const FIELDS = ['target_wr', 'en_wr', 'other_wr', 'rewarded/target_wr'] as const;

const runs: fc.Arbitrary<MadeRun> = fc
  .record({
    languages: fc.uniqueArray(fc.constantFrom<Language>('en', 'ko', 'ja'), { minLength: 1, maxLength: 2 }),
    steps: fc.integer({ min: 0, max: 7 }),
    suites: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'ko', 'test-en', 'z.2'),
        languages: fc.uniqueArray(fc.constantFrom<Language>('en', 'ko', 'uk'), { minLength: 1, maxLength: 2 }),
        at: fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 }),
      }),
      { maxLength: 3, selector: ({ name }) => name },
    ),
    status: fc.constantFrom('running' as const, 'finished' as const, 'interrupted' as const, 'failed' as const),
    samples: fc.constantFrom(1, 2),
    values: fc.infiniteStream(share),
  })
  .map(({ languages, steps, suites, status, samples, values }) => {
    const draw = () => values.next().value as number | null;
    const figures = (prefix: string) => Object.fromEntries(FIELDS.map((field) => [`${prefix}/${field}`, draw()]));
    const several = languages.length > 1 ? languages : [];
    return {
      languages,
      status,
      config: {
        grpo: { max_steps: 7 },
        eval: { num_samples: samples },
        data: { eval: suites.map(({ name }) => ({ name })) },
      },
      metrics: Array.from({ length: steps }, (_, i) => ({
        step: i + 1,
        accuracy: draw(),
        'completions/clipped_ratio': draw(),
        ...figures('language'),
        ...(Object.assign(
          {},
          ...several.map((code) => ({
            [`language/${code}/accuracy`]: draw(),
            [`language/${code}/clipped_ratio`]: draw(),
            ...figures(`language/${code}`),
          })),
        ) as object),
      })),
      evaluations: suites.flatMap(({ name, languages: codes, at }) =>
        at.flatMap((step) =>
          codes.map((code) =>
            evaluation([step, name, code], {
              accuracy: draw()!,
              clipped_ratio: draw() ?? 0,
              target_wr: draw(),
              target_wr_rewarded: draw(),
              en_wr: draw(),
              n: 40,
            }),
          ),
        ),
      ),
    };
  });

/** A run's files, read without any code of the product. */
async function readRaw(dir: string): Promise<{ metrics: Raw[]; rows: Raw[] }> {
  const text = await readFile(join(dir, 'metrics.jsonl'), 'utf8');
  const metrics = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Raw]));
  const rows: Raw[] = [];
  for (const name of await readdir(join(dir, 'eval')))
    rows.push(...(JSON.parse(await readFile(join(dir, 'eval', name), 'utf8')) as { rows: Raw[] }).rows);
  return { metrics, rows: rows.sort((a, b) => Number(a['step']) - Number(b['step'])) };
}

const shown = (value: unknown): string => `${(100 * Number(value)).toFixed(1)} %`;

/** The clause must hold every number of the series that it speaks of, and no other. */
function checkClause(clause: string, raw: Raw[], key: string, noise: ((a: number, b: number) => boolean) | undefined) {
  const values = raw.filter((row) => row[key] !== null && row[key] !== undefined);
  const at = (step: string) => shown(values.find((row) => String(row['step']) === step)?.[key]);
  const message = `${clause} | ${JSON.stringify(raw.map((row) => [row['step'], row[key]]))}`;
  if (values.length === 0) {
    assert.match(clause, /^without a value at /, message);
    return;
  }
  const numbers = values.map((row) => Number(row[key]));
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  for (const [, value, step] of clause.matchAll(/([\d.]+ %) at step (\d+)/g)) assert.equal(value, at(step!), message);
  const again = /^([\d.]+ %) at step \d+ and again at step (\d+)/.exec(clause);
  if (again) assert.equal(again[1], at(again[2]!), message);
  const steady = /^([\d.]+ %) at (?:each of \d+ )?steps /.exec(clause);
  assert.equal(steady !== null, numbers.length > 1 && numbers.every((value) => value === first), message);
  if (steady) assert.equal(steady[1], shown(first), message);
  assert.ok(clause.includes(shown(first)) && clause.includes(shown(last)), message);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  assert.equal(
    /, highest ([\d.]+ %)/.exec(clause)?.[1],
    most > Math.max(first, last) ? shown(most) : undefined,
    message,
  );
  assert.equal(
    /, lowest ([\d.]+ %)/.exec(clause)?.[1],
    least < Math.min(first, last) ? shown(least) : undefined,
    message,
  );
  assert.equal(clause.includes('no value at'), values.length < raw.length, message);
  const apart = noise !== undefined && first !== last && noise(first, last);
  assert.equal(clause.startsWith('rose '), apart && last > first, message);
  assert.equal(clause.startsWith('fell '), apart && last < first, message);
}

/** Newcombe's difference of two Wilson intervals, by the roots of the quadratic equation that Wilson's bounds solve. */
function beyondNoise(n: number): (a: number, b: number) => boolean {
  const z2 = 1.959963984540054 ** 2;
  const bounds = (p: number): [number, number] => {
    const [a, b, c] = [1 + z2 / n, -(2 * p + z2 / n), p * p];
    const root = Math.sqrt(Math.max(0, b * b - 4 * a * c));
    return [(-b - root) / (2 * a), (-b + root) / (2 * a)];
  };
  return (from, to) => {
    const [[l1, u1], [l2, u2]] = [bounds(from), bounds(to)];
    const d = to - from;
    return d - Math.hypot(to - l2, u1 - from) > 0 || d + Math.hypot(u2 - to, from - l1) < 0;
  };
}

const clauses = (sentence: string) => sentence.slice(sentence.indexOf('): ') + 3, -1).split('; ');
const without = (clause: string, label: string) => {
  assert.ok(clause.startsWith(`${label} `), `${clause} should be of ${label}`);
  return clause.slice(label.length + 1);
};

test('every number of every sentence is the files’ own, of the suite and language it speaks of', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (made) => {
      const { model, metrics, rows } = await write(made);
      const sentences = story([model]);
      const samples = (made.config as { eval: { num_samples: number } }).eval.num_samples;
      const groups = new Set(
        rows.map((row) => `${String(row['suite'])} (${NAMES[row['language'] as Language]}, 40 completions)`),
      );
      const told = sentences.flatMap((sentence) => /^run, (\S+ \(.*? completions\)): /.exec(sentence)?.[1] ?? []);
      assert.deepEqual([...told].sort(), [...groups].sort(), 'every suite and language once');
      for (const sentence of sentences) {
        const suite = /^run, (\S+) \((\w+), 40 completions\): /.exec(sentence);
        const prompts = /^run, (\w+) training prompts \(each/.exec(sentence);
        const name = suite?.[2] ?? prompts?.[1];
        if (name === undefined) continue;
        const language = LANGUAGES.find((code) => NAMES[code] === name)!;
        const raw = suite
          ? rows.filter((row) => row['suite'] === suite[1] && row['language'] === language)
          : metrics.map((line) => ofLanguage(line, language, made.languages!.length > 1));
        const [accuracy, clipped, rewarded, target] = clauses(sentence) as [string, string, string, string];
        checkClause(without(accuracy, 'accuracy'), raw, 'accuracy', suite ? beyondNoise(40 / samples) : undefined);
        checkClause(without(clipped, 'cut off'), raw, 'clipped_ratio', undefined);
        checkClause(without(rewarded, `${name} words of right answers`), raw, 'target_wr_rewarded', undefined);
        checkClause(without(target, `${name} words`), raw, 'target_wr', undefined);
      }
      const trained = rows.some((row) => made.languages!.includes(row['language'] as Language));
      assert.equal(
        sentences.filter((sentence) => sentence.includes(' training prompts (each')).length,
        trained || metrics.length === 0 ? 0 : made.languages!.length,
      );
    }),
    { numRuns: 60 },
  );
});

test('every point of every figure is the files’ own, and no line runs through a gap', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (made) => {
      const { model, metrics, rows } = await write(made);
      const several = made.languages!.length > 1;
      for (const [name, spec] of runFigures(model)) {
        const names = namesOf(spec);
        assert.equal(new Set(names).size, names.length, `${name}: one name, one series`);
        const suite = /^suite-(.*)-(\w\w)$/.exec(name);
        const prompts = /^(?:words|ratios)(?:-(\w\w))?$/.exec(name);
        if (!suite && !prompts) continue;
        const language = (suite?.[2] ?? prompts?.[1] ?? made.languages![0]) as Language;
        const raw = suite
          ? rows.filter((row) => row['suite'] === suite[1] && row['language'] === language)
          : metrics.map((line) => ofLanguage(line, language, several));
        const keys: Record<string, string> = {
          accuracy: 'accuracy',
          'cut off': 'clipped_ratio',
          [`${NAMES[language]} words of right answers`]: 'target_wr_rewarded',
          'English words': 'en_wr',
          [`${NAMES[language]} words`]: 'target_wr',
          'other words': 'other_wr',
        };
        for (const series of names) checkPoints(valuesOf(spec, series), raw, keys[series]!, `${name}, ${series}`);
      }
      for (const [name, spec] of sideBySide([model])) {
        const [, key, code] = /^(accuracy|cut-off|target-wr-rewarded|target-wr)(?:-(\w\w))?$/.exec(name)!;
        const raw = metrics.map((line) => ofLanguage(line, (code ?? made.languages![0]) as Language, several));
        const field =
          { accuracy: 'accuracy', 'cut-off': 'clipped_ratio', 'target-wr': 'target_wr' }[key!] ?? 'target_wr_rewarded';
        checkPoints(valuesOf(spec, 'run'), raw, field, name);
      }
    }),
    { numRuns: 40 },
  );
});

test('the table has one row for each suite and language, with its own first and last value', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (made) => {
      const { model, rows } = await write(made);
      const body = /<tbody>(.*)<\/tbody>/s.exec(heldOutTable([model]))![1]!;
      const cells = [...body.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
        [...row!.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell]) => cell!),
      );
      const groups = [...new Set(rows.map((row) => JSON.stringify([row['suite'], row['language']])))];
      assert.equal(cells.length, groups.length);
      for (const group of groups) {
        const [suite, language] = JSON.parse(group) as [string, Language];
        const raw = rows.filter((row) => row['suite'] === suite && row['language'] === language);
        const found = cells.filter((row) => row[1] === suite && row[2] === NAMES[language]);
        assert.equal(found.length, 1);
        assert.equal(found[0]![4], raw.map((row) => row['step']).join(', '));
        for (const [column, key] of [
          [5, 'accuracy'],
          [6, 'clipped_ratio'],
          [7, 'target_wr'],
          [9, 'target_wr_rewarded'],
        ] as const) {
          const values = raw.map((row) => row[key]).filter((value) => value !== null);
          const expected =
            values.length === 0
              ? '-'
              : values.length === 1
                ? shown(values[0])
                : `${shown(values[0])} → ${shown(values.at(-1))}`;
          assert.equal(found[0]![column]!.replace(/ <small>.*|<\/?span>/g, ''), expected);
        }
      }
    }),
    { numRuns: 40 },
  );
});

async function write(made: MadeRun): Promise<{ model: RunModel; metrics: Raw[]; rows: Raw[] }> {
  const dir = join(root, String(count++));
  const model = runModel('run', await makeRun(dir, made));
  return { model, ...(await readRaw(dir)) };
}

/** A line of metrics under the fields of evaluations, for the prompts in one language. */
function ofLanguage(line: Raw, language: Language, several: boolean): Raw {
  const at = (single: string, one: string) => line[several ? `language/${language}/${one}` : single] ?? null;
  return {
    step: line['step']!,
    accuracy: at('accuracy', 'accuracy'),
    clipped_ratio: at('completions/clipped_ratio', 'clipped_ratio'),
    target_wr: at('language/target_wr', 'target_wr'),
    target_wr_rewarded: at('language/rewarded/target_wr', 'rewarded/target_wr'),
    en_wr: at('language/en_wr', 'en_wr'),
    other_wr: at('language/other_wr', 'other_wr'),
  };
}

const allOf = (spec: FigureSpec) => (spec['data'] as { values: Datum[] }).values;
const valuesOf = (spec: FigureSpec, series: string) => allOf(spec).filter((datum) => datum.series === series);

/** The names in the figure's colour scale. */
function namesOf(spec: FigureSpec): string[] {
  const layers = spec['layer'] as { encoding: { color: { scale: { domain: string[] } } } }[];
  return layers[0]!.encoding.color.scale.domain;
}

function checkPoints(drawn: readonly Datum[], raw: readonly Raw[], key: string, message: string): void {
  const values = raw.filter((row) => (row[key] ?? null) !== null);
  assert.deepEqual(
    drawn.map(({ step, value }) => [step, value]),
    values.map((row) => [row['step'], row[key]]),
    message,
  );
  for (const [i, point] of drawn.entries()) {
    const next = drawn[i + 1];
    if (next === undefined) continue;
    const between = raw.filter((row) => Number(row['step']) > point.step && Number(row['step']) < next.step);
    assert.equal(
      point.stretch === next.stretch,
      between.length === 0,
      `${message}: a line runs where nothing was measured`,
    );
  }
}

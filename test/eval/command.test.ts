import assert from 'node:assert/strict';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { ResolvedConfig } from '../../src/config/index.js';
import { samplingOptions } from '../../src/cli/arguments.js';
import { givenSuites, runSuites } from '../../src/cli/eval_suites.js';
import { evaluationTable } from '../../src/cli/eval_table.js';
import { tableOutput } from '../../src/cli/output.js';
import { promptSettings } from '../../src/cli/prompt.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { readRecord, runFolder, type EvaluationFile, type EvaluationRow } from '../../src/run/index.js';
import { glossa, start } from '../e2e/glossa.js';
import { TINY } from '../engine/tiny.js';
import { BYTES, folder } from '../tokenizer/bytes.js';

const jsonl = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const problems = (lang: string, count: number, question: string) =>
  Array.from({ length: count }, (_, i) => ({
    id: `p-${String(i)}`,
    question: `${question} ${String(i)}?`,
    answer: String(i),
    lang,
  }));

interface Printed {
  results: { suite: string; file: string; language: string; n: number; judged: number; accuracy: number | null }[];
  unfinished?: string[];
}

describe('glossa eval', () => {
  let dir: string;
  let shape: string[];
  before(async () => {
    dir = await folder({
      'tokenizer.json': BYTES,
      'shape.json': { ...(JSON.parse(TINY.config) as object), vocab_size: 300 },
    });
    shape = ['--random-init', join(dir, 'shape.json'), '--tokenizer', dir, '--threads', '1'];
    await mkdir(join(dir, 'b'));
    await writeFile(join(dir, 'ko.jsonl'), jsonl(problems('ko', 3, '사과')));
    await writeFile(join(dir, 'b', 'ko.jsonl'), jsonl(problems('ko', 2, '배')));
    await writeFile(join(dir, 'two.jsonl'), jsonl([...problems('ko', 2, '사과'), ...problems('en', 2, 'apples')]));
    await writeFile(join(dir, 'open.jsonl'), jsonl([{ question: 'why?', answer: 'because', lang: 'en' }]));
  });
  const evaluate = (...more: string[]) => glossa(['eval', ...shape, '--max-tokens', '6', ...more]);
  const data = (...names: string[]) => names.flatMap((name) => ['--data', join(dir, name)]);
  const printed = async (...more: string[]): Promise<Printed> => {
    const { code, stdout, stderr } = await evaluate('--json', ...more);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Printed;
  };

  it('says of a bad row what this command has for it', async () => {
    await writeFile(join(dir, 'bare.jsonl'), jsonl([{ question: '1 + 1?', answer: '2' }]));
    const { code, stderr } = await evaluate(...data('bare.jsonl'));
    assert.equal(code, 1);
    assert.match(stderr, /^error DATA_BAD_ROW: .*bare\.jsonl:1.*"lang" is missing.*\n.*--language CODE/m);
    assert.doesNotMatch(stderr, /on_bad_row/);
    const { results } = await printed(...data('bare.jsonl'), '--language', 'en');
    assert.equal(results[0]!.language, 'en');
  });

  it('has a row for each language of each file, named by suite and file', async () => {
    const { results } = await printed(
      ...data('ko.jsonl', 'b/ko.jsonl', 'two.jsonl'),
      '--data',
      `named=${join(dir, 'open.jsonl')}`,
    );
    const path = (name: string) => join(dir, name);
    assert.deepEqual(
      results.map(({ suite, file, language, n, judged }) => [suite, file, language, n, judged]),
      [
        [path('ko'), path('ko.jsonl'), 'ko', 3, 3],
        [path('b/ko'), path('b/ko.jsonl'), 'ko', 2, 2],
        ['two', path('two.jsonl'), 'ko', 2, 2],
        ['two', path('two.jsonl'), 'en', 2, 2],
        ['named', path('open.jsonl'), 'en', 1, 0],
      ],
    );
    assert.equal(results.at(-1)!.accuracy, null); // nothing to judge is no share of 0
  });

  it('writes rows that join, in the format that the ending names', async () => {
    const sampled = ['--samples', '2', '--temperature', '1', ...data('ko.jsonl', 'two.jsonl')];
    const [parquet, lines] = [join(dir, 'rows.parquet'), join(dir, 'rows.jsonl')];
    const { results } = await printed('--out', parquet, ...sampled);
    await printed('--out', lines, ...sampled);
    const rows = await readRolloutFile(parquet);
    const again = (await readFile(lines, 'utf8')).trimEnd().split('\n');
    assert.deepEqual(
      again.map((line) => JSON.parse(line) as unknown),
      JSON.parse(JSON.stringify(rows)),
    );
    assert.equal(rows.length, 14);
    for (const { suite, file, language, n, accuracy } of results) {
      const own = rows.filter((row) => row['suite'] === suite && row['file'] === file && row['language'] === language);
      assert.equal(own.length, n);
      assert.deepEqual([...new Set(own.map((row) => row['id']))], n === 6 ? ['p-0', 'p-1', 'p-2'] : ['p-0', 'p-1']);
      assert.equal(own.filter((row) => row['correct'] === true).length / n, accuracy);
      for (const row of own) {
        assert.equal(row['gold'], String(row['id']).slice(2));
        assert.ok(row['answer'] === null || typeof row['answer'] === 'string');
        assert.equal(typeof row['correct'], 'boolean');
        assert.equal(row['finish'] === 'length', (row['completion_ids'] as number[]).length === 6);
      }
    }
    const scored = await glossa(['score', parquet, '--json']);
    assert.equal(scored.code, 0, scored.stderr);
    const scores = scored.stdout
      .trimEnd()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const [i, row] of rows.entries())
      for (const name of ['id', 'suite', 'file', 'sample', 'correct', 'answer', 'finish'])
        assert.deepEqual(scores[i]![name], row[name], name);
  });

  it('tells of gold answers that cannot be judged', async () => {
    const { stderr } = await evaluate(...data('open.jsonl'));
    assert.match(stderr, /1 of 1 gold answers are not numbers/);
    assert.match(stderr, /open: no answer of it can be judged: only language and length are measured/);
  });

  it('says the step of each line where there are several', async () => {
    const { results } = await printed(...data('ko.jsonl'));
    const rows = [1, 2].map((step) => ({ ...(results[0] as unknown as EvaluationRow), step }));
    assert.match(evaluationTable(rows), /^step +suite +language .*\n1 +ko +ko .*\n2 +ko +ko /);
    assert.match(evaluationTable(rows.slice(1)), /^suite +language .*\nko +ko /);
  });

  it('refuses a stop text that every completion begins with', async () => {
    const { code, stderr } = await evaluate(...data('ko.jsonl'), '--stop', '');
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^error USAGE: --stop: expected a text, found an empty one/m);
  });

  it('refuses at once what it cannot write', async () => {
    for (const name of ['rows.arrow', 'rows.csv', 'rows'])
      await assert.rejects(tableOutput(join(dir, name), ['parquet', 'jsonl']), {
        code: 'USAGE',
        message: /^--out .*: cannot write /,
        hint: /^give a name that ends in \.parquet or \.jsonl, for example rows\.parquet$/,
      });
    const path = join(dir, 'x.jsonl');
    await mkdir(path);
    await assert.rejects(tableOutput(path, ['jsonl']), { code: 'USAGE', message: /is there, and is no file/ });
    const nowhere = join(dir, 'nowhere', 'rows.jsonl');
    await assert.rejects(tableOutput(nowhere, ['jsonl']), { code: 'IO_ERROR', message: /cannot write .*nowhere/ });
    assert.equal(await tableOutput(join(dir, 'rows.PARQUET'), ['parquet', 'jsonl']), 'parquet');
    const ended = await evaluate(...data('ko.jsonl'), '--out', join(dir, 'rows.arrow'));
    assert.equal(ended.code, 2, ended.stderr);
  });

  it('refuses what would count one text several times, two suites of one name, and no problems at all', async () => {
    const greedy = { code: 'USAGE', message: /^--samples 2: at temperature 0 \(greedy\)/ };
    assert.throws(() => samplingOptions({ samples: '2', temperature: '0' }), greedy);
    assert.deepEqual(samplingOptions({ samples: '1', temperature: '0' }), { samples: 1, temperature: 0 });
    const all = {};
    const defaults = { seed: 1, prompt: { style: 'raw' as const }, eval: {} as ResolvedConfig['eval'] };
    const given = (data: string[]) => givenSuites(data, all, defaults);
    const [ko, two] = [join(dir, 'ko.jsonl'), join(dir, 'two.jsonl')];
    await assert.rejects(given([`a=${ko}`, `a=${two}`]), {
      code: 'USAGE',
      message: /two suites are called a/,
    });
    await assert.rejects(given([ko, ko]), { code: 'USAGE', message: /two suites are called/ });
    await assert.rejects(given(['a=']), { code: 'USAGE', message: /no file behind the name/ });
    const { code, stderr } = await evaluate();
    assert.equal(code, 2);
    assert.match(stderr, /^error USAGE: eval of a model needs --data FILE/);
  });

  it('takes every style of prompt by the option that sample has', async () => {
    const promptIds = async (...more: string[]) => {
      const out = join(dir, 'styles.parquet');
      await printed('--out', out, '--limit', '1', ...data('ko.jsonl'), ...more);
      return (await readRolloutFile(out))[0]!['prompt_ids'];
    };
    const bytes = (text: string) => [...Buffer.from(text)];
    assert.deepEqual(await promptIds('--style', 'raw'), bytes('사과 0?'));
    assert.deepEqual(await promptIds('--style', 'plain'), bytes('사과 0?\n'));
    await assert.rejects(
      promptSettings({ style: 'raw', system: 'x' }, { config: undefined, tokenizer: { chatTemplate: undefined } }),
      { code: 'USAGE', message: /^--system: a raw prompt is the question alone/ },
    );
  });

  it('says what an interruption left, and keeps the suites before it', async () => {
    const out = join(dir, 'part.parquet');
    const many = join(dir, 'many.jsonl');
    await writeFile(many, jsonl(problems('ko', 4000, '사과')));
    const long = [...shape, '--max-tokens', '200', '--samples', '20', '--temperature', '1', '--out', out];
    const stop = async (sign: string, ...files: string[]) => {
      const { child, ended } = start(['eval', ...long, ...data(...files)]);
      child.stderr!.on('data', (text: string) => {
        if (text.includes(sign)) setTimeout(() => child.kill('SIGINT'), 300);
      });
      return ended;
    };
    const none = await stop('many (1 of 1): 4000 problems', 'many.jsonl');
    assert.equal(none.code, 130, none.stderr);
    assert.match(none.stderr, /^error ABORTED: interrupted in many: no suite was finished, and nothing was written$/m);
    await assert.rejects(access(out));
    const some = await stop('many (2 of 2): 4000 problems', 'ko.jsonl', 'many.jsonl');
    assert.equal(some.code, 130, some.stderr);
    assert.match(
      some.stderr,
      /^error ABORTED: interrupted in many: 1 of 2 suites were finished, and .* are in .*part\.parquet\n {2}not in it: many$/m,
    );
    assert.match(some.stdout, /^ko +ko /m);
    assert.equal((await readRolloutFile(out)).length, 60);
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('of a run takes its suites and settings, and finds what the run found', async () => {
    const config = {
      seed: 5,
      threads: 1,
      model: {
        init: { config: JSON.parse(await readFile(join(dir, 'shape.json'), 'utf8')) as object, tokenizer: dir },
      },
      data: {
        train: [{ path: join(dir, 'ko.jsonl') }],
        eval: [
          { name: 'first', path: join(dir, 'two.jsonl') },
          { name: 'second', path: join(dir, 'b', 'ko.jsonl') },
        ],
        on_leak: 'warn',
      },
      prompt: { style: 'plain' },
      rewards: [{ name: 'language' }],
      grpo: { max_steps: 1, prompts_per_step: 2, num_generations: 2, max_completion_length: 8 },
      eval: { num_samples: 3, temperature: 0.9, top_p: 0.9, max_completion_length: 7 },
      run: { dir: join(dir, 'run') },
    };
    await writeFile(join(dir, 'config.yaml'), JSON.stringify(config));
    const trained = await glossa(['train', join(dir, 'config.yaml'), '--progress', 'none']);
    assert.equal(trained.code, 0, trained.stderr);
    const run = runFolder(join(dir, 'run'));
    const out = join(dir, 'of-run.parquet');
    const { code, stdout, stderr } = await glossa(['eval', run.dir, '--json', '--out', out]);
    assert.equal(code, 0, stderr);
    const { results } = JSON.parse(stdout) as Printed;
    const own: unknown[] = [];
    const rows: unknown[] = [];
    for (const suite of ['first', 'second']) {
      const file = JSON.parse(await readFile(run.evaluation(1, suite), 'utf8')) as EvaluationFile;
      own.push(...file.rows.map(({ step: _step, ...row }) => row));
      rows.push(...(await readRolloutFile(run.evaluationRows(1, suite))));
    }
    assert.deepEqual(results, own);
    assert.deepEqual(await readRolloutFile(out), rows);
    const { config: recorded } = await readRecord(run.dir);
    const thai = { language: 'th' } as const;
    const read = recorded as ResolvedConfig;
    await assert.rejects(
      runSuites(run.dir, read, thai, read, () => undefined),
      { code: 'DATA_EMPTY', message: /^the suites of .* have no problem in th/ },
    );
  });
});

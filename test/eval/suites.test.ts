import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { toRagged } from '../../src/base/ragged.js';
import { parseConfig } from '../../src/config/index.js';
import { loadDataSet, withoutLeaks } from '../../src/data/index.js';
import type { DataSet, Problem } from '../../src/data/types.js';
import { createEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/types.js';
import { evaluate, evaluationRows, type EvaluateSettings } from '../../src/eval/index.js';
import { loadSuite } from '../../src/inputs/index.js';
import { renderQuestion } from '../../src/prompt/index.js';
import { createGrader, type Grader } from '../../src/reward/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import type { Tokenizer } from '../../src/tokenizer/types.js';
import { TINY } from '../engine/tiny.js';
import { BYTES, folder } from '../tokenizer/bytes.js';

const jsonl = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');
const noData = existsSync(SHARED) ? false : 'the data sets are not here';

/** Columns of Global MMLU, with more than are read. */
const CHOICES = [
  ['대한민국의 수도는?', '부산', '서울', '대구', '인천', 'B'],
  ['2 + 2 = ?', '3', '5', '4', '22', 'C'],
  ['하늘의 색은?', '파랑', '빨강', '초록', '검정', 'A'],
].map(([question, option_a, option_b, option_c, option_d, answer], i) => ({
  ...{ sample_id: `made/test/${String(i)}`, subject: 'made', question, option_a, option_b, option_c, option_d, answer },
  is_annotated: false,
}));

describe('suites', () => {
  let dir: string;
  let tokenizer: Tokenizer;
  let engine: Engine;
  let grader: Grader;
  before(async () => {
    dir = await folder({ 'tokenizer.json': BYTES });
    tokenizer = await loadTokenizer(dir);
    engine = await createEngine(
      JSON.stringify({ ...(JSON.parse(TINY.config) as object), vocab_size: 300, max_position_embeddings: 4096 }),
      7n,
      { threads: 1 },
    );
    grader = await createGrader([{ name: 'accuracy', weight: 1 }]);
    await writeFile(join(dir, 'ko.jsonl'), jsonl(CHOICES));
    await writeFile(join(dir, 'mgsm_ko.tsv'), '사과 3개와 2개는?\t5\n\n배 4개 더하기 1개는?\t5\r\n');
    await writeFile(
      join(dir, 'math.jsonl'),
      jsonl([{ unique_id: 'm/1', problem: '1/2 + 1/2?', answer: '1', level: 1 }]),
    );
    await writeFile(
      join(dir, 'chat.jsonl'),
      jsonl([
        {
          prompt: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: '1 + 1?' },
          ],
          answer: 2,
          lang: 'en',
        },
        {
          prompt: [
            { role: 'user', content: 'x' },
            { role: 'assistant', content: 'y' },
          ],
          answer: 2,
          lang: 'en',
        },
      ]),
    );
    await writeFile(
      join(dir, 'examples.jsonl'),
      jsonl([
        { id: 'e1', question: '1 더하기 1?', answer: '2', solution: '1과 1은 2이다.', lang: 'ko' },
        { id: 'e2', question: '사과?', answer: '3', lang: 'ko' },
        { id: 'e1', question: '1 plus 1?', answer: '2', lang: 'en' },
        { id: 'e3', question: '2 + 2?', answer: '4', lang: 'en' },
      ]),
    );
  });
  after(async () => {
    await grader.close();
    await engine.dispose();
  });

  const config = (...suites: object[]) =>
    parseConfig(
      JSON.stringify({
        model: { path: dir },
        prompt: { style: 'plain' },
        data: { train: [{ path: join(dir, 'examples.jsonl') }], eval: suites },
      }),
      { path: join(dir, 'c.yaml') },
    );
  const suite = (source: object) => {
    const parsed = config(source);
    return loadSuite(parsed, parsed.data.eval[0]!, undefined);
  };
  const settings: EvaluateSettings = {
    ...{ suite: 's', file: 'f', step: 0, seed: 1, prompt: { style: 'raw' } },
    ...{ numSamples: 1, temperature: 0, maxCompletionLength: 12 },
  };

  it('by name know fields, verifier, language and id of a published layout', async () => {
    const mmlu = await suite({ suite: 'global_mmlu', path: join(dir, 'ko.jsonl'), language: 'ko' });
    assert.equal(mmlu.name, 'global_mmlu');
    assert.deepEqual(mmlu.problems[0], {
      id: 'made/test/0',
      question: '대한민국의 수도는?\nA. 부산\nB. 서울\nC. 대구\nD. 인천\nAnswer:',
      ...{ options: 4, answer: 'B', language: 'ko', solution: undefined, source: undefined, verifier: 'choice' },
    });
    const mgsm = await suite({ suite: 'mgsm', name: 'm', path: join(dir, 'mgsm_ko.tsv'), language: 'ko' });
    assert.deepEqual(
      mgsm.problems.map(({ id, question, answer, verifier }) => [id, question, answer, verifier]),
      [
        ['mgsm-1', '사과 3개와 2개는?', '5', 'number'],
        ['mgsm-3', '배 4개 더하기 1개는?', '5', 'number'],
      ],
    );
    const [math] = (await suite({ suite: 'math500', path: join(dir, 'math.jsonl') })).problems;
    assert.deepEqual([math!.id, math!.language, math!.verifier], ['m/1', 'en', 'mathematics']);
  });

  it('by name have a file of the hub, or say what is missing', () => {
    const path = (source: object) => config(source).data.eval[0]!.path;
    assert.equal(path({ suite: 'gsm8k' }), 'datasets/openai/gsm8k/main/test-00000-of-00001.parquet');
    assert.equal(path({ suite: 'mgsm', language: 'ja' }), 'datasets/juletxara/mgsm/mgsm_ja.tsv');
    const refused = (source: object | object[], message: RegExp) => {
      assert.throws(() => config(...[source].flat()), { message });
    };
    refused({ suite: 'mgsm' }, /mgsm has a file for each language: say which with language, or name one with path/);
    refused({ suite: 'msvamp' }, /msvamp has no file on the hub that is read: name one with path/);
    refused({ path: 'x.jsonl' }, /data\.eval\[0\]\.name.* is missing/);
    refused([{ suite: 'gsm8k' }, { name: 'gsm8k', path: 'x.jsonl' }], /gsm8k is there twice/);
    refused({ suite: 'gsm8k', num_samples: 4 }, /greedy samples are all the same/);
    refused({ suite: 'gsm8k', by: 'letters', stop: ['x'] }, /belongs to completions, not to letters/);
    refused({ suite: 'gsm8k', format: 'Q:' }, /\{question\}/);
  });

  it('of the published files are read whole', { skip: noData }, async () => {
    for (const [name, file, count] of [
      ['gsm8k', 'gsm8k_test/ko.jsonl.gz', 1319],
      ['mgsm', 'mgsm/th.jsonl', 250],
      ['msvamp', 'msvamp/ja.jsonl', 1000],
      ['math500', 'math500/en.jsonl', 500],
    ] as const) {
      const { set } = await suite({ suite: name, path: join(SHARED, file) });
      assert.equal(set.problems.length, count, name);
      assert.equal(set.skipped.length, 0, name);
    }
  });

  it('are asked as each says: its own draws, budget and seed', async () => {
    const { settings: own } = await suite({
      ...{ name: 'x', path: join(dir, 'examples.jsonl'), num_samples: 3, temperature: 0.5, top_p: 0.9, seed: 9 },
      max_completion_length: 7,
    });
    assert.deepEqual(own, {
      ...{ numSamples: 3, temperature: 0.5, topP: 0.9, maxCompletionLength: 7, seed: 9, stop: [], by: 'generation' },
    });
    assert.equal((await suite({ name: 'x', path: join(dir, 'examples.jsonl') })).settings.numSamples, 1);
  });

  it('by letters choose the letter that the engine finds most probable', async () => {
    const { problems } = await suite({
      suite: 'global_mmlu',
      path: join(dir, 'ko.jsonl'),
      language: 'ko',
      by: 'letters',
    });
    for (const style of ['raw', 'plain'] as const) {
      const evaluation = await evaluate({ engine, tokenizer, grader }, problems, {
        ...settings,
        ...{ prompt: { style }, by: 'letters' },
      });
      let right = 0;
      for (const [i, { question, answer }] of problems.entries()) {
        // Style raw ends in a colon, plain in a new line.
        const prompt = [...Buffer.from(style === 'raw' ? question : `${question}\n`)];
        const scores = await Promise.all(
          ['A', 'B', 'C', 'D'].map(async (letter) => {
            const ids = [...Buffer.from(style === 'raw' ? ` ${letter}` : letter)];
            const { logps } = await engine.logprobs({ prompts: toRagged([prompt]), completions: toRagged([ids]) });
            return logps.reduce((sum, logp) => sum + logp, 0);
          }),
        );
        const best = 'ABCD'[scores.indexOf(Math.max(...scores))]!;
        assert.equal(evaluation.texts[i], best);
        assert.equal(evaluation.graded[i]!.correct, best === answer);
        right += Number(best === answer);
      }
      assert.equal(evaluation.rows[0]!.accuracy, right / 3);
      assert.equal(evaluation.rows[0]!.accuracy_strict, right / 3);
      assert.equal(evaluationRows({ suite: 's', file: 'f', problems }, evaluation).numRows, 3);
    }
    await assert.rejects(suite({ name: 'x', path: join(dir, 'examples.jsonl'), by: 'letters' }), {
      code: 'SUITE_LETTERS',
      message: /x is answered by letters, and problem e1 of .*examples\.jsonl has no options/,
    });
  });

  it('end completions before the first stop text, with the tokens up to it', async () => {
    const problems = (await suite({ name: 'x', path: join(dir, 'examples.jsonl') })).problems;
    const sampled = { ...settings, numSamples: 4, temperature: 1.5, maxCompletionLength: 40 };
    const whole = await evaluate({ engine, tokenizer, grader }, problems, sampled);
    // Two characters that some completion has side by side, so that no token holds them both.
    const text = whole.texts.find((each) => /[ -~]{2}/.test(each))!;
    const [pair] = /[ -~]{2}/.exec(text)!;
    for (const stop of [[pair], [pair[0]!]]) {
      const cut = await evaluate({ engine, tokenizer, grader }, problems, { ...sampled, stop });
      whole.texts.forEach((full, row) => {
        const at = full.indexOf(stop[0]!);
        assert.equal(cut.texts[row], at < 0 ? full : full.slice(0, at));
        assert.equal(cut.finish[row], at < 0 ? whole.finish[row] : 'stop');
        const { ids, offsets } = cut.columns.completions;
        const kept = ids.slice(offsets[row], offsets[row + 1]);
        const before = whole.columns.completions;
        assert.deepEqual(kept, before.ids.slice(before.offsets[row], before.offsets[row]! + kept.length));
        if (at >= 0) assert.ok(Buffer.from(kept).toString('latin1').endsWith(stop[0]!), 'the stop text is the end');
      });
      assert.equal(cut.columns.logps.length, cut.columns.completions.ids.length);
      assert.ok(cut.rows[0]!.mean_length < whole.rows[0]!.mean_length);
    }
  });

  it('put examples of the language before a question, and never itself', async () => {
    const source = { name: 'x', path: join(dir, 'examples.jsonl'), language: 'ko' };
    const examples = { path: join(dir, 'examples.jsonl'), num: 1 };
    const { problems, prompt } = await suite({ ...source, examples });
    const texts = await Promise.all(problems.map(async (each) => (await renderQuestion(tokenizer, each, prompt)).text));
    assert.deepEqual(texts, ['사과?\n#### 3\n\n1 더하기 1?\n', '1 더하기 1?\n1과 1은 2이다.\n#### 2\n\n사과?\n']);
    const template = { path: 't', text: '{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}' };
    const chat = async (as: 'turns' | 'text') => {
      const { prompt: own } = await suite({ ...source, examples: { ...examples, as } });
      return (await renderQuestion(tokenizer, problems[1]!, { ...own, style: 'template', template })).text;
    };
    assert.equal(await chat('turns'), '<user>1 더하기 1?<assistant>1과 1은 2이다.\n#### 2<user>사과?');
    assert.equal(await chat('text'), '<user>1 더하기 1?\n1과 1은 2이다.\n#### 2\n\n사과?');
    await assert.rejects(suite({ ...source, examples: { ...examples, num: 3 } }), {
      code: 'SUITE_EXAMPLES',
      message: /has 1 examples in ko besides problem .* itself, and 3 are asked for/,
    });
    await assert.rejects(suite({ ...source, examples: { ...examples, num: 2 } }), { code: 'SUITE_EXAMPLES' });
    const english = await suite({ ...source, examples: { ...examples, language: 'en' } });
    assert.match((await renderQuestion(tokenizer, problems[0]!, english.prompt)).text, /^2 \+ 2\?\n#### 4\n\n1 더하기/);
  });

  it('take a chat in the place of a question', async () => {
    const { problems, skipped } = await loadDataSet({ path: join(dir, 'chat.jsonl'), onBadRow: 'skip' });
    assert.equal(problems[0]!.question, '1 + 1?');
    assert.match(skipped[0]!.reason, /the chat ends with the assistant's turn/);
    const template = { path: 't', text: '{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}' };
    const { text } = await renderQuestion(tokenizer, problems[0]!, { style: 'template', template, system: 'no' });
    assert.equal(text, '<system>Be brief.<user>1 + 1?');
    const plain = await renderQuestion(tokenizer, problems[0]!, { style: 'plain' });
    assert.equal(plain.text, 'Be brief.\n1 + 1?\n');
  });

  it('that are trained on are told, also as translations', async () => {
    const file = async (name: string, rows: object[]) => {
      await writeFile(join(dir, name), jsonl(rows));
      return loadDataSet({ path: join(dir, name) });
    };
    const row = (id: string, question: string, answer: string, lang: string) => ({ id, question, answer, lang });
    const train = await file('t.jsonl', [
      row('a', '하나', '1', 'ko'),
      row('b', '둘', '2', 'ko'),
      row('c', '셋', '3', 'ko'),
    ]);
    const translated = await file('u.jsonl', [
      row('a', 'one', '1', 'en'),
      row('b', 'two', '2', 'en'),
      row('z', 'nil', '0', 'en'),
    ]);
    const remark = (set: DataSet<Problem[]>) =>
      withoutLeaks([train], { suites: [{ name: 's', problems: set.problems }], ids: [] }, 'warn').remarks[0];
    assert.match(
      remark(translated)!,
      /^s: 2 of 3 held-out problems are trained on too \(2 under the same id with the same answer, as translations are\), such as a, b;/,
    );
    const copied = await file('v.jsonl', [row('q', '둘', '2', 'ko'), row('r', '넷', '4', 'ko')]);
    assert.match(remark(copied)!, /^s: 1 of 2 .*\(1 with the same question\), such as q;/);
    const numbered = await file('w.jsonl', [
      row('a', 'x', '7', 'en'),
      row('b', 'y', '2', 'en'),
      row('c', 'z', '9', 'en'),
    ]);
    assert.equal(remark(numbered), undefined);
  });
});

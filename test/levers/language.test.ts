import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { computeAdvantages } from '../../src/grpo/index.js';
import { openLevers, type GradedGeneration, type Levers } from '../../src/levers/index.js';
import type { JsonValue, MetricsLine } from '../../src/run/index.js';
import { BORROWED, ENGLISH, generationOf, KOREAN, MIXED, problem, WRONG_KOREAN } from './generation.js';

const config = (yaml: string) => parseConfig(`model: { lab: {} }\n${yaml}`, { path: '/c.yaml' });
const open = (yaml: string, state?: Record<string, JsonValue>, warn?: (message: string) => void): Levers =>
  openLevers(config(yaml), state, warn);

const advantagesOf = ({ rewards }: Pick<GradedGeneration, 'rewards'>, numGenerations: number) =>
  computeAdvantages(rewards.rows, {
    ...{ numGenerations, weights: rewards.weights, scaleRewards: 'none' as const },
    multiObjectiveAggregation: 'sum_then_normalize',
  });

describe('scheduled weights', () => {
  const SCHEDULED = `rewards:
  - { name: accuracy }
  - { name: language, weight: { from: 0, to: 2, begin: 4, end: 8 } }`;

  it('are those of the step, in the sum and in the line', async () => {
    const levers = open(SCHEDULED);
    const seen: [number, number][] = [];
    for (const step of [0, 4, 5, 7, 8, 100]) {
      const { rewards, metrics } = levers.afterGrading(await generationOf([KOREAN, ENGLISH], { step }));
      assert.deepEqual(rewards.weights, [1, metrics['rewards/language/weight']]);
      seen.push([step, rewards.weights[1]!]);
      // The sum that advantages are made of.
      const sums = advantagesOf({ rewards }, 2).rewards;
      assert.deepEqual([...sums], [1 + rewards.weights[1]!, 1]);
    }
    assert.deepEqual(seen, [[0, 0], [4, 0], [5, 0.5], [7, 1.5], [8, 2], [100, 2]]); // prettier-ignore
    assert.equal(levers.state(), undefined);
  });

  it('stand beside constant ones, which no line names', async () => {
    const { metrics } = open('rewards: [{ name: accuracy }, { name: language, weight: 0.5 }]').afterGrading(
      await generationOf([KOREAN]),
    );
    assert.deepEqual(metrics, {});
  });

  it('are refused where they mean nothing', () => {
    const refused = (weight: string) => {
      try {
        config(`rewards: [{ name: language, weight: ${weight} }]`);
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    assert.match(refused('{ from: 0, to: 1, begin: 9, end: 3 }'), /rewards\[0\]\.weight.*begins at 9 and ends at 3/);
    assert.match(refused('[[5, 1], [4, 2]]'), /points must be of ascending steps; 4 is not/);
    assert.match(refused('{ from: 0, to: 1 }'), /rewards\[0\]\.weight/);
    assert.match(refused('soon'), /expected a number, \{from, to, end\}/);
    assert.equal(refused('{ from: 0, to: 1, end: 0 }'), 'accepted');
  });
});

describe('the strict rule', () => {
  it('pays 0 for any segment in another language, right answer or not, and leaves the rest', async () => {
    const generation = await generationOf([KOREAN, WRONG_KOREAN, ENGLISH, MIXED, BORROWED]);
    const { rewards, metrics } = open('levers: { strict: {} }').afterGrading(generation);
    const before = generation.rewards.rows;
    assert.deepEqual(before[2], [1, 0]);
    assert.equal(before[3]![0], 1);
    assert.deepEqual(rewards.rows, [before[0], before[1], [0, 0], [0, 0], before[4]]);
    assert.equal(metrics['strict/share'], 2 / 5);
    assert.deepEqual([...advantagesOf({ rewards }, 5).rewards].slice(2, 4), [0, 0]);
  });

  it('takes one word for a segment where that is asked for, and never makes a judgement of none', async () => {
    const levers = open('levers: { strict: { segment: 1 } }');
    const { rewards } = levers.afterGrading(await generationOf([KOREAN, BORROWED]));
    assert.deepEqual(rewards.rows[1], [0, 0]);
    const unjudged = await generationOf([ENGLISH], { problems: [{ ...problem('p'), answer: 'x + 1' }] });
    assert.deepEqual(levers.afterGrading(unjudged).rewards.rows, [[null, 0]]);
  });
});

describe('dropping completions in another language', () => {
  it('takes their loss away, and them out of the statistics of their group', async () => {
    const generation = await generationOf([KOREAN, WRONG_KOREAN, ENGLISH, ENGLISH], { rewards: ['accuracy'] });
    const { rewards, lossMask, metrics } = open('levers: { drop: {} }').afterGrading(generation);
    assert.deepEqual([...lossMask], [1, 1, 0, 0]);
    assert.equal(metrics['drop/share'], 0.5);
    // The group's mean is that of 1 and 0.
    assert.deepEqual([...advantagesOf({ rewards }, 4).advantages], [0.5, -0.5, 0, 0]);
  });

  it('leaves them in the statistics where that is asked for', async () => {
    const generation = await generationOf([KOREAN, WRONG_KOREAN, ENGLISH, ENGLISH], { rewards: ['accuracy'] });
    const { rewards, lossMask } = open('levers: { drop: { statistics: all } }').afterGrading(generation);
    assert.deepEqual([...lossMask], [1, 1, 0, 0]);
    // The mean is 3/4: the right Korean answer is worth less, the wrong one is punished more.
    assert.deepEqual([...advantagesOf({ rewards }, 4).advantages], [0.25, -0.75, 0.25, 0.25]);
  });

  it('keeps what has no words, and what carries no loss already carries none', async () => {
    const generation = { ...(await generationOf(['#### 5', KOREAN])), lossMask: Uint8Array.of(1, 0) };
    assert.deepEqual([...open('levers: { drop: {} }').afterGrading(generation).lossMask], [1, 0]);
  });
});

describe('the constraint on Target WR', () => {
  const BOUND = (more = '') => `rewards: [{ name: accuracy }, { name: language, weight: 0.5 }]
levers: { constraint: { target: 0.75, step_size: 0.4, max: 1, ${more} } }`;
  /** One generation, and the line that it leaves. */
  async function generation(levers: Levers, texts: readonly string[], step: number) {
    const { rewards, metrics } = levers.afterGrading(await generationOf(texts, { step }));
    levers.afterGeneration([{ step: step + 1, ...metrics }, { step: step + 2 }] as MetricsLine[]);
    return { weight: rewards.weights[1]!, metrics };
  }

  it('raises the multiplier below the target, lowers it above, within its bounds', async () => {
    const levers = open(BOUND());
    const weights: number[] = [];
    const half = [KOREAN, ENGLISH];
    for (const [i, texts] of [half, half, half, half, half, half, half, [KOREAN], [KOREAN]].entries())
      weights.push((await generation(levers, texts, i)).weight);
    // 0.5 + 0.4 (0.75 - 0.5) each, up to 1; then 0.4 (0.75 - 1) each.
    const expected = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1, 1, 0.9];
    weights.forEach((weight, i) => {
      assert.ok(Math.abs(weight - expected[i]!) < 1e-12, `${String(i)}: ${String(weight)}`);
    });
    for (let i = 0; i < 20; i++) await generation(levers, [KOREAN], i);
    assert.equal((await generation(levers, [KOREAN], 0)).weight, 0);
  });

  it('writes the slack, and warns while the bound is kept that the trend breaks it', async () => {
    const warnings: string[] = [];
    const levers = open(BOUND(), undefined, (message) => warnings.push(message));
    const falling = [8, 7, 6].map((korean) => [
      ...new Array<string>(korean).fill(KOREAN),
      ...new Array<string>(8 - korean).fill(ENGLISH),
    ]);
    const lines = [];
    for (const [i, texts] of falling.entries()) lines.push((await generation(levers, texts, i)).metrics);
    assert.deepEqual(
      lines.map((line) => line['constraint/slack']),
      [0.25, 0.125, 0],
    );
    assert.deepEqual(
      lines.map((line) => line['constraint/trend']),
      [null, -0.125, -0.125],
    );
    assert.deepEqual(
      lines.map((line) => line['constraint/warning']),
      [0, 1, 1],
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /step 2: Target WR of the reasoning is 87\.5 % and falls by 12\.5 % a generation/);
  });

  it('answers to what the trend leads to, where it looks ahead', async () => {
    const levers = open(BOUND('lookahead: 2'));
    await generation(levers, [KOREAN], 0); // 0.5 + 0.4 (0.75 - 1) = 0.4
    await generation(levers, [KOREAN, KOREAN, KOREAN, ENGLISH], 1); // 0.75 - 2 x 0.25: 0.4 + 0.4 x 0.5
    const { weight } = await generation(levers, [KOREAN], 2);
    assert.ok(Math.abs(weight - 0.6) < 1e-12, String(weight));
  });

  it('goes on from its state as if it had not been away', async () => {
    const run = [[KOREAN, ENGLISH], [KOREAN], [ENGLISH], [KOREAN, KOREAN, ENGLISH], [ENGLISH]];
    const whole = open(BOUND('lookahead: 1'));
    for (const [i, texts] of run.entries()) await generation(whole, texts, i);
    let broken = open(BOUND('lookahead: 1'));
    for (const [i, texts] of run.entries()) {
      await generation(broken, texts, i);
      const state = JSON.parse(JSON.stringify(broken.state())) as Record<string, JsonValue>;
      broken = open(BOUND('lookahead: 1'), state);
    }
    assert.deepEqual(broken.state(), whole.state());
    assert.throws(() => open(BOUND(), { constraint: { multiplier: 'x' } }), /state of a lever/);
  });

  it('is refused without its reward, or with one whose weight follows a schedule', () => {
    assert.throws(() => config('levers: { constraint: { target: 0.9 } }'), /add \{ name: language, weight: 0 \}/);
    assert.throws(
      () =>
        config(
          'rewards: [{ name: language, weight: { from: 0, to: 1, end: 3 } }]\nlevers: { constraint: { target: 0.9 } }',
        ),
      /follows a schedule/,
    );
    assert.throws(() => config(BOUND('min: 2')), /levers\.constraint\.max.*less than min 2/);
  });
});

describe('hints', () => {
  const HINTS = (more = '') => `levers: { hints: { share: 0.5, off_at: 0.9, off_after: 4, smoothing: 0.5, ${more} } }`;
  const many = Array.from({ length: 4000 }, (_, i) => problem(`p${String(i)}`, i % 2 === 0 ? 'ko' : 'th'));
  const asked = (levers: Levers, step: number, problems = many, yaml = HINTS()) =>
    levers.beforeGeneration(
      problems.map((one) => ({ problem: one, prompt: config(yaml).prompt })),
      step,
    );
  const hinted = (levers: Levers, step: number) => asked(levers, step).map(({ hint }) => hint);

  it('are given to their share of the prompts, others in each step, and the same whenever they are asked', () => {
    const first = hinted(open(HINTS()), 3);
    assert.deepEqual(first, hinted(open(HINTS()), 3));
    const share = first.filter((hint) => hint !== undefined).length / first.length;
    assert.ok(Math.abs(share - 0.5) < 4 * Math.sqrt(0.25 / 4000), String(share));
    const next = hinted(open(HINTS()), 4);
    // Independent draws agree in half of the prompts.
    const same = next.filter((hint, i) => (hint === undefined) === (first[i] === undefined)).length / next.length;
    assert.ok(Math.abs(same - 0.5) < 4 * Math.sqrt(0.25 / 4000), String(same));
    assert.notDeepEqual(first, hinted(open(`seed: 7\n${HINTS()}`), 3));
  });

  it('are withdrawn by the schedule', () => {
    const levers = open('levers: { hints: { share: { from: 1, to: 0, end: 10 } } }');
    const share = (step: number) => hinted(levers, step).filter((hint) => hint !== undefined).length / many.length;
    assert.deepEqual([share(0), share(10), share(50)], [1, 0, 0]);
    assert.ok(Math.abs(share(7) - 0.3) < 4 * Math.sqrt(0.21 / 4000));
  });

  it('are what the thought begins with, or a system message, in the language of the problem', () => {
    const [ko, th] = asked(open('levers: { hints: {} }'), 0, [problem('a'), problem('b', 'th')]);
    assert.equal(ko!.prompt.think_prefix, '한국어로 차근차근 생각해 보겠습니다.');
    assert.match(th!.prompt.think_prefix!, /ภาษาไทย/);
    const system = `prompt: { system: Be brief. }\nlevers: { hints: { place: system, text: 'Think in {language}.' } }`;
    const [one] = asked(open(system), 0, [problem('a', 'th')], system);
    assert.equal(one!.prompt.system, 'Be brief.\nThink in Thai.');
    assert.equal(one!.hint, 'Think in Thai.');
  });

  it('are off for a language once it stands by itself without them, and stay off', async () => {
    const levers = open(HINTS());
    const problems = Array.from({ length: 40 }, (_, i) => problem(`p${String(i)}`, i % 2 === 0 ? 'ko' : 'th'));
    const on: [number, number][] = [];
    const run = async (step: number, korean: string) => {
      const texts = problems.map(({ language }) => (language === 'ko' ? korean : ENGLISH));
      const { metrics } = levers.afterGrading(await generationOf(texts, { problems, step }));
      on.push([metrics['hints/ko/on']!, metrics['hints/th/on']!]);
      levers.afterGeneration([{ step: step + 1, ...metrics }]);
      return metrics;
    };
    const first = await run(0, ENGLISH);
    assert.deepEqual([first['hints/ko/target_wr'], first['hints/th/target_wr']], [0, 0]);
    // 0, then 0.5, 0.75, 0.875, 0.9375: above 0.9 from the fourth on, and off after four of these.
    for (let step = 1; step < 9; step++) await run(step, KOREAN);
    assert.deepEqual(on.slice(-2), [[1, 1], [0, 1]]); // prettier-ignore
    const after = asked(levers, 9, problems);
    assert.ok(after.every(({ hint, problem: { language } }) => language !== 'ko' || hint === undefined));
    assert.ok(after.some(({ hint }) => hint !== undefined));
    for (let step = 9; step < 14; step++) await run(step, ENGLISH);
    assert.deepEqual(on.at(-1), [0, 1]);
    // As a checkpoint has it.
    const state = JSON.parse(JSON.stringify(levers.state())) as Record<string, JsonValue>;
    assert.deepEqual(hinted(open(HINTS(), state), 20), hinted(levers, 20));
    assert.ok(hinted(open(HINTS(), state), 20).every((hint, i) => i % 2 === 1 || hint === undefined));
  });

  it('are refused where every thought begins with something else', () => {
    const clash = 'prompt: { style: chat, think_prefix: auto }\nlevers: { hints: {} }';
    assert.throws(() => config(clash), /levers\.hints\.place.*prompt\.think_prefix already/);
  });
});

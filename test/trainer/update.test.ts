import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { lossRow, rolloutColumns, type Engine } from '../../src/engine/index.js';
import type { Finish, GrpoStepRequest, StepMetrics } from '../../src/engine/types.js';
import { measureLanguage } from '../../src/language/index.js';
import { addColumns } from '../../src/rollout/index.js';
import type { Collected } from '../../src/trainer/collect.js';
import { metricsLine } from '../../src/trainer/line.js';
import { update } from '../../src/trainer/update.js';
import { createTiny, generateRequest } from '../engine/tiny.js';

const config = (...sets: string[]) =>
  parseConfig('model: { lab: {} }\nrewards: [{ name: accuracy }]\n', { path: 'x.yaml', sets });

const advantages = Float32Array.of(1, -1, 0.5, -0.5, 2, -2);
const finish: Finish[] = ['stop', 'length', 'length', 'stop', 'length', 'stop'];
let engine: Engine;
let batch: Collected['batch'];
before(async () => {
  engine = await createTiny();
  batch = addColumns(await engine.generate(generateRequest()), { advantage: advantages });
});
after(() => engine.dispose());

describe('an update', () => {
  it('asks the engine for its rows of the generation and for every setting that the config has', async () => {
    const requests: GrpoStepRequest[] = [];
    const recorder = { grpoStep: (request: GrpoStepRequest) => void requests.push(request) } as unknown as Engine;
    const asked = config(
      ...['grpo.loss_type=dr_grpo', 'grpo.max_steps=10', 'grpo.max_completion_length=9', 'grpo.temperature=0.7'],
      ...['grpo.delta=3', 'grpo.entropy_coef=0.01'],
      ...['optimizer.learning_rate=0.01', 'optimizer.lr_scheduler_type=linear', 'optimizer.adam_beta1=0.8'],
      ...['optimizer.adam_beta2=0.95', 'optimizer.adam_epsilon=1e-7', 'optimizer.weight_decay=0.2'],
      ...['optimizer.max_grad_norm=0.3', 'optimizer.micro_batch_tokens=77'],
    );
    const lossMask = Uint8Array.from(finish, (reason) => (reason === 'stop' ? 1 : 0));
    await update(recorder, { batch, lossMask }, [2, 6], asked, 5, {});
    const [{ batch: rows, loss, lossMask: masked, ...settings }] = requests as [GrpoStepRequest];
    assert.deepEqual(rolloutColumns(rows).completions.ids, rolloutColumns(batch.slice(2, 6)).completions.ids);
    assert.deepEqual(rows.getChild('advantage')!.toArray(), advantages.slice(2));
    assert.deepEqual(masked, Uint8Array.of(0, 1, 0, 1));
    assert.deepEqual(settings, {
      temperature: 0.7,
      maxCompletionLength: 9,
      learningRate: 0.005,
      adamBeta1: 0.8,
      adamBeta2: 0.95,
      adamEpsilon: 1e-7,
      weightDecay: 0.2,
      weightDecayOn: { matrices: true, embeddings: true, norms: false, biases: false },
      maxGradNorm: 0.3,
      microBatchTokens: 77,
    });
    assert.ok(loss.loss_type === 'dr_grpo' && loss.delta === 3 && loss.entropy_coef === 0.01);
    assert.ok(!('epsilon_high' in loss) && !Object.values(loss).includes(null));
    await update(recorder, { batch, lossMask: lossMask.fill(1) }, [0, 6], config('grpo.max_steps=10'), 0, {});
    assert.ok(!('lossMask' in requests[1]!));
  });

  it('tells what the loss did under the names that TRL gives it', async () => {
    const columns = rolloutColumns(batch);
    const graded = finish.map(() => ({
      ...{ correct: true, strict: true, answer: '1', rewards: [1], errors: [] },
      language: measureLanguage('하나', 'ko'),
    }));
    const problem = { id: 'a', question: '?', answer: '1', language: 'ko' as const };
    const collected: Collected = {
      ...{ problems: [problem, problem], batch, columns, texts: finish.map(() => '하나'), finish, graded },
      ...{ rewardNames: ['accuracy'], lossMask: new Uint8Array(6).fill(1), metrics: {}, drawn: 2, klSums: undefined },
      advantages: {
        ...{ rewards: new Float64Array(6), advantages, zeroStd: new Uint8Array(6) },
        ...{ fracRewardZeroStd: 0, rewardMean: 0, rewardStd: 0 },
      },
      seconds: { generate: 1, grade: 1, reference: 1 },
    };
    const made: StepMetrics = {
      ...(await engine.grpoStep({ batch, loss: { loss_type: 'dapo' }, temperature: 1, maxCompletionLength: 8, learningRate: 0 })), // prettier-ignore
      ...{ clipLowMean: 0.1, clipLowMin: 0.2, clipHighMean: 0.3, clipHighMax: 0.4, clipRegionMean: 0.5 },
      ...{ weightMean: 0.6, kl: 0.7, policyLoss: 0.8 },
    };
    const lineOf = (name: string, grpo = { beta: 0, entropy_coef: 0, kl_estimator: 'k3' as const }) => {
      const line = metricsLine(collected, [0, 6], made, {
        levels: false,
        ...{ step: 1, languages: ['ko'], numTokens: 1, epoch: 1, learningRate: 0 },
        ...{ grpo, loss: lossRow(name), info: engine.info(), peak: 1, first: true, trainSeconds: 1 },
      });
      const told = /^(clip_ratio\/|cispo_|vespo\/|kl$|policy_loss$)/;
      return Object.fromEntries(Object.entries(line).filter(([key]) => told.test(key)));
    };
    const clips = {
      'clip_ratio/low_mean': 0.1,
      'clip_ratio/low_min': 0.2,
      'clip_ratio/high_mean': 0.3,
      'clip_ratio/high_max': 0.4,
      'clip_ratio/region_mean': 0.5,
    };
    for (const name of ['grpo', 'bnpo', 'dr_grpo', 'dapo', 'luspo']) assert.deepEqual(lineOf(name), clips);
    assert.deepEqual(lineOf('cispo'), { cispo_clip_ratio: 0.3 });
    assert.deepEqual(lineOf('sapo'), {});
    assert.deepEqual(lineOf('vespo', { beta: 1, entropy_coef: 1, kl_estimator: 'k3' }), {
      ...{ 'vespo/phi_seq_mean': 0.6, kl: 0.7, policy_loss: 0.8 },
    });
  });
});

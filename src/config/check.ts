import type { Config } from './schema.js';
import type { ConfigPath } from './locate.js';
import { nearest } from '../base/suggest.js';
import { promptConflicts } from '../prompt/index.js';

export interface Finding {
  code: string;
  path: ConfigPath;
  message: string;
}

const COMPUTED_LOSSES = ['grpo', 'dr_grpo', 'dapo'];
const KNOWN_LOSSES = ['bnpo', 'cispo', 'sapo', 'vespo', 'luspo', 'gspo', 'rloo'];
const OWN_REWARDS = ['accuracy', 'format', 'language', 'language_gated'];

/** Combinations that each setting alone allows and that cannot be run. */
export function checkConfig(config: Config): Finding[] {
  return [
    ...checkModel(config),
    ...checkData(config),
    ...checkPrompt(config),
    ...checkRewards(config),
    ...checkGrpo(config),
    ...checkLoss(config),
    ...checkSchedule(config),
  ];
}

function checkModel({ model }: Config): Finding[] {
  const given = (['path', 'lab', 'init'] as const).filter((kind) => model[kind] !== undefined);
  if (given.length === 1) return [];
  return [
    impossible(
      ['model'],
      `needs exactly one of path, lab and init, got ${given.length === 0 ? 'none' : given.join(' and ')}`,
    ),
  ];
}

function checkData({ data, model }: Config): Finding[] {
  const findings: Finding[] = [];
  for (const set of ['train', 'eval'] as const) {
    data[set].forEach((source, i) => {
      if ((source.path === undefined) === (source.lab === undefined))
        findings.push(impossible(['data', set, i], 'needs exactly one of path and lab'));
      if (source.lab && !model.lab)
        findings.push(impossible(['data', set, i, 'lab'], 'needs model.lab: the problems lie beside the lab model'));
      if (source.lab && (source.fields || source.language))
        findings.push(impossible(['data', set, i], 'fields and language belong to files, not to lab'));
    });
  }
  const names = data.eval.map(({ name }) => name);
  names.forEach((name, i) => {
    if (names.indexOf(name) < i) findings.push(impossible(['data', 'eval', i, 'name'], `${name} is there twice`));
  });
  return findings;
}

/** The style of a config that names none. */
export function promptStyle({ prompt, model }: Config): 'chat' | 'plain' | 'template' {
  return prompt.style ?? (prompt.template !== undefined ? 'template' : model.lab ? 'plain' : 'chat');
}

function checkPrompt(config: Config): Finding[] {
  return promptConflicts({ ...config.prompt, style: promptStyle(config) }).map(({ setting, message }) =>
    impossible(['prompt', setting], message),
  );
}

function checkRewards({ rewards }: Config): Finding[] {
  return rewards.flatMap(({ name, module }, i): Finding[] => {
    const path = ['rewards', i, 'name'];
    if (rewards.findIndex((other) => other.name === name) < i) return [impossible(path, `${name} is there twice`)];
    if (module !== undefined || OWN_REWARDS.includes(name)) return [];
    const near = nearest(name, OWN_REWARDS);
    return [
      {
        code: 'CONFIG_INVALID',
        path,
        message: `no reward is called ${name}${near ? `; did you mean ${near}?` : ''} (${OWN_REWARDS.join(', ')}, or your own with \`module\`)`,
      },
    ];
  });
}

function checkGrpo({ grpo }: Config): Finding[] {
  const findings: Finding[] = [];
  const at = (key: string, message: string) => findings.push(impossible(['grpo', key], message));
  if (grpo.prompts_per_step !== undefined && grpo.generation_batch_size !== undefined)
    at('generation_batch_size', 'give it or prompts_per_step, not both');
  const completions = completionsPerGeneration(grpo);
  if (completions % grpo.num_generations !== 0)
    at(
      'generation_batch_size',
      `${String(completions)} completions cannot be divided into groups of num_generations ${String(grpo.num_generations)}`,
    );
  else if (completions % grpo.steps_per_generation !== 0)
    at(
      'steps_per_generation',
      `the ${String(completions)} completions of a generation cannot be divided among ${String(grpo.steps_per_generation)} steps`,
    );
  const cycle = grpo.steps_per_generation * grpo.num_iterations;
  if (grpo.max_steps % cycle !== 0)
    at(
      'max_steps',
      `${String(grpo.max_steps)} is not a multiple of steps_per_generation x num_iterations = ${String(cycle)}`,
    );
  const law: [string, boolean][] = [
    ['top_k', grpo.top_k !== 0],
    ['top_p', grpo.top_p !== 1],
    ['min_p', grpo.min_p !== 0],
  ];
  for (const [key, on] of law) {
    if (on)
      at(
        key,
        'a cut distribution in training makes the loss and the sampler disagree; use it in eval only, or lower temperature',
      );
  }
  return findings;
}

function checkLoss({ grpo: { loss_type: loss } }: Config): Finding[] {
  if (COMPUTED_LOSSES.includes(loss)) return [];
  const path = ['grpo', 'loss_type'];
  if (KNOWN_LOSSES.includes(loss))
    return [
      {
        code: 'CONFIG_LOSS_TYPE',
        path,
        message: `${loss} is not computed by this version; it computes ${COMPUTED_LOSSES.join(', ')}`,
      },
    ];
  const near = nearest(loss, COMPUTED_LOSSES);
  return [
    {
      code: 'CONFIG_LOSS_TYPE',
      path,
      message: `no loss is called ${loss}${near ? `; did you mean ${near}?` : ''} (${COMPUTED_LOSSES.join(', ')})`,
    },
  ];
}

function checkSchedule({ eval: evaluation, optimizer, grpo }: Config): Finding[] {
  const findings: Finding[] = [];
  if (evaluation.temperature === 0 && evaluation.num_samples > 1)
    findings.push(impossible(['eval', 'num_samples'], 'greedy samples are all the same; set eval.temperature above 0'));
  if (optimizer.warmup_steps > grpo.max_steps)
    findings.push(impossible(['optimizer', 'warmup_steps'], `more than grpo.max_steps ${String(grpo.max_steps)}`));
  return findings;
}

/** Completions of one generation. */
export function completionsPerGeneration(grpo: Config['grpo']): number {
  return grpo.generation_batch_size ?? (grpo.prompts_per_step ?? 8) * grpo.num_generations;
}

function impossible(path: ConfigPath, message: string): Finding {
  return { code: 'CONFIG_IMPOSSIBLE', path, message };
}

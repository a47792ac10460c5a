import { checkDecoding } from './check_decoding.js';
import { checkLevers } from './check_levers.js';
import { checkAdvantages } from './check_advantages.js';
import { checkLoss } from './check_loss.js';
import { checkLearningRate } from './check_schedule.js';
import { checkRewards } from './check_rewards.js';
import { checkSft } from './check_sft.js';
import { optimizerSteps } from './steps.js';
import type { Config } from './schema.js';
import type { ConfigPath } from './locate.js';
import { checkStop } from './check_stop.js';
import { checkSuites } from './suites.js';
import { impossible, type Finding } from './findings.js';
import { folderStyle } from './folder_style.js';
import type { DataSource, TrainSource } from './sections/data.js';
import { mixLanguages, type LabModelSettings } from './sections/model.js';
import { weightFault } from '../data/weight.js';
import { promptConflicts } from '../prompt/index.js';

/** Of one generation: beyond, its columns have no place in memory. */
const MOST_COMPLETIONS = 2 ** 20;

/** Combinations that each setting alone allows and that cannot be run. */
export function checkConfig(config: Config): Finding[] {
  return [
    ...checkModel(config),
    ...checkLora(config),
    ...checkData(config),
    ...checkSuites(config),
    ...checkPrompt(config),
    ...checkRewards(config),
    ...checkLevers(config),
    ...checkGrpo(config),
    ...checkLoss(config),
    ...checkAdvantages(config),
    ...checkDecoding(config),
    ...checkSchedule(config),
    ...checkStop(config),
    ...checkSft(config),
  ];
}

function checkModel(config: Config): Finding[] {
  const { model } = config;
  const given = (['path', 'lab', 'init'] as const).filter((kind) => model[kind] !== undefined);
  if (given.length === 1) return model.lab ? checkLab(model.lab) : [];
  const path = ['model'];
  const needs = 'needs one of path, lab and init';
  if (given.length === 0)
    return [impossible(path, `${needs}, got none; path is a model's folder, \`lab: {}\` makes a small one`)];
  if (model.init || !sources(config).some(({ source }) => source.lab))
    return [impossible(path, `${needs}, got ${given.join(' and ')}`)];
  return checkLab(model.lab!);
}

/** Adapters train alone, and their reference is the base. */
function checkLora({ lora, model }: Config): Finding[] {
  if (lora === undefined && model.adapter === undefined) return [];
  if (model.trainable.length === 1 && model.trainable[0] === '*') return [];
  return [
    impossible(['model', 'trainable'], 'with lora the adapters train and nothing else; leave trainable out, or lora'),
  ];
}

function checkLab({ mix, problems, control }: LabModelSettings): Finding[] {
  const findings: Finding[] = [];
  const at = (path: ConfigPath, message: string) => findings.push(impossible(['model', 'lab', ...path], message));
  const languages = mixLanguages(mix);
  const english = mix.en?.code_switch ?? 0;
  if (!languages.some((language) => mix[language]!.share > 0)) at(['mix'], 'needs a language with a share above 0');
  if (english > 0 && !control) at(['mix', 'en', 'code_switch'], 'must be 0: others switch to English');
  if (Object.values(problems.steps).every((weight) => weight === 0))
    at(['problems', 'steps'], 'needs a number of steps with a weight above 0');
  if (!problems.operations.includes('add') && !problems.operations.includes('subtract'))
    at(['problems', 'operations'], 'needs add or subtract');
  if (problems.max_total < problems.max_start)
    at(['problems', 'max_total'], `less than max_start ${String(problems.max_start)}`);
  return findings;
}

/** The training sets of a config; those of a lab that names none are its Korean problems. */
export function trainSources({ data, model }: Config): TrainSource[] {
  return data.train ?? (model.lab ? [{ lab: { language: 'ko', split: 'train' }, on_bad_row: 'error', weight: 1 }] : []);
}

function sources(config: Config): { path: ConfigPath; source: DataSource }[] {
  return [
    ...trainSources(config).map((source, i) => ({ path: ['data', 'train', i], source })),
    ...config.data.eval.map((source, i) => ({ path: ['data', 'eval', i], source })),
  ];
}

function checkData(config: Config): Finding[] {
  const { data, model } = config;
  const findings: Finding[] = [];
  if (data.train === undefined && !model.lab)
    findings.push({ code: 'CONFIG_MISSING', path: ['data', 'train'], message: 'is missing' });
  if (data.train?.every(({ weight }) => weight === 0))
    findings.push(impossible(['data', 'train'], 'needs a set with a weight above 0'));
  for (const [i, { weight, levels = {} }] of trainSources(config).entries()) {
    const path = ['data', 'train', i];
    const weights = [
      [['weight'], weight] as const,
      ...Object.entries(levels).map(([k, each]) => [['levels', k], each] as const),
    ];
    for (const [key, each] of weights) {
      const fault = weightFault(each);
      if (fault !== undefined) findings.push(impossible([...path, ...key], `is ${fault}`));
    }
  }
  const languages = model.lab && mixLanguages(model.lab.mix);
  for (const [i, { ids, pattern }] of data.hold_out.entries())
    if ((ids === undefined) === (pattern === undefined))
      findings.push(impossible(['data', 'hold_out', i], 'needs exactly one of ids and pattern'));
  for (const { path, source } of sources(config)) {
    const named = 'suite' in source && source.suite !== undefined;
    if (source.lab ? source.path !== undefined : source.path === undefined && !named)
      findings.push(impossible(path, 'needs exactly one of path and lab'));
    if (source.lab && !languages)
      findings.push(impossible([...path, 'lab'], 'needs model.lab: the problems lie beside the lab model'));
    if (source.lab && languages && !languages.includes(source.lab.language)) {
      const message = `the lab model does not read ${source.lab.language}: model.lab.mix has ${languages.join(', ')}`;
      findings.push(impossible([...path, 'lab', 'language'], message));
    }
    if (source.lab && (source.fields ?? source.language ?? source.split) !== undefined)
      findings.push(impossible(path, 'fields, language and split belong to files, not to lab'));
  }
  return findings;
}

/** The style of a config that names none. */
export function promptStyle({ prompt, model }: Config): 'chat' | 'plain' | 'template' {
  if (prompt.style !== undefined) return prompt.style;
  if (prompt.template !== undefined) return 'template';
  if (model.lab) return 'plain';
  return model.path === undefined ? 'chat' : folderStyle(model.path);
}

function checkPrompt(config: Config): Finding[] {
  return promptConflicts({ ...config.prompt, style: promptStyle(config) }).map(({ setting, message }) =>
    impossible(['prompt', setting], message),
  );
}

function checkGrpo({ grpo }: Config): Finding[] {
  const findings: Finding[] = [];
  const at = (key: string, message: string) => findings.push(impossible(['grpo', key], message));
  if (grpo.prompts_per_step !== undefined && grpo.generation_batch_size !== undefined)
    at('generation_batch_size', 'give it or prompts_per_step, not both');
  const completions = completionsPerGeneration(grpo);
  if (completions > MOST_COMPLETIONS)
    at(
      grpo.generation_batch_size === undefined ? 'prompts_per_step' : 'generation_batch_size',
      `a generation of ${String(completions)} completions; it may have ${String(MOST_COMPLETIONS)}`,
    );
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
  return findings;
}

function checkSchedule(config: Config): Finding[] {
  const { eval: evaluation, optimizer, sft } = config;
  const steps = optimizerSteps(config);
  const findings: Finding[] = [];
  if (evaluation.temperature === 0 && evaluation.num_samples > 1)
    findings.push(impossible(['eval', 'num_samples'], 'greedy samples are all the same; set eval.temperature above 0'));
  if (sft) return [...findings, ...(steps === undefined ? [] : checkLearningRate(optimizer, steps, 'sft.max_steps'))];
  return [...findings, ...checkLearningRate(optimizer, config.grpo.max_steps)];
}

/** Completions of one generation. */
export function completionsPerGeneration(grpo: Config['grpo']): number {
  return grpo.generation_batch_size ?? (grpo.prompts_per_step ?? 8) * grpo.num_generations;
}

import { isDeepStrictEqual } from 'node:util';
import { impossible, type Finding } from './findings.js';
import { configSchema, type Config } from './schema.js';
import type { ConfigPath } from './locate.js';
import { suiteName } from './suites.js';

/** Whether a section is another than where it is left out. */
const isSet = (name: 'stop' | 'levers' | 'rewards' | 'decoding', value: unknown): boolean =>
  !isDeepStrictEqual(value, configSchema.shape[name].parse(undefined));

/** Settings that do not go with `sft`. */
export function checkSft({ sft, data, prompt, model, stop, checkpoint, levers, rewards, decoding }: Config): Finding[] {
  if (!sft) return [];
  const findings: Finding[] = [];
  const refuse = (path: ConfigPath, message: string) => findings.push(impossible(path, message));
  if (isSet('stop', stop)) refuse(['stop'], 'is not looked at in sft; name its length with sft.max_steps');
  if (checkpoint.best)
    refuse(['checkpoint', 'best'], 'is not looked at in sft; raise checkpoint.keep, and choose by metrics.jsonl');
  if (isSet('levers', levers)) refuse(['levers'], 'steer what is sampled, and sft samples nothing');
  if (isSet('decoding', decoding)) refuse(['decoding'], 'restricts what is sampled, and sft samples nothing');
  if (data.eval.length === 0 && isSet('rewards', rewards))
    refuse(['rewards'], 'are of completions: of sft those of suites, and data.eval has none');
  if (data.parallel !== 'as_is')
    refuse(['data', 'parallel'], 'is of problems; examples of sft are drawn each by itself');
  if (prompt.think_prefix !== undefined)
    findings.push(
      impossible(['prompt', 'think_prefix'], 'begins what a model is to go on with; examples of sft are whole'),
    );
  for (const [i, { verifier, fields, levels }] of (data.train ?? []).entries()) {
    if (levels !== undefined)
      findings.push(impossible(['data', 'train', i, 'levels'], 'examples of sft have no level; weigh the sets'));
    if (verifier !== undefined)
      findings.push(impossible(['data', 'train', i, 'verifier'], 'sft learns from answers and judges none'));
    if (fields?.options !== undefined || fields?.level !== undefined)
      findings.push(
        impossible(['data', 'train', i, 'fields'], 'sft takes a question as it is, without options and level'),
      );
  }
  const names = new Set(data.eval.map(suiteName));
  for (const [i, { name, path, lab, ...source }] of sft.eval.entries()) {
    const at = (key: string, message: string) => findings.push(impossible(['sft', 'eval', i, key], message));
    if (names.has(name)) at('name', `${name} is there twice`);
    names.add(name);
    if ((path === undefined) === (lab === undefined)) at('path', 'needs exactly one of path and lab');
    if (lab && !model.lab) at('lab', 'needs model.lab: the problems lie beside the lab model');
    if ((source.fields?.options ?? source.fields?.level) !== undefined)
      at('fields', 'sft takes a question as it is, without options and level');
    if (lab && (source.fields ?? source.language ?? source.split) !== undefined)
      at('lab', 'fields, language and split belong to files, not to lab');
  }
  return findings;
}

import { basename, isAbsolute } from 'node:path';
import { stringify } from 'yaml';
import { originOf, runModel } from '../analysis/index.js';
import { optimizerSteps, type ResolvedConfig } from '../config/index.js';
import { trainsAdapters } from '../inputs/index.js';
import { languageName } from '../language/index.js';
import { fieldMeasure, labelOf, showValue, type Field } from '../metrics/index.js';
import type { EvaluationRow, RunRecord, RunSummary } from '../run/index.js';
import { hubName } from './hub_name.js';
import { table } from './markdown_table.js';

export interface CardSource {
  record: RunRecord;
  config: ResolvedConfig;
  /** Of the checkpoint that is written. */
  step: number;
  /** Why it is this one, in words. */
  why: string;
  summary: RunSummary;
  /** Whether the folder holds the adapter alone. */
  adapter: boolean;
}

/** Measures of the tables, by the names of evaluation rows. */
const SHOWN = ['accuracy', 'target_wr', 'en_wr', 'clipped_ratio'] as const satisfies readonly Field[];

/** README.md of a model: what the hub reads of it, how it was trained, what it did before and after, how it is asked. */
export function modelCard(source: CardSource): string {
  return [
    `---\n${stringify(metadata(source))}---`,
    `# ${source.record.name}`,
    origin(source),
    '## Results',
    results(source),
    '## Training',
    training(source),
    '## Prompts',
    prompts(source.config),
    '## Settings',
    `Everything that \`npx glossa ${source.config.sft ? 'sft' : 'train'}\` was asked for; of files their names alone:\n\n\`\`\`yaml\n${stringify(withoutPlaces(source.config))}\`\`\``,
  ]
    .join('\n\n')
    .concat('\n');
}

function metadata({ record, config, adapter }: CardSource): Record<string, unknown> {
  const base = hubName(config.model.path);
  return {
    ...(base !== undefined && { base_model: base }),
    ...(record.languages && { language: [...record.languages] }),
    library_name: adapter ? 'peft' : 'transformers',
    pipeline_tag: 'text-generation',
    tags: config.sft ? ['glossa', 'sft'] : ['glossa', 'grpo', 'reinforcement-learning'],
  };
}

/** A model that is no hub's, in words. */
function beginning(config: ResolvedConfig): string {
  const { path, lab } = config.model;
  const run = originOf(config);
  if (run)
    return `the run \`${basename(run.dir)}\`${run.step === null ? '' : `, as it was after step ${String(run.step)}`}`;
  if (path !== undefined) return `\`${basename(path)}\``;
  return lab ? 'a made model of the laboratory' : 'random weights';
}

function origin({ record, config, step, why }: CardSource): string {
  const { model } = config;
  const start = hubName(model.path) ?? beginning(config);
  const languages = (record.languages ?? []).map(languageName).join(', ');
  const of = `${String(step)} of ${String(optimizerSteps(config))} optimizer steps of`;
  const [kind, learnt] = config.sft ? ['supervised fine-tuning', 'examples'] : ['GRPO', 'problems'];
  return `Made by glossa ${record.machine.glossa} from ${start}: ${of} ${kind}${languages === '' ? '' : `, on ${learnt} in ${languages}`}. The weights are those after step ${String(step)}, ${why}.`;
}

function results({ step, summary }: CardSource): string {
  const shown = runModel('', summary).suites.flatMap(({ rows }) => {
    const until = rows.filter((row) => row.step <= step);
    return until.length < 2 ? until : [until[0]!, until.at(-1)!];
  });
  if (shown.length === 0) return 'No held-out suite was evaluated.';
  const labels = SHOWN.map((field) => labelOf({ measure: fieldMeasure(field) }));
  return `On held-out problems, at the first and at the last evaluation up to step ${String(step)}; "${labels[1]!}" is the share of the words that are in the language of the problem.\n\n${table([['suite', 'language', 'step', ...labels, 'n'], ...shown.map(cells)])}`;
}

function cells(row: EvaluationRow): string[] {
  const figures = SHOWN.map((field) => showValue(row[field], fieldMeasure(field).unit));
  return [row.suite, languageName(row.language), String(row.step), ...figures, String(row.n)];
}

/** What GRPO alone has, and what supervised fine-tuning has in its place. */
function method(config: ResolvedConfig): string[][] {
  const { grpo, sft } = config;
  if (sft)
    return [
      ['loss', 'negative log-probability, mean over the tokens of a step'],
      ['a step', `${String(sft.batch_size)} examples`],
    ];
  return [
    ['loss', `${grpo.loss_type}, advantages scaled by ${grpo.scale_rewards}`],
    [
      'a step',
      `${String(grpo.prompts_per_step)} problems, ${String(grpo.num_generations)} completions each, up to ${String(grpo.max_completion_length)} tokens`,
    ],
    ['sampling', sampling(config)],
    ['KL to the reference', grpo.beta > 0 ? `beta ${String(grpo.beta)}` : 'none'],
  ];
}

function training({ record, config, summary, step, adapter }: CardSource): string {
  const { sft, optimizer, rewards, data } = config;
  const line = summary.metrics.filter((each) => each.step <= step).at(-1);
  const tokens = line?.num_tokens;
  const files = (record.inputs?.files ?? []).map(
    ({ setting, path, sha256 }) => `- \`${setting}\`: ${basename(path)}, SHA-256 ${sha256}`,
  );
  return [
    table([
      ['', ''],
      ...method(config),
      ...(trainsAdapters(config) ? [['trained', trained(config, adapter)]] : []),
      [
        'learning rate',
        `${String(optimizer.learning_rate)}, ${optimizer.lr_scheduler_type}, ${String(optimizer.warmup_steps)} steps of warm-up`,
      ],
      ...(sft
        ? []
        : [
            [
              'rewards',
              rewards
                .map(
                  ({ name, weight }) =>
                    `${name} x ${typeof weight === 'number' ? String(weight) : JSON.stringify(weight)}`,
                )
                .join(', '),
            ],
          ]),
      [sft ? 'sources of examples' : 'sources of problems', String(data.train.length)],
      ['tokens trained on', tokens === undefined || tokens === null ? '-' : String(tokens)],
      ['seed', String(record.seed)],
      ['computed with', `${record.model?.dtype ?? '-'}, ${record.model?.isa ?? '-'}`],
    ]),
    ...(files.length > 0 ? [`Files that it was made from:\n\n${files.join('\n')}`] : []),
  ].join('\n\n');
}

/** What adapters were trained, and where they are now. */
function trained({ lora, model }: ResolvedConfig, adapter: boolean): string {
  const what = lora
    ? `LoRA, rank ${String(lora.rank)}, alpha ${String(lora.alpha)}, ${lora.targets === 'all-linear' ? 'all linear layers' : lora.targets.join(', ')}${lora.use_rslora ? ', alpha / sqrt(rank)' : ''}`
    : 'LoRA';
  const from = model.adapter === undefined ? '' : `, from ${basename(model.adapter)}`;
  return `${what}${from}; ${adapter ? 'this folder is the adapter alone' : 'merged into the weights here'}`;
}

/** The law of a token: docs/decoding.md. */
function sampling({ grpo, decoding }: ResolvedConfig): string {
  const filters = [
    ...(grpo.top_k > 0 ? [`top-k ${String(grpo.top_k)}`] : []),
    ...(grpo.top_p < 1 ? [`top-p ${String(grpo.top_p)}`] : []),
    ...(grpo.min_p > 0 ? [`min-p ${String(grpo.min_p)}`] : []),
    ...(decoding?.allow ? [`letters of ${[decoding.allow].flat().join(', ')}`] : []),
  ];
  return [`temperature ${String(grpo.temperature)}`, ...filters].join(', ');
}

/** A config as others may read it: where files lay on this machine is nobody's business. */
function withoutPlaces({ run: _run, ...config }: ResolvedConfig): unknown {
  return JSON.parse(
    JSON.stringify(config, (_key, value: unknown) =>
      typeof value === 'string' && isAbsolute(value) ? (hubName(value) ?? basename(value)) : value,
    ),
  );
}

function prompts({ prompt, model }: ResolvedConfig): string {
  const style = prompt.style ?? (model.lab && model.path === undefined ? 'plain' : 'chat');
  const asked =
    style === 'chat'
      ? 'Questions were put through the chat template of the tokenizer, or as plain text where it has none'
      : style === 'plain'
        ? 'Questions were put as plain text, with a newline behind them'
        : 'Questions were put through a template of the run';
  const system = prompt.system == null ? '' : `, with the system message ${JSON.stringify(prompt.system)}`;
  const template = prompt.template ? `:\n\n\`\`\`jinja\n${prompt.template.text}\n\`\`\`` : '.';
  return `${asked}${system}${template}`;
}

import { sectionOf, settingsTree, type SettingNode } from './settings_tree.js';

/** Bounds this far out are those of the number's type. */
const MOST = 2 ** 31 - 1;

const HEAD = `# Settings of a run

Made from the schema by \`npx glossa schema --table\`; do not edit. Names and defaults are those of TRL where TRL has the setting.

## A config

A YAML file (1.2, UTF-8, up to 1 MB; anchors and merge keys \`<<\` are read, a key given twice is not). The smallest that trains is
one line, the demo's laboratory model on its Korean problems with TRL's settings, which are too timid for so small a model:

\`\`\`yaml
model: { lab: {} }
\`\`\`

With the settings that the demo trains it by, and two suites to see what comes of it:

\`\`\`yaml
model: { lab: {} }
data:
  train: [{ lab: { language: ko } }]
  eval:
    - { name: ko, lab: { language: ko, split: test }, limit: 256 }
    - { name: en, lab: { language: en, split: test }, limit: 256 }
grpo: { max_steps: 40, prompts_per_step: 32, max_completion_length: 64, scale_rewards: none }
optimizer: { learning_rate: 4e-4, lr_scheduler_type: constant }
eval: { every: 10, num_samples: 2, temperature: 1 }
\`\`\`

A model and problems of your own ([data.md](data.md)) need five lines:

\`\`\`yaml
model: { path: models/my-model }
data:
  train: [{ path: problems.jsonl, language: ko }]
  eval: [{ name: test, path: test.jsonl, language: ko }]
grpo: { max_steps: 200, max_completion_length: 256 }
\`\`\`

What is left out has its default. Relative paths of models, problems, modules and templates count from the config file, and in
\`--set\` and \`--model\` from the working folder; \`run.dir\` and \`model.cache\` always count from the working folder.

## On the command line

\`--set section.name=value\` changes one value and leaves what stands beside it; it may be given several times. The value is YAML. An
entry of a list goes by its number from 0 (\`rewards.0.weight\` or \`rewards[0].weight\`; the number after the last adds one), and keys
that are numbers are written like any other. A value that is a list or section takes the place of the whole list or section.
\`--set model.path=PATH\` and \`--model PATH\`, which is short for it, put a model (a folder, a run, a
name of the hub) in the place of the config's.

\`\`\`sh
npx glossa train my.yaml --dry-run --set optimizer.learning_rate=2e-6 --set data.train.0.limit=500
npx glossa train my.yaml --dry-run --set 'rewards=[{name: accuracy}, {name: language, weight: 0.5}]' --set rewards.1.weight=0.3
npx glossa train studies/lab/collapse.yaml --dry-run --set model.lab.mix.ko.code_switch=0.02 --set model.lab.problems.steps.3=1
npx glossa train studies/lab/collapse.yaml --dry-run --set 'model.lab.mix.zh={share: 0.2, code_switch: 0.1}'
\`\`\`

Names of other trainers (\`lr\`, \`per_device_train_batch_size\`, \`bf16\`, \`output_dir\`) are refused with the setting that they mean here.
`;

/** The settings as a Markdown document: docs/config.md. */
export function settingsTable(): string {
  return [
    HEAD,
    '## All settings',
    '',
    '| setting | type and range | unit | default | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rowsOf(settingsTree(), ''),
    '',
  ].join('\n');
}

function rowsOf(node: SettingNode, at: string): string[] {
  const { properties = {}, required = [] } = node;
  return Object.entries(alike(properties)).flatMap(([key, child]) => {
    const name = at ? `${at}.${key}` : key;
    const inner = innerOf(child);
    const isRequired = required.includes(key.split(',')[0]!.replace('{', ''));
    const row = `| \`${name}\` | ${typeText(child)} | ${child.unit ?? ''} | ${defaultText(child, isRequired)} | ${(child.description ?? '').replaceAll('|', '\\|')} |`;
    return [
      ...(!inner || child.description !== undefined ? [row] : []),
      ...(inner ? rowsOf(inner, child.items ? `${name}[]` : name) : []),
    ];
  });
}

/** Neighbours of one section that differ in nothing but their text share a row: `{zh,ja,th,uk}`. */
function alike(properties: Record<string, SettingNode>): Record<string, SettingNode> {
  const groups = new Map<string, { keys: string[]; node: SettingNode }>();
  for (const [key, node] of Object.entries(properties)) {
    const inner = innerOf(node);
    const same = inner ? JSON.stringify([node.anyOf, node.properties, node.items, node.default]) : key;
    const group = groups.get(same);
    if (group) group.keys.push(key);
    else groups.set(same, { keys: [key], node });
  }
  return Object.fromEntries(
    [...groups.values()].map(({ keys, node }) =>
      keys.length === 1
        ? [keys[0]!, node]
        : [`{${keys.join(',')}}`, { ...node, description: 'As above, where given.' }],
    ),
  );
}

/** The settings inside a section, or inside the entries of a list. */
function innerOf(node: SettingNode): SettingNode | undefined {
  if (node.items?.properties) return node.items;
  const section = sectionOf(node);
  return section.properties && section.type === 'object' && !node.anyOf?.some(({ type }) => type === 'string')
    ? section
    : undefined;
}

function defaultText(node: SettingNode, required: boolean): string {
  if (node.fallback !== undefined) return node.fallback;
  if (node.default !== undefined && !(innerOf(node) && !node.items)) return `\`${JSON.stringify(node.default)}\``;
  return required ? 'required' : '';
}

function typeText(node: SettingNode): string {
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.anyOf) return node.anyOf.map(typeText).join(' or ');
  if (node.prefixItems) return node.title ?? 'list';
  if (node.items) return node.items.properties ? 'list' : `list of ${typeText(node.items)}`;
  if (node.properties || node.type === 'object') return 'section';
  return `${node.type ?? 'any'}${range(node)}`;
}

function range(node: SettingNode): string {
  const low =
    node.exclusiveMinimum !== undefined
      ? `> ${String(node.exclusiveMinimum)}`
      : node.minimum !== undefined && node.minimum > -MOST
        ? `>= ${String(node.minimum)}`
        : '';
  const high =
    node.exclusiveMaximum !== undefined
      ? `< ${String(node.exclusiveMaximum)}`
      : node.maximum !== undefined && node.maximum < MOST
        ? `<= ${String(node.maximum)}`
        : '';
  const both = [low, high].filter(Boolean).join(', ');
  return both ? ` ${both}` : '';
}

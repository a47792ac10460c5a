/** The rooms of src/, lowest first. A room may import from lower levels only, never from a neighbour on its own. */
const LEVELS = [
  ['base'],
  ['engine', 'hub', 'jinja', 'language', 'tokenizer'],
  ['answer', 'decoding', 'grpo', 'lab', 'metrics', 'prompt'],
  ['data'],
  ['config', 'reward'],
  ['rollout', 'run'],
  ['analysis', 'eval', 'inputs', 'levers', 'logprobs', 'score'],
  ['sft'],
  ['doctor', 'trainer'],
  ['export', 'report', 'sweep', 'verify'],
  ['cli'],
];

const oneOf = (rooms) => `^src/(${rooms.join('|')})/`;

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'What two files need of each other belongs in a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...LEVELS.map((rooms, level) => ({
      name: `${rooms.join('-')}-look-down`,
      comment: `Rooms of one level do not know each other, and none knows a higher one: ${rooms.join(', ')}.`,
      severity: 'error',
      from: { path: oneOf(rooms) },
      to: { path: `${oneOf(LEVELS.slice(level).flat())}|^src/[^/]+$`, pathNot: '^src/$1/' },
    })),
    {
      name: 'every-room-has-a-level',
      comment: 'A new folder of src/ takes its place in LEVELS.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: oneOf(LEVELS.flat()) },
      to: {},
    },
  ],
  options: {
    // Imports of types count too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};

import type { Language } from '../language/types.js';

/** The languages that stories are told in. */
export const LAB_LANGUAGES = ['en', 'ko', 'zh', 'ja', 'th', 'uk'] as const satisfies readonly Language[];
export type LabLanguage = (typeof LAB_LANGUAGES)[number];

/** Arithmetic of a story: add and subtract along the way, multiply (n boxes of k) only first, divide (share out) only last. */
export const OPERATIONS = ['add', 'subtract', 'multiply', 'divide'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** How hard the problems are. Every quantity named or reached in a story is a whole number between 1 and `maxTotal`. */
export interface ProblemSettings {
  /** Weight of each number of arithmetic steps, 1 to 4; they need not sum to 1. Absent: never drawn. */
  steps: Partial<Record<'1' | '2' | '3' | '4', number>>;
  /** Largest quantity at the start; >= 2. */
  maxStart: number;
  /** Largest quantity gained or lost in one event; >= 1. */
  maxChange: number;
  /** Largest quantity the story may reach; >= maxStart. */
  maxTotal: number;
  /** Which operations may occur; at least add or subtract. */
  operations: readonly Operation[];
}

/** What the model reads in one language while it is pre-trained. */
export interface LanguageMix {
  /** Share of the corpus whose prompt is in this language; shares need not sum to 1. */
  share: number;
  /** Of its own-language solutions, the share worked step by step; the rest state the answer at once. 0 to 1. */
  worked: number;
  /** Of its prompts, the share answered by the English worked solution (code-switching). 0 to 1; 0 for English. */
  codeSwitch: number;
}

export type LabSize = 'tiny' | 'small' | 'base';

export interface PretrainSettings {
  /** Optimizer steps; each sees `batchSize` fresh problems. */
  steps: number;
  batchSize: number;
  /** Peak learning rate: linear warm-up over `warmupSteps`, then cosine down to `finalLearningRate`. */
  learningRate: number;
  finalLearningRate: number;
  warmupSteps: number;
  weightDecay: number;
  adamBeta2: number;
  /** true: loss on the question as well as on the solution. */
  lossOnPrompt: boolean;
}

/** Everything that decides the bits of a pre-trained lab model, and nothing else. */
export interface LabSettings {
  /** Names every random draw; any integer from 0 to 2^53 - 1. */
  seed: number;
  size: LabSize;
  /** Ids of the tokenizer, control tokens included; at least 260. The languages of `mix` are what it is trained on. */
  vocabSize: number;
  problems: ProblemSettings;
  mix: Partial<Record<LabLanguage, LanguageMix>>;
  pretrain: PretrainSettings;
  /** Held-in and held-out problems written beside the model for each language of `mix`. */
  trainProblems: number;
  testProblems: number;
}

export type SolutionStyle = 'worked' | 'short';

/** One problem in one language. The same `id` in two languages is the same story. */
export interface LabProblem {
  id: string;
  language: LabLanguage;
  question: string;
  answer: string;
  /** Number of arithmetic steps. */
  steps: number;
  /** Both end in a line `#### answer`. */
  solutions: Record<SolutionStyle, string>;
}

export type Split = 'train' | 'test';

export interface PretrainProgress {
  step: number;
  steps: number;
  loss: number;
  tokens: number;
  tokensPerSecond: number;
}

export interface PretrainedLab {
  /** Hugging Face layout: config.json, model.safetensors, tokenizer files; lab.json; problems/{train,test}.<lang>.jsonl. */
  dir: string;
  /** SHA-256 (hex, 16 digits) of the recipe; names the folder in the cache. */
  hash: string;
  /** true: found in the cache, nothing was computed. */
  cached: boolean;
  parameters: number;
  finalLoss: number;
  seconds: number;
}

/** Settings of a GRPO run on the lab model, under TRL's names. */
export interface DemoGrpo {
  steps: number;
  promptsPerStep: number;
  numGenerations: number;
  learningRate: number;
  temperature: number;
  maxCompletionLength: number;
  lossType: string;
  scaleRewards: 'group' | 'batch' | 'none';
  epsilon: number;
  epsilonHigh: number;
  beta: number;
  maxGradNorm: number;
}

export interface DemoEvaluation {
  /** Held-out problems, completions of each, and the law they are drawn by. */
  problems: number;
  numGenerations: number;
  temperature: number;
  maxCompletionLength: number;
}

/** The whole demo: which models to pre-train, how to train them, how to look at them. */
export interface DemoRecipe {
  target: LabLanguage;
  /** Pre-training of the base model. */
  lab: LabSettings;
  /** The same without code-switching. */
  control: LabSettings;
  grpo: DemoGrpo;
  /** Weight of the additive language reward in the run that has one; accuracy has weight 1. */
  languageRewardWeight: number;
  evaluation: DemoEvaluation;
}

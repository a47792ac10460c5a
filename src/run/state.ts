import { join } from 'node:path';
import { z } from 'zod';
import { checksumsSchema, damageOf, isSealed, sha256Schema, type Checksums } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import { readText } from '../base/read_file.js';
import { isWeights } from './model_folder.js';

/** What lies in a run's folder at a checkpoint beside the checkpoint itself. */
export interface History {
  /** SHA-256 of the lines of metrics.jsonl up to the step, without what tells how long something took. */
  metrics: string;
  /** `rollouts/...` and `eval/...` of the steps up to this one, and the SHA-256 of each. */
  files: Record<string, string>;
}

/** Plain data that JSON says exactly. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** What a checkpoint holds beside weights and optimizer state: all that a run carries from one step to the next. */
export interface CheckpointState {
  /** 1: of a version that wrote no checksum of state.json itself and no history. */
  format: 1 | 2;
  /** Optimizer steps made. */
  step: number;
  /** Prompt and completion tokens trained on so far (TRL's num_tokens). */
  numTokens: number;
  /** Prompts drawn so far: position in the endless stream of problems. */
  promptsDrawn: number;
  /** Steps in a row, up to this one, in which every reward was 0. */
  zeroRewardSteps: number;
  /** Of the levers, by name; absent where none has a state. */
  levers?: Record<string, JsonValue>;
  /** Where the reference has moved (`grpo.sync_ref_model`): the step after which it last did, and the files of references/NNNNNN. */
  reference?: { step: number; files: Checksums };
  history?: History;
  /** SHA-256 (hex) of every other file of the folder. */
  files: Record<string, string>;
}

const count = z.int().min(0);
const stateSchema: z.ZodType<CheckpointState> = z.looseObject({
  format: z.literal([1, 2], 'expected 1 or 2: the format is not one that this version reads'),
  step: count,
  numTokens: count,
  promptsDrawn: count,
  zeroRewardSteps: count,
  levers: z.record(z.string(), z.json()).exactOptional(),
  reference: z.object({ step: count, files: checksumsSchema }).exactOptional(),
  history: z
    .object({
      metrics: sha256Schema,
      files: z.record(z.string().regex(/^(rollouts|eval)\/[^/\\]+$/), sha256Schema),
    })
    .exactOptional(),
  files: checksumsSchema,
});

/**
 * Reads state.json and checks every file against its checksum.
 *
 * @throws GlossaError CHECKPOINT_CORRUPT naming the file.
 */
export async function verifyCheckpoint(dir: string): Promise<CheckpointState> {
  const state = await readState(dir);
  const damage = await damageOf(dir, state.files);
  if (damage !== undefined) throw corrupt(dir, damage);
  return state;
}

/** Whether a checkpoint has no optimizer state (`checkpoint.save_only_model`), so that training cannot go on from it exactly. */
export function isModelOnly({ files }: Pick<CheckpointState, 'files'>): boolean {
  return !('state.safetensors' in files);
}

/** Reads state.json without a look at the other files. @throws GlossaError CHECKPOINT_CORRUPT. */
export async function readState(dir: string): Promise<CheckpointState> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readText(join(dir, 'state.json')));
  } catch (error) {
    throw corrupt(dir, `state.json cannot be read: ${(error as Error).message}`, error);
  }
  const parsed = stateSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw corrupt(dir, `state.json: ${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  const state = parsed.data;
  if (state.format > 1 && !isSealed(raw))
    throw corrupt(dir, 'state.json does not have the checksum that it names: it was changed or cut off');
  if (!Object.keys(state.files).some((name) => isWeights(name))) throw corrupt(dir, 'state.json names no weights');
  return state;
}

function corrupt(dir: string, message: string, cause?: unknown): GlossaError {
  return new GlossaError('CHECKPOINT_CORRUPT', `${dir}: ${message}`, { cause });
}

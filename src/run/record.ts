import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../base/atomic.js';
import { checksumsSchema, isSealed, sealedJson, type Checksums } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { nearPath } from '../base/near_path.js';
import { readTextIfThere } from '../base/read_file.js';
import type { EngineInfo, StoredDtype } from '../engine/types.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { labSettingsSchema } from '../lab/index.js';
import type { LabSettings } from '../lab/types.js';
import { runFolder, type RunFolder } from './folder.js';
import { inputsSchema, type RunInputs } from './inputs.js';

/** run.json: what was asked, what it was made from, what it ran on, how it ended. */
export interface RunRecord {
  /** 1: of a version that wrote no checksums and did not note what the run was made from. */
  format: 1 | 2;
  name: string;
  /** The resolved config; `npx glossa train --resume` reads it back. */
  config: unknown;
  /** The config file and the `--set` overrides that it was made from, where it came from the command line. */
  asked?: { config: string; set: string[] };
  /** The lab model's whole recipe, where the config asks for one: what the config leaves out may be other in a later version. */
  lab?: LabSettings;
  status: 'running' | 'finished' | 'interrupted' | 'failed';
  /** Of the last failure. */
  error?: { code: string; message: string };
  seed: number;
  started: string;
  ended?: string;
  /** Why a finished run ended before grpo.max_steps, in words. */
  stopped?: string;
  /** Seconds that it has taken, those of the processes before among them; as of the newest checkpoint or the end. */
  seconds?: number;
  /** The best checkpoint by `checkpoint.best`, which stays. */
  best?: { step: number; metric: string; value: number };
  /** Step of the newest checkpoint written. */
  saved?: number;
  /** Step whose weights final/ of a finished run holds. */
  final?: number;
  /** Each time the run was taken up again. */
  resumed: ResumeNote[];
  machine: Pick<Machine, 'glossa'> & Partial<Machine>;
  /** All of EngineInfo, once the model is loaded; what is read back is the instruction set, and what the summary says of it. */
  model?: Pick<EngineInfo, 'isa' | 'dtype'> & Partial<EngineInfo>;
  /** Memory that the run was planned to take, in bytes, the rows of its widest micro-batch, and those that one may take. */
  plan?: { total: number; host: number; microBatchRows: number; microBatchTokens?: number };
  /** Type of the model's weights as they were found. */
  weights?: StoredDtype;
  /** Of the training problems; known once they are read. */
  languages?: Language[];
  /** What the rewards `language` and `language_gated` are paid on; absent where an earlier version paid on all words. */
  languagePaidOn?: 'reasoning';
  /** Where problems were held out of training: of each set, how many are trained on and how many are not. */
  excluded?: { set: string; problems: number; heldOut: number }[];
  /** Files it was started with, and their checksums. */
  inputs?: RunInputs;
  /** Checksums of reference/, where there is one. */
  reference?: Checksums;
}

export interface ResumeNote {
  step: number;
  at: string;
  set: string[];
  /** What was otherwise than at the start, and gone on with by `--accept-changes`. */
  accepted?: string[];
}

export interface Machine {
  /** Version of glossa, and the commit of the sources that it ran from, where they lie in a Git repository. */
  glossa: string;
  commit?: string;
  /** Name of the machine; absent in records of earlier versions. */
  host?: string;
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  memoryGb: number;
  /** Path of the native module, its version and the instruction sets this processor has. */
  native: { path: string; version: string; isas: string[] };
  /** The GPUs that there are, with driver and library of products; absent where there is none, and in records of earlier versions. */
  gpu?: string;
}

const recordSchema: z.ZodType<RunRecord & { checksum?: string }> = z.looseObject({
  format: z.literal([1, 2], 'expected 1 or 2: the format is not one that this version reads'),
  name: z.string(),
  config: z.record(z.string(), z.unknown()),
  asked: z.looseObject({ config: z.string(), set: z.array(z.string()) }).exactOptional(),
  lab: z.exactOptional(labSettingsSchema),
  status: z.enum(['running', 'finished', 'interrupted', 'failed']),
  error: z.looseObject({ code: z.string(), message: z.string() }).exactOptional(),
  seed: z.number(),
  started: z.string(),
  ended: z.string().exactOptional(),
  stopped: z.string().exactOptional(),
  seconds: z.number().min(0).exactOptional(),
  best: z.looseObject({ step: z.int().min(0), metric: z.string(), value: z.number() }).exactOptional(),
  saved: z.int().min(0).exactOptional(),
  final: z.int().min(0).exactOptional(),
  resumed: z.array(
    z.looseObject({
      step: z.int().min(0),
      at: z.string(),
      set: z.array(z.string()),
      accepted: z.array(z.string()).exactOptional(),
    }),
  ),
  machine: z.looseObject({
    glossa: z.string(),
    commit: z.string().exactOptional(),
    host: z.string().exactOptional(),
    node: z.string().exactOptional(),
    platform: z.string().exactOptional(),
    cpu: z.string().exactOptional(),
    cores: z.number().exactOptional(),
    memoryGb: z.number().exactOptional(),
    native: z.looseObject({ path: z.string(), version: z.string(), isas: z.array(z.string()) }).exactOptional(),
    gpu: z.string().exactOptional(),
  }),
  model: z.looseObject({ isa: z.string(), dtype: z.enum(['float32', 'bfloat16']) }).exactOptional(),
  plan: z
    .looseObject({
      total: z.number(),
      host: z.number(),
      microBatchRows: z.number(),
      microBatchTokens: z.number().exactOptional(),
    })
    .exactOptional(),
  weights: z.enum(['float32', 'bfloat16', 'float16']).exactOptional(),
  languages: z.array(z.enum(LANGUAGES)).exactOptional(),
  languagePaidOn: z.literal('reasoning').exactOptional(),
  excluded: z
    .array(z.looseObject({ set: z.string(), problems: z.int().min(0), heldOut: z.int().min(0) }))
    .exactOptional(),
  inputs: inputsSchema.exactOptional(),
  reference: checksumsSchema.exactOptional(),
  checksum: z.string().exactOptional(),
});

/**
 * Writes run.json with a checksum of itself, and then its copy .run.json, which tells what somebody changed in run.json and
 * stands in for it where it is damaged.
 */
export async function writeRecord(folder: RunFolder, record: RunRecord): Promise<void> {
  const text = sealedJson({ ...record, format: 2 });
  await writeFileAtomic(folder.record, text);
  await writeFileAtomic(folder.recordCopy, text);
}

export interface FoundRecord {
  /** As glossa wrote it last; where it was changed and there is no whole copy, as it stands there. */
  record: RunRecord;
  /** What run.json says now, where somebody has changed it. */
  edited?: RunRecord;
}

/**
 * run.json, or its copy where it is damaged or somebody has changed it; either is told to `warn`.
 *
 * @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT.
 */
export async function readRecord(dir: string, warn: (message: string) => void = () => undefined): Promise<RunRecord> {
  const { record, edited } = await findRecord(dir, warn);
  if (edited) warn(`${join(dir, 'run.json')} was changed since glossa wrote it; taking what was written`);
  return record;
}

/** As {@link readRecord}, with what somebody made of run.json. */
export async function findRecord(dir: string, warn: (message: string) => void): Promise<FoundRecord> {
  const folder = runFolder(dir);
  const found = await parseRecord(folder.record);
  if (found.kind === 'whole') return { record: found.record };
  const copy = await parseRecord(folder.recordCopy);
  const written = copy.kind === 'whole' && copy.record.format > 1 ? copy.record : undefined;
  if (found.kind === 'edited') return { record: written ?? found.record, edited: found.record };
  if (written) {
    warn(
      `${folder.record}: ${found.kind === 'missing' ? 'is gone' : found.message}; taking its copy ${folder.recordCopy}`,
    );
    return { record: written };
  }
  if (found.kind === 'missing') {
    const halfway = await exists(folder.arriving);
    throw new GlossaError('RUN_NOT_FOUND', `${dir} is not the folder of a run: no run.json in it`, {
      hint: halfway
        ? `npx glossa train --resume ${dir} finishes the overwriting that was cut off here`
        : await runHint(dir),
    });
  }
  throw new GlossaError('RUN_CORRUPT', `${folder.record}: ${found.message}`, {
    hint: 'restore the file, or start the run again in a new folder',
  });
}

async function runHint(dir: string): Promise<string> {
  const near = await nearPath(dir);
  return near === undefined ? 'name the folder that `npx glossa train` wrote' : `did you mean ${near}?`;
}

type ParsedRecord =
  | { kind: 'whole'; record: RunRecord }
  | { kind: 'edited'; record: RunRecord }
  | { kind: 'damaged'; message: string }
  | { kind: 'missing' };

async function parseRecord(path: string): Promise<ParsedRecord> {
  const text = await readTextIfThere(path);
  if (text === undefined) return { kind: 'missing' };
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return { kind: 'damaged', message: `not JSON: ${(error as Error).message}` };
  }
  const parsed = recordSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const place = issue.path.join('.');
    return { kind: 'damaged', message: `not a record of a run: ${place ? `${place}: ` : ''}${issue.message}` };
  }
  const { checksum, ...record } = parsed.data;
  const early = record.format === 1 && checksum === undefined;
  return { kind: early || isSealed(raw) ? 'whole' : 'edited', record };
}

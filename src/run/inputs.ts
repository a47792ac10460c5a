import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { sha256OfFile, sha256Schema } from '../base/checksum.js';
import type { Difference } from './differences.js';

/** A file that a run was made from. */
export interface InputFile {
  /** The setting that names it, or what it is of one: `data.train[0].path`, `rewards[1].module: ./words.mjs`. */
  setting: string;
  /** Absolute. */
  path: string;
  bytes: number;
  sha256: string;
}

/** All files that a run was made from, as they were when it started. */
export interface RunInputs {
  /** Problems, reward modules with what they import, the prompt's template. */
  files: InputFile[];
  /** Config, weights and tokenizer of the model at the start. */
  model: InputFile[];
}

const inputFiles = z.array(
  z.object({ setting: z.string(), path: z.string(), bytes: z.number(), sha256: sha256Schema }),
);
export const inputsSchema = z.object({ files: inputFiles, model: inputFiles });

/** None where there is no such file: whoever reads it says so better. @throws GlossaError IO_ERROR. */
export async function inputFile(setting: string, path: string): Promise<[] | [InputFile]> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? [{ setting, path, bytes: found.size, sha256: await sha256OfFile(path) }] : [];
}

/** What of these files is otherwise, comes more, or is gone. Files are told apart by their settings; where they lie is free. */
export function inputDifferences(then: readonly InputFile[], now: readonly InputFile[]): Difference[] {
  const settings = new Set([...then, ...now].map(({ setting }) => setting));
  return [...settings].flatMap((setting) => {
    const [before, after] = [then, now].map((files) => files.find((file) => file.setting === setting));
    if (before?.sha256 === after?.sha256) return [];
    const path = (after ?? before)!.path;
    return [{ what: `${setting} ${path}`, then: inputText(before), now: inputText(after) }];
  });
}

function inputText(file: InputFile | undefined): string {
  return file ? `${String(file.bytes)} bytes, SHA-256 ${file.sha256.slice(0, 12)}...` : 'not there';
}

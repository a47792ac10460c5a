import { join } from 'node:path';
import { isModule } from '../answer/index.js';
import { defined } from '../base/defined.js';
import { GlossaError } from '../base/error.js';
import type { DataSource, EvalSource, ResolvedConfig } from '../config/index.js';
import { loadDataSet, streamDataSet } from '../data/index.js';
import type { DataSet, DataSetSettings, Problem } from '../data/types.js';
import { dataFiles } from './data_files.js';

/** A lab problem is as hard as it has steps. */
const LAB_FIELDS = { level: 'steps' };

type Source = DataSource & Partial<Pick<EvalSource, 'suite' | 'format'>>;

/**
 * Reads the problems of one `data` entry; those of the lab lie beside the lab model, in `labDir`. Their `rows` are kept where
 * asked, and where the verifier is a module.
 */
export async function loadSource(
  source: Source,
  labDir: string | undefined,
  options: { rows?: boolean } = {},
): Promise<DataSet<Problem[]>> {
  return loadDataSet(await setSettings(source, labDir, options));
}

/** As {@link loadSource}, of any size. */
export async function streamSource(
  source: Source,
  labDir: string | undefined,
  options: { rows?: boolean } = {},
): Promise<DataSet> {
  return streamDataSet(await setSettings(source, labDir, options));
}

async function setSettings(
  source: Source,
  labDir: string | undefined,
  { rows = false }: { rows?: boolean },
): Promise<DataSetSettings> {
  const path = sourcePath(source, labDir);
  return {
    path,
    files: await dataFiles(path, source.split),
    fields: source.lab ? LAB_FIELDS : source.fields && defined(source.fields),
    language: source.language,
    weight: source.weight,
    levels: source.levels,
    limit: source.limit,
    onBadRow: source.on_bad_row,
    verifier: source.verifier,
    rows: rows || (source.verifier !== undefined && isModule(source.verifier)),
    suite: source.suite,
    format: source.format,
  };
}

/** Whether rewards are users' functions, which may look at every column of a problem's row. */
export function needsRows({ rewards }: Pick<ResolvedConfig, 'rewards'>): boolean {
  return rewards.some(({ module, url }) => module !== undefined || url !== undefined);
}

/** The file of a `data` entry. */
export function sourcePath(source: Pick<DataSource, 'lab' | 'path'>, labDir: string | undefined): string {
  return source.lab ? labProblems(source.lab, labDir) : source.path!;
}

function labProblems({ language, split }: NonNullable<DataSource['lab']>, labDir: string | undefined): string {
  if (labDir === undefined) throw new GlossaError('CONFIG_IMPOSSIBLE', 'lab problems need a lab model (model.lab)');
  return join(labDir, 'problems', `${split}.${language}.jsonl`);
}

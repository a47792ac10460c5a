import { join } from 'node:path';
import { isModule } from '../answer/index.js';
import { defined } from '../base/defined.js';
import { GlossaError } from '../base/error.js';
import type { DataSource, EvalSource, ResolvedConfig } from '../config/index.js';
import { loadDataSet } from '../data/index.js';
import type { DataSet } from '../data/types.js';

/** A lab problem is as hard as it has steps. */
const LAB_FIELDS = { level: 'steps' };

/**
 * Reads the problems of one `data` entry; those of the lab lie beside the lab model, in `labDir`. Their `rows` are kept where
 * asked, and where the verifier is a module.
 */
export async function loadSource(
  source: DataSource & Partial<Pick<EvalSource, 'suite' | 'format'>>,
  labDir: string | undefined,
  { rows = false }: { rows?: boolean } = {},
): Promise<DataSet> {
  const set = await loadDataSet({
    path: sourcePath(source, labDir),
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
  });
  if (set.problems.length === 0) {
    throw new GlossaError(
      'DATA_EMPTY',
      `${set.settings.path}: no problem${source.language ? ` in ${source.language}` : ''} in it`,
    );
  }
  return set;
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

import { GlossaError } from '../base/error.js';
import {
  fetchRepository,
  hubIdText,
  parseHubId,
  type Fetched,
  type FetchProgress,
  type HubId,
  type RepositoryType,
} from '../hub/index.js';
import { numberOption } from './arguments.js';
import { Display, progressMode } from './display.js';
import { bar, bytes, count, duration, percent, textTable } from './format.js';
import { onInterrupt } from './interrupt.js';
import { shellWord } from './shell_word.js';

export interface FetchCommandOptions {
  repoType?: string;
  include: string[];
  exclude: string[];
  jobs: string;
  verify?: boolean;
  dryRun?: boolean;
  json?: boolean;
  progress: string;
}

/** Seconds between two lines off a terminal. */
const LINE_EVERY = 5;

export async function fetchCommand(given: string, options: FetchCommandOptions): Promise<void> {
  const id = parseHubId(given, repositoryType(options.repoType));
  if (!id)
    throw new GlossaError('USAGE', `${given}: expected org/name, org/name@revision or datasets/org/name`, {
      hint: 'npx glossa fetch Qwen/Qwen2.5-0.5B-Instruct',
    });
  const jobs = numberOption('jobs', options.jobs, { min: 1, max: 32, whole: true });
  const display = new Display(progressMode(options.progress));
  // What has come is kept as it comes: the first Ctrl-C ends it.
  const interrupt = onInterrupt(() => undefined);
  const began = performance.now();
  try {
    const fetched = await fetchRepository(id, {
      include: options.include,
      exclude: options.exclude,
      jobs,
      verify: options.verify ?? false,
      dryRun: options.dryRun ?? false,
      signal: interrupt.stop,
      onProgress: showProgress(display),
      note: (message) => {
        display.warning(message);
      },
    });
    display.end();
    const seconds = (performance.now() - began) / 1e3;
    if (options.json) process.stdout.write(`${JSON.stringify(resultJson(fetched, seconds))}\n`);
    else if (options.dryRun) process.stdout.write(`${dryRunTable(fetched)}\n`);
    else {
      display.line(summary(fetched, seconds));
      process.stdout.write(`${fetched.dir}\n`);
    }
  } catch (error) {
    display.end();
    throw withResumeHint(error, id, options);
  } finally {
    interrupt.restore();
  }
}

function repositoryType(asked: string | undefined): RepositoryType | undefined {
  if (asked === undefined || asked === 'model' || asked === 'dataset') return asked;
  throw new GlossaError('USAGE', `--repo-type ${asked}: expected model or dataset`);
}

function showProgress(display: Display): (progress: FetchProgress) => void {
  let first: number | undefined;
  let told = performance.now();
  return ({ filesDone, files, have, bytes: total, received }) => {
    const now = performance.now();
    first ??= now;
    const rate = received / Math.max(1e-3, (now - first) / 1e3);
    const left = rate > 0 && have < total ? `, ${duration((total - have) / rate)} left` : '';
    const line = `${String(filesDone)}/${String(files)} files  ${bytes(have)} of ${bytes(total)}  ${bytes(rate)}/s${left}`;
    display.live([`${bar(total > 0 ? have / total : 1, 24)} ${percent(total > 0 ? have / total : 1)}  ${line}`]);
    if (display.mode === 'live' || now - told < LINE_EVERY * 1e3) return;
    told = now;
    display.line(line);
    display.json({ type: 'progress', files_done: filesDone, files, have, bytes: total, received, bytes_per_s: rate });
  };
}

function resultJson({ id, commit, dir, files, bytes: total, received }: Fetched, seconds: number): object {
  return {
    id: id.id,
    type: id.type,
    revision: id.revision,
    commit,
    dir,
    bytes: total,
    received,
    seconds,
    files: files.map(({ path, size, digest, cached }) => ({
      path,
      size,
      ...(digest && { [digest.algorithm.replace('-', '_')]: digest.hex }),
      cached,
    })),
  };
}

function dryRunTable({ files, bytes: total }: Fetched): string {
  const missing = files.filter(({ cached }) => !cached).reduce((sum, { size }) => sum + size, 0);
  return textTable([
    ['file', 'size', ''],
    ...files.map(({ path, size, cached }) => [path, bytes(size), cached ? 'there' : '']),
    [count(files.length, 'file'), bytes(total), missing > 0 ? `${bytes(missing)} to fetch` : 'all there'],
  ]);
}

function summary({ id, commit, files, bytes: total, received }: Fetched, seconds: number): string {
  const what = `${hubIdText(id)} at ${commit.slice(0, 12)}: ${count(files.length, 'file')}, ${bytes(total)}`;
  return received === 0
    ? `${what}, all there`
    : `${what}; ${bytes(received)} came in ${duration(seconds)} (${bytes(received / seconds)}/s)`;
}

/** What has come stays in the cache: the same command goes on with it. */
function withResumeHint(error: unknown, id: HubId, options: FetchCommandOptions): unknown {
  if (!(error instanceof GlossaError) || error.code !== 'ABORTED') return error;
  const words = [
    hubIdText(id),
    ...options.include.flatMap((glob) => ['--include', glob]),
    ...options.exclude.flatMap((glob) => ['--exclude', glob]),
  ];
  return new GlossaError('ABORTED', 'stopped; what has come is kept', {
    cause: error,
    hint: `npx glossa fetch ${words.map(shellWord).join(' ')}`,
  });
}

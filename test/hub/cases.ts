import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchRepository, parseHubId, type Fetched, type FetchOptions, type HubSettings } from '../../src/hub/index.js';
import { bytesOf, SimulatedHub, type Repository } from './simulated_hub.js';

export const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
const small = (text: string) => ({ bytes: Buffer.from(text), lfs: false });

export const WEIGHTS = bytesOf(300_000);

/** A model as they are on the hub: what we take, and what we leave. */
export function modelRepository(files: Repository['files'] = {}): Repository {
  return {
    type: 'model',
    id: 'org/tiny',
    commit: COMMIT,
    refs: ['main', 'refs/pr/1'],
    files: {
      '.gitattributes': small('*.safetensors filter=lfs'),
      'README.md': small('# tiny'),
      'config.json': small('{"model_type":"llama"}'),
      'tokenizer.json': small('{"version":"1.0"}'),
      'model.safetensors': { bytes: WEIGHTS, lfs: true },
      'pytorch_model.bin': { bytes: bytesOf(1000, 3), lfs: true },
      'original/consolidated.00.pth': { bytes: bytesOf(1000, 4), lfs: true },
      ...files,
    },
  };
}

export function dataRepository(): Repository {
  return {
    type: 'dataset',
    id: 'org/sums',
    commit: COMMIT,
    refs: ['main'],
    files: {
      'README.md': small('# sums'),
      'data/train file.jsonl': small('{"question":"1+1?","answer":"2","lang":"en"}\n'),
      'data/test.parquet': { bytes: bytesOf(5000, 5), lfs: true },
    },
  };
}

/** A hub, a cache of its own, and a clock that does not wait. */
export class Scene {
  /** Waits that were asked for, in milliseconds. */
  readonly waits: number[] = [];
  readonly notes: string[] = [];
  private now = Date.parse('2026-01-01T00:00:00Z');

  private constructor(
    readonly hub: SimulatedHub,
    readonly cache: string,
  ) {}

  static async open(...repositories: Repository[]): Promise<Scene> {
    const hub = await SimulatedHub.start(...(repositories.length > 0 ? repositories : [modelRepository()]));
    return new Scene(hub, await mkdtemp(join(tmpdir(), 'glossa-hub-')));
  }

  settings(changes: Partial<HubSettings> = {}): HubSettings {
    const { cache, hub } = this;
    return {
      endpoint: hub.endpoint,
      cache,
      token: undefined,
      offline: false,
      symlinks: true,
      stallSeconds: 5,
      ...changes,
    };
  }

  fetch(text = 'org/tiny', { settings, ...options }: FetchOptions = {}): Promise<Fetched> {
    return fetchRepository(parseHubId(text)!, {
      settings: settings ?? this.settings(),
      clock: {
        now: () => this.now,
        sleep: (milliseconds) => {
          this.waits.push(milliseconds);
          this.now += milliseconds;
          return new Promise((done) => setImmediate(done));
        },
      },
      note: (message) => this.notes.push(message),
      ...options,
    });
  }

  async close(): Promise<void> {
    await this.hub.close();
    await rm(this.cache, { recursive: true, force: true });
  }
}

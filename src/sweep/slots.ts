import type { ResolvedConfig } from '../config/index.js';
import type { LocalMachine } from './machine.js';
import type { RunPlace } from './run_process.js';
import type { SweepSpec } from './schema.js';

/** What a run was given of the machine. */
export interface Slot extends RunPlace {
  cores: readonly number[];
  peak: number;
}

/** Divides a machine among the runs that go on at once: cores, memory, GPUs. */
export class Slots {
  /** Runs at once at most. */
  readonly most: number;
  private readonly freeCores: Set<number>;
  private readonly taken = new Set<Slot>();

  constructor(
    private readonly machine: LocalMachine,
    private readonly asked: SweepSpec['local'],
  ) {
    this.freeCores = new Set(machine.cores);
    this.most = asked.at_once === 'auto' ? Math.max(1, machine.cores.length) : asked.at_once;
  }

  get used(): number {
    return this.taken.size;
  }

  /**
   * A place for a run of this config, or undefined where it does not fit now. A run that nothing else goes on beside always fits.
   *
   * @param peak Bytes that it takes.
   * @param others How many runs wait besides.
   */
  take(config: ResolvedConfig, peak: number, others: number): Slot | undefined {
    if (this.used >= this.most || !this.hasMemory(peak)) return undefined;
    const gpu = this.gpuFor(config);
    if (gpu === null) return undefined;
    const cores = this.coresFor(config, Math.min(this.most - this.used, others + 1));
    if (cores.length === 0 && this.used > 0 && this.most <= this.machine.cores.length) return undefined;
    const pinned = this.asked.pin && this.machine.pins && cores.length > 0 ? cores : undefined;
    const threads = pinned || config.threads > 0 ? undefined : Math.max(1, cores.length);
    const slot: Slot = { cores, peak, pinned, threads, gpu };
    return this.hold(slot);
  }

  /** Cores of a run where so many wait, as long as none goes on. */
  share(config: ResolvedConfig, waiting: number): number {
    return Math.max(1, this.coresFor(config, Math.min(this.most, Math.max(1, waiting))).length);
  }

  /** What a process takes that goes on already. */
  occupy(cores: readonly number[], peak: number): Slot {
    // One that may use them all was given none of its own.
    return this.hold({ cores: cores.length < this.machine.cores.length ? cores : [], peak });
  }

  free(slot: Slot): void {
    this.taken.delete(slot);
    const held = new Set([...this.taken].flatMap(({ cores }) => cores));
    for (const core of slot.cores) if (!held.has(core)) this.freeCores.add(core);
  }

  private hold(slot: Slot): Slot {
    this.taken.add(slot);
    for (const core of slot.cores) this.freeCores.delete(core);
    return slot;
  }

  private hasMemory(peak: number): boolean {
    const taken = [...this.taken].reduce((sum, slot) => sum + slot.peak, 0);
    return this.used === 0 || taken + peak <= (this.machine.memory ?? Infinity);
  }

  /** As many as the config asks for, or this run's share of the free ones. */
  private coresFor({ threads }: ResolvedConfig, sharers: number): number[] {
    const free = [...this.freeCores].sort((a, b) => a - b);
    const { threads_per_run: asked } = this.asked;
    const share = Math.max(1, Math.floor(free.length / Math.max(1, sharers)));
    return free.slice(0, threads > 0 ? threads : asked === 'auto' ? share : asked);
  }

  /** Undefined: it needs none, or names its own. Null: all are taken. */
  private gpuFor({ device }: ResolvedConfig): string | undefined | null {
    if (device !== 'cuda' || this.machine.gpus.length === 0) return undefined;
    const users = (gpu: string) => [...this.taken].filter((slot) => slot.gpu === gpu).length;
    const [least] = [...this.machine.gpus].sort((a, b) => users(a) - users(b));
    return users(least!) < this.asked.runs_per_gpu ? least! : null;
  }
}

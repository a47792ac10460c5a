import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const NEEDED = ['slurmctld', 'slurmd', 'munged', 'sbatch', 'squeue', 'scontrol', 'scancel'];
const HOST = hostname().split('.')[0]!;
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/** Why no cluster can be started here; undefined where one can. */
export function noCluster(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to start the daemons of Slurm';
  const missing = NEEDED.filter((name) => {
    try {
      execFileSync('which', [name], { env: { ...process.env, PATH }, stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  return missing.length > 0
    ? `needs Slurm (apt-get install slurmctld slurmd munge): no ${missing.join(', ')}`
    : undefined;
}

/** A real Slurm of one node on this machine, with everything that it keeps in one folder, and a munge of its own. */
export class SlurmCluster {
  private constructor(
    private readonly dir: string,
    private readonly daemons: Map<string, ChildProcess>,
  ) {}

  static async start(dir: string): Promise<SlurmCluster> {
    const cluster = new SlurmCluster(dir, new Map());
    for (const name of ['state', 'spool']) await mkdir(join(dir, name), { recursive: true });
    await writeFile(join(dir, 'munge.key'), randomBytes(256), { mode: 0o400 });
    const [controller, node] = [await freePort(), await freePort()];
    await writeFile(join(dir, 'slurm.conf'), configuration(dir, controller, node));
    const munge = (name: string) => join(dir, `munge.${name}`);
    cluster.run('munged', [
      ...['--foreground', '--force', `--socket=${munge('socket')}`, `--key-file=${munge('key')}`],
      ...[`--pid-file=${munge('pid')}`, `--log-file=${munge('log')}`, `--seed-file=${munge('seed')}`],
    ]);
    await cluster.until('munge answers', async () => (await readdir(dir)).includes('munge.socket'));
    cluster.run('slurmctld', ['-D', '-i']);
    await cluster.until('the controller answers', async () =>
      (await cluster.ask('scontrol', ['ping'])).includes('is UP'),
    );
    await cluster.startNode();
    return cluster;
  }

  /** For processes that are to find this cluster. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, PATH, SLURM_CONF: join(this.dir, 'slurm.conf') };
  }

  /** Starts its daemon, and waits until the controller has heard of it. */
  async startNode(): Promise<void> {
    const daemon = async () => /SlurmdStartTime=(\S+)/.exec(await this.ask('scontrol', ['show', 'node']))?.[1];
    const before = await daemon();
    this.run('slurmd', ['-D']);
    await this.until('the node is there', async () => {
      const state = await this.ask('sinfo', ['-h', '-o', '%T']);
      return ['idle', 'mixed', 'allocated'].includes(state) && (await daemon()) !== before;
    });
  }

  async killDaemon(): Promise<void> {
    await this.end('slurmd', 'SIGKILL');
  }

  /** As where a node loses its power: its daemon and all that runs on it. */
  async killNode(): Promise<void> {
    const steps = await processesOf(this.dir, /slurmstepd/);
    await this.killDaemon();
    // First of all those that would tell the controller how their tasks ended.
    for (const pid of steps) kill(pid, 'SIGSTOP');
    const tasks = (await Promise.all(steps.map(descendants))).flat();
    for (const pid of [...steps, ...tasks]) kill(pid);
    // Slurm would find out after SlurmdTimeout; one short enough to wait for makes it doubt live nodes of a busy machine.
    await this.ask('scontrol', ['update', `NodeName=${HOST}`, 'State=DOWN', 'Reason=lost']);
  }

  /** Asks until it is so, or throws. */
  async until(what: string, holds: () => Promise<boolean>, seconds = 180): Promise<void> {
    for (const began = Date.now(); Date.now() - began < seconds * 1000; await wait(100)) if (await holds()) return;
    throw new Error(
      `${what}: not after ${String(seconds)} s\n${await this.ask('squeue', ['-r'])}\n${await this.logs()}`,
    );
  }

  /** What a command of Slurm writes, trimmed; where it refuses, what it says. */
  async ask(command: string, args: readonly string[]): Promise<string> {
    try {
      return (await promisify(execFile)(command, args, { env: this.environment })).stdout.trim();
    } catch (error) {
      return (error as { stderr: string }).stderr.trim();
    }
  }

  async stop(): Promise<void> {
    await this.ask('scancel', ['--user=root', '--signal=KILL', '--full']);
    await this.killNode();
    for (const name of ['slurmctld', 'munged']) await this.end(name, 'SIGKILL');
  }

  private run(name: string, args: readonly string[]): void {
    this.daemons.set(name, spawn(name, args, { env: this.environment, stdio: 'ignore' }));
  }

  private async end(name: string, signal: NodeJS.Signals): Promise<void> {
    const daemon = this.daemons.get(name);
    this.daemons.delete(name);
    if (daemon?.exitCode !== null) return;
    const closed = once(daemon, 'close');
    daemon.kill(signal);
    await closed;
  }

  private async logs(): Promise<string> {
    const texts = ['slurmctld.log', 'slurmd.log'].map((name) => readFile(join(this.dir, name), 'utf8').catch(() => ''));
    return (await Promise.all(texts)).map((text) => text.split('\n').slice(-15).join('\n')).join('\n');
  }
}

/** Four processors, whatever this machine has: the tasks of the tests wait most of the time. */
function configuration(dir: string, controller: number, node: number): string {
  return `ClusterName=glossa-test
SlurmctldHost=${HOST}(127.0.0.1)
SlurmctldPort=${String(controller)}
SlurmdPort=${String(node)}
AuthType=auth/munge
AuthInfo=socket=${dir}/munge.socket
SlurmUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=100
AccountingStorageType=accounting_storage/none
JobRequeue=1
EnforcePartLimits=ALL
ReturnToService=2
KillWait=15
BatchStartTimeout=60
SlurmdTimeout=300
MaxArraySize=3
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
SlurmctldPidFile=${dir}/slurmctld.pid
SlurmdPidFile=${dir}/slurmd.pid
StateSaveLocation=${dir}/state
SlurmdSpoolDir=${dir}/spool
SlurmctldLogFile=${dir}/slurmctld.log
SlurmdLogFile=${dir}/slurmd.log
NodeName=${HOST} NodeAddr=127.0.0.1 CPUs=4 RealMemory=2000
PartitionName=test Nodes=${HOST} Default=YES MaxTime=INFINITE MaxMemPerNode=1500 State=UP
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Processes of this name whose environment or command names the folder. */
async function processesOf(dir: string, name: RegExp): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const text = async (file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
    if (name.test(await text('comm')) && (await text('environ')).includes(dir)) found.push(Number(pid));
  }
  return found;
}

export async function descendants(pid: number): Promise<number[]> {
  const tasks = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'latin1').catch(() => '');
  const children = tasks.trim().split(/\s+/).filter(Boolean).map(Number);
  return (await Promise.all(children.map(async (child) => [...(await descendants(child)), child]))).flat();
}

function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it ended by itself
  }
}

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { kubernetesManifest, planSweep, readSweepFile, type SweepRecord } from '../../src/sweep/index.js';
import { arrayJobs } from '../../src/sweep/slurm/script.js';
import { glossa, ROOT } from '../e2e/glossa.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-elsewhere-'));
  await writeFile(
    join(root, 'base.yaml'),
    'model: { lab: {} }\ndata: { train: [{ lab: { language: ko, split: train } }] }\nrewards: [{ name: accuracy }]\n',
  );
});
after(() => rm(root, { recursive: true, force: true }));

async function planned(text: string, out = join(root, 'sweep')): Promise<SweepRecord> {
  const path = join(root, 'sweep.yaml');
  await writeFile(path, `base: base.yaml\n${text}`);
  return (await planSweep(await readSweepFile(path), out)).record;
}
const glossaTask = { command: ['/usr/bin/node', '/opt/glossa/main.js'], cwd: '/home/user' };
const options = (text: string) => [...text.matchAll(/^#SBATCH (.*)$/gm)].map(([, option]) => option);

describe('the script of an array job', () => {
  it('asks for what the file says, and for nothing that it leaves to the cluster', async () => {
    const plain = await planned('seeds: 3\n');
    const [job] = arrayJobs(plain, [0, 1, 2], 1001, glossaTask);
    assert.deepEqual(options(job!.text), [
      '--job-name=glossa-sweep',
      '--array=0-2',
      `--output=${root}/sweep/slurm/%A_%a.log`,
      '--open-mode=append',
      '--cpus-per-task=1',
      '--requeue',
      '--signal=B:USR1@90',
    ]);
    const full = await planned(`seeds: 12
slurm: { partition: gpu, account: lab, gres: "gpu:1", time: "2:00:00", cpus_per_task: 8, memory: 16G, signal_before: 5m,
         array_limit: 4, extra: [--qos=long, "--exclude=n[1-3]"] }
`);
    const [large] = arrayJobs(full, [0, 2, 3, 4, 11], 1001, glossaTask);
    assert.deepEqual(options(large!.text), [
      '--job-name=glossa-sweep',
      '--array=0,2-4,11%4',
      `--output=${root}/sweep/slurm/%A_%a.log`,
      '--open-mode=append',
      ...['--partition=gpu', '--account=lab', '--gres=gpu:1', '--time=2:00:00', '--cpus-per-task=8', '--mem=16G'],
      ...['--requeue', '--signal=B:USR1@300', '--qos=long', '--exclude=n[1-3]'],
    ]);
    assert.match(large!.text, /^\/usr\/bin\/node \/opt\/glossa\/main\.js sweep \S+ --task "\$SLURM_ARRAY_TASK_ID" &$/m);
  });

  it('is divided where Slurm takes no numbers so large, and every run is in one', async () => {
    const sweep = await planned('seeds: 25\n');
    const jobs = arrayJobs(
      sweep,
      sweep.runs.map(({ index }) => index).filter((index) => index !== 11),
      10,
      glossaTask,
    );
    assert.deepEqual(
      jobs.map(({ from, text }) => [from, options(text)[1]]),
      [
        [0, '--array=0-9'],
        [10, '--array=0,2-9'],
        [20, '--array=0-4'],
      ],
    );
    assert.match(jobs[1]!.text, /--task "\$\(\(10 \+ SLURM_ARRAY_TASK_ID\)\)"/);
  });

  it('is one that bash reads, whatever the folder is called', async () => {
    const sweep = await planned('seeds: 1\n', join(root, `it's "100%" \\ $HOME \`mine\``));
    const [job] = arrayJobs(sweep, [0], 1001, glossaTask);
    assert.equal(spawnSync('bash', ['-n'], { input: job!.text }).status, 0);
    const word = /sweep (.*) --task/.exec(job!.text)![1]!;
    assert.equal(execFileSync('bash', ['-c', `printf %s ${word}`], { encoding: 'utf8' }), sweep.dir);
    assert.match(job!.text, /"100%%\\"/);
    const broken = await planned('seeds: 1\n', join(root, 'two\nlines'));
    assert.throws(() => arrayJobs(broken, [0], 1001, glossaTask), { code: 'SWEEP_INVALID' });
  });

  it('ends as the run does, and queues its task again only where the run saved before the limit', async () => {
    const sweep = await planned('seeds: 1\n');
    const bin = join(root, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'scontrol'), `#!/bin/bash\necho "scontrol $*"\n`);
    await chmod(join(bin, 'scontrol'), 0o755);
    const end = async (body: string, signal?: 'USR1' | 'TERM') => {
      const task = join(root, 'task.sh');
      await writeFile(task, body);
      const [job] = arrayJobs(sweep, [0], 1001, { command: ['bash', task], cwd: root });
      const env = { PATH: `${bin}:${process.env['PATH']!}`, SLURM_ARRAY_JOB_ID: '7', SLURM_ARRAY_TASK_ID: '0' };
      const script = `${signal ? `(sleep 0.3; kill -${signal} $$) &\n` : ''}${job!.text}`;
      const { status, stdout } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8' });
      return { status, stdout: stdout.trim() };
    };
    const saving = "trap 'sleep 0.2; exit 143' TERM; for i in {1..50}; do sleep 0.05; done";
    assert.deepEqual(await end('exit 0'), { status: 0, stdout: '' });
    assert.deepEqual(await end('exit 3'), { status: 3, stdout: '' });
    assert.deepEqual(await end(saving, 'USR1'), { status: 143, stdout: 'scontrol requeue 7_0' });
    assert.deepEqual(await end(saving.replace('143', '1'), 'USR1'), { status: 1, stdout: '' }, 'no step was made');
    assert.deepEqual(
      await end('sleep 0.6; exit 0', 'TERM'),
      { status: 0, stdout: '' },
      'the run has the signal itself',
    );
  });

  it('is printed by --dry-run where there is no Slurm, and without it the command says that there is none', async () => {
    await planned('seeds: 2\nslurm: { partition: gpu }\n');
    const nowhere = { PATH: join(root, 'no-such-folder') };
    const call = (...more: string[]) =>
      glossa(['sweep', join(root, 'sweep.yaml'), '--out', join(root, 'out'), '--slurm', ...more], nowhere);
    const { code, stdout, stderr } = await call('--dry-run');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^#!\/bin\/bash\n#SBATCH --job-name=glossa-sweep\n#SBATCH --array=0-1\n/);
    assert.ok(!existsSync(join(root, 'out')));
    const refused = await call();
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /error SLURM_NOT_FOUND: no squeue on PATH[\s\S]*--dry-run/);
  });

  it('takes only words and options from the file', async () => {
    for (const section of [
      'partition: "a b"',
      'memory: "4G # x"',
      'extra: ["qos=long"]',
      'signal_before: soon',
      'array_limit: 0',
    ])
      await assert.rejects(planned(`seeds: 1\nslurm: { ${section} }\n`), { code: 'SWEEP_INVALID' }, section);
  });
});

describe('one run of a sweep', () => {
  it('is refused where there is no such run', async () => {
    const missing = await glossa(['sweep', join(root, 'nowhere'), '--task', '0']);
    assert.match(missing.stderr, /error SWEEP_NOT_FOUND/);
  });
});

describe('the manifest of a Job', () => {
  const section = (mount = root) => `seeds: 5
kubernetes: { image: "registry/glossa:1", claim: shared, mount: ${mount}, cpus: 4, memory: 8Gi, gpus: 1, at_once: 3, namespace: lab,
              node_selector: { "gpu.type": a100 } }
`;

  it('has an index a run, retries each by itself, and does not count what pre-emption ends', async () => {
    const job = parse(kubernetesManifest(await planned(section()))) as Record<string, never>;
    assert.deepEqual(job, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'glossa-sweep', namespace: 'lab' },
      spec: {
        completionMode: 'Indexed',
        completions: 5,
        parallelism: 3,
        backoffLimitPerIndex: 2,
        podFailurePolicy: {
          rules: [
            { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
            { action: 'FailIndex', onExitCodes: { containerName: 'glossa', operator: 'In', values: [2] } },
          ],
        },
        template: {
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 120,
            nodeSelector: { 'gpu.type': 'a100' },
            containers: [
              {
                name: 'glossa',
                image: 'registry/glossa:1',
                command: ['glossa', 'sweep', join(root, 'sweep'), '--task', '$(RUN)'],
                env: [
                  {
                    name: 'RUN',
                    valueFrom: {
                      fieldRef: { fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" },
                    },
                  },
                ],
                resources: {
                  requests: { cpu: '4', memory: '8Gi', 'nvidia.com/gpu': '1' },
                  limits: { cpu: '4', memory: '8Gi', 'nvidia.com/gpu': '1' },
                },
                volumeMounts: [{ name: 'sweep', mountPath: root }],
              },
            ],
            volumes: [{ name: 'sweep', persistentVolumeClaim: { claimName: 'shared' } }],
          },
        },
      },
    });
  });

  const python = join(ROOT, 'build/kubernetes-venv/bin/python');
  it(
    'is one by the schema that Kubernetes publishes',
    { skip: existsSync(python) ? false : 'needs build/kubernetes-venv (.ci/oracles)' },
    async () => {
      const path = join(root, 'job.yaml');
      const valid = (text: string, version: string) => {
        const call = ['-m', 'kubernetes_validate', '--strict', '--quiet', '-k', version, path];
        return writeFile(path, text).then(() => spawnSync(python, call, { encoding: 'utf8' }));
      };
      const text = kubernetesManifest(await planned(section()));
      for (const version of ['1.31', '1.37']) {
        const { status, stdout, stderr } = await valid(text, version);
        assert.equal(status, 0, stdout + stderr);
      }
      assert.notEqual(
        (await valid(text.replace('backoffLimitPerIndex: 2', 'backoffLimitPerIndex: two'), '1.37')).status,
        0,
      );
      assert.notEqual((await valid(text.replace('completionMode', 'completionsMode'), '1.37')).status, 0);
    },
  );

  it('is printed by --kubernetes, which prepares the folder that its pods read', async () => {
    await planned(section());
    const out = join(root, 'pods');
    const call = (...more: string[]) =>
      glossa(['sweep', join(root, 'sweep.yaml'), '--out', out, '--kubernetes', ...more]);
    const shown = await call('--dry-run');
    assert.equal(shown.code, 0, shown.stderr);
    assert.ok(!existsSync(out));
    const { code, stdout, stderr } = await call();
    assert.equal(code, 0, stderr);
    assert.equal(stdout, shown.stdout);
    assert.match(await readFile(join(out, 'sweep.json'), 'utf8'), /"seed=5"/);
  });

  it('is refused where the file or the folder does not fit', async () => {
    const refused = (sweep: SweepRecord, message: RegExp) => {
      assert.throws(() => kubernetesManifest(sweep), { code: 'SWEEP_INVALID', message });
    };
    refused(await planned('seeds: 1\n'), /no section kubernetes/);
    refused(await planned(section('/elsewhere')), /does not lie on the volume mounted at \/elsewhere/);
  });
});

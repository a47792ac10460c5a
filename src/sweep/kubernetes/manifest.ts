import { stringify } from 'yaml';
import { GlossaError } from '../../base/error.js';
import type { SweepRecord } from '../record.js';
import type { KubernetesSettings } from './settings.js';

/** A Job may have so many indices. */
const MOST_RUNS = 100_000;
const CONTAINER = 'glossa';
const VOLUME = 'sweep';

/**
 * The manifest of an indexed Job (batch/v1): its index of number i trains run i of sweep.json, from its last checkpoint on. A pod
 * that is pre-empted or drained gets SIGTERM, saves, and comes again without counting as failed.
 *
 * @throws GlossaError SWEEP_INVALID where the file does not say what is needed.
 */
export function kubernetesManifest(sweep: SweepRecord): string {
  const settings = settingsOf(sweep);
  const completions = sweep.runs.reduce((most, { index }) => Math.max(most, index + 1), 0);
  if (completions > MOST_RUNS)
    throw refuse(
      `${String(completions)} runs; a Job takes ${String(MOST_RUNS)}`,
      'divide the sweep into several files',
    );
  const { namespace, at_once: parallelism = completions, retries } = settings;
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: jobName(sweep.name), ...(namespace !== undefined && { namespace }) },
    spec: {
      completionMode: 'Indexed',
      completions,
      parallelism: Math.min(parallelism, completions),
      backoffLimitPerIndex: retries,
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          // A command line or a config that cannot be meant is not right the next time.
          { action: 'FailIndex', onExitCodes: { containerName: CONTAINER, operator: 'In', values: [2] } },
        ],
      },
      template: { spec: podSpec(sweep, settings) },
    },
  };
  return stringify(job, { lineWidth: 0 });
}

function podSpec(sweep: SweepRecord, settings: KubernetesSettings): object {
  const { image, claim, mount, cpus, memory, gpus, grace, node_selector: nodeSelector } = settings;
  const resources = { cpu: String(cpus), memory, ...(gpus !== undefined && { 'nvidia.com/gpu': String(gpus) }) };
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: grace,
    ...(nodeSelector && { nodeSelector }),
    containers: [
      {
        name: CONTAINER,
        image,
        command: ['glossa', 'sweep', sweep.dir, '--task', '$(RUN)'],
        env: [
          {
            name: 'RUN',
            valueFrom: { fieldRef: { fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" } },
          },
        ],
        resources: { requests: resources, limits: resources },
        volumeMounts: [{ name: VOLUME, mountPath: mount }],
      },
    ],
    volumes: [{ name: VOLUME, persistentVolumeClaim: { claimName: claim } }],
  };
}

function settingsOf({ spec, dir, file }: SweepRecord): KubernetesSettings {
  const { kubernetes } = spec;
  if (!kubernetes)
    throw refuse(
      `${file}: no section kubernetes`,
      'kubernetes: { image: IMAGE, claim: NAME OF A PERSISTENT VOLUME CLAIM, mount: ITS PATH }',
    );
  const mount = kubernetes.mount.replace(/\/*$/, '/');
  if (!dir.startsWith(mount))
    throw refuse(
      `${file}: the sweep's folder ${dir} does not lie on the volume mounted at ${mount} (kubernetes.mount)`,
      'give --out a folder on it: pods find folder, models and data by the paths they have here',
    );
  return kubernetes;
}

/** Letters, digits and hyphens; the index of a run is put behind it, and 63 characters are allowed together. */
function jobName(name: string): string {
  const safe = `glossa-${name}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return safe.slice(0, 50).replace(/-+$/, '');
}

const refuse = (message: string, hint: string): GlossaError => new GlossaError('SWEEP_INVALID', message, { hint });

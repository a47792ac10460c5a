import { z } from 'zod';

const count = z.int().min(1);

/** `kubernetes:` of a sweep file: what the Job asks for. */
export const kubernetesSchema = z.strictObject({
  image: z.string().min(1).describe('Of the container; glossa must be on its PATH.'),
  claim: z
    .string()
    .min(1)
    .describe("PersistentVolumeClaim with the sweep's folder, the config's files and models; writable by many nodes."),
  mount: z.string().startsWith('/').describe('Where it is mounted: the path it has on this machine too.'),
  namespace: z.string().min(1).optional(),
  cpus: z
    .union([z.string().min(1), z.number().gt(0)])
    .default(1)
    .describe('Of a run, as Kubernetes writes them: 2, 500m.'),
  memory: z.string().min(1).default('4Gi').describe('Of a run.'),
  gpus: count.optional().describe('Of a run (nvidia.com/gpu).'),
  at_once: count.optional().describe('Pods at once; default: all.'),
  retries: z.int().min(0).max(1000).default(2).describe('Of a run that failed; pre-emption does not count.'),
  grace: count.default(120).meta({ unit: 'seconds' }).describe('From SIGTERM on, to finish the step and save.'),
  node_selector: z.record(z.string(), z.string()).optional().describe('Labels that a node must have.'),
});

export type KubernetesSettings = z.output<typeof kubernetesSchema>;

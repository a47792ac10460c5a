/** The run that another one began with. */
export interface Origin {
  /** Its folder. */
  dir: string;
  /** Of its checkpoint; null: its `final/`. */
  step: number | null;
}

/** As the path of the model in a run's config says; undefined where that lies in the folder of no run. */
export function originOf(config: unknown): Origin | undefined {
  const path = (config as { model?: { path?: unknown } } | null)?.model?.path;
  if (typeof path !== 'string') return undefined;
  const [, dir, checkpoint] = /^(.+)[/\\](?:checkpoints[/\\](\d{6,})|final)[/\\]?$/.exec(path) ?? [];
  return dir === undefined ? undefined : { dir, step: checkpoint === undefined ? null : Number(checkpoint) };
}

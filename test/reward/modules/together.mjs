import { appendFileSync } from 'node:fs';

/** A group at a time: how many completions of the group are shorter. Does whatever the first completion says. */
export const calls = 'group';
export default async (inputs) => {
  const [{ completion, settings }] = inputs;
  if (completion === 'throw') throw new RangeError('no group');
  if (completion === 'short') return inputs.slice(1).map(() => 1);
  if (completion === 'one') return 1;
  if (completion === 'promises') return inputs.map(async () => 1);
  if (completion === 'mixed') return [NaN, null, 'good', 2];
  if (completion === 'typed') return new Float32Array(inputs.length).fill(0.5);
  if (completion === 'loop') for (;;);
  if (settings.log) appendFileSync(settings.log, `${inputs[0].group}\n`);
  console.log(`group ${inputs[0].group} of ${inputs.length}`);
  return inputs.map(
    ({ completion, sample }) =>
      inputs.filter((other) => other.completion.length < completion.length).length * (settings.factor ?? 1) +
      sample / 100,
  );
};

import { promptOrder } from '../data/index.js';
import type { Problem } from '../data/types.js';
import type { Example } from './example.js';
import type { ExampleSet } from './load.js';

/** An example where the order of problems is made. */
interface Placed extends Problem {
  example: Example;
}

/** The examples of all sets, one after the other without end: weighted and shuffled as problems are (promptOrder). */
export function exampleOrder(
  sets: readonly ExampleSet[],
  { seed, batchSize, steps }: { seed: number; batchSize: number; steps: number },
): (index: number) => Example {
  const placed = sets.map(({ examples, path, weight }) => {
    const problems = examples.map((example, i): Placed => ({
      ...{ id: String(i), question: '', answer: '', language: example.language ?? 'en', example },
    }));
    return { problems, settings: { path, weight } };
  });
  const order = promptOrder(placed, BigInt(seed), { prompts: batchSize, steps: 1, maxSteps: steps });
  return (index) => (order(index) as Placed).example;
}

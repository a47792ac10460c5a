import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BreakdownWatch, breakdownMessage } from '../../src/trainer/breakdown.js';

/** reward (right answers), entropy, share cut off. */
type Trace = readonly (readonly [reward: number, entropy: number, cutOff: number])[];

function warned(trace: Trace, more: (i: number) => object = () => ({})): number[] {
  const watch = new BreakdownWatch();
  return trace.flatMap(([reward, entropy, cutOff], i) => {
    const line = { step: i + 1, reward, accuracy: reward, entropy, 'completions/clipped_ratio': cutOff, ...more(i) };
    return watch.look(line)?.step ?? [];
  });
}

// The lab's model on Korean problems, 16 prompts x 8, by learning rate; 4e-4 is its recipe's.
const RUNS: Record<string, Trace> = {
  '1': [[0.32, 0.148, 0], [0, 0.334, 0.99], [0, 0.158, 0.99], [0, 0.0767, 0.94], [0, 0.049, 1]],
  '0.1': [[0.32, 0.148, 0], [0, 1.6, 0.97], [0.023, 1.07, 0.84], [0, 0.261, 0.98], [0, 0.0932, 1]],
  '0.02': [[0.32, 0.148, 0], [0.008, 0.603, 0.24], [0, 0.91, 1], [0, 0.403, 1], [0, 0.155, 1]],
  '0.008': [[0.32, 0.148, 0], [0.133, 0.11, 0.05], [0.086, 0.309, 0], [0.047, 1.11, 0.3], [0.039, 1.17, 0.72]],
  '0.002': [[0.32, 0.148, 0], [0.359, 0.113, 0], [0.641, 0.0626, 0], [0.688, 0.0458, 0], [0.617, 0.0459, 0], [0.836, 0.0333, 0], [0.703, 0.0525, 0], [0.297, 0.063, 0]],
}; // prettier-ignore

describe('a learning rate that destroys the model', () => {
  it('is said in the step after, once', () => {
    assert.deepEqual(warned(RUNS['1']!), [2]);
    assert.deepEqual(warned(RUNS['0.1']!), [2]);
    assert.deepEqual(warned(RUNS['0.02']!), [2]);
    assert.deepEqual(warned([[0.5, 1, 0], [0.6, 0.9, 0], [0, 0, 0], [0, 0, 0]]), [3], 'entropy 0'); // prettier-ignore
  });

  it('is said as it comes where it destroys bit by bit', () => {
    assert.deepEqual(warned(RUNS['0.008']!), [4]);
  });

  it('is said again where the model had recovered', () => {
    const trace: Trace = [[0.5, 1, 0], [0, 9, 1], [0, 9, 1], [0.5, 1, 0], [0, 9, 1]]; // prettier-ignore
    assert.deepEqual(warned(trace), [2, 5]);
  });

  it('is said where another reward goes on being paid', () => {
    // Accuracy and a language reward: the broken model still writes words of the language.
    const trace: Trace = [
      [1.11, 0.15, 0],
      [0.94, 0.33, 0.99],
    ];
    assert.deepEqual(
      warned(trace, (i) => ({ accuracy: i === 0 ? 0.32 : 0 })),
      [2],
    );
  });

  it('is not what hard prompts, learning or a reward for length look like', () => {
    assert.deepEqual(warned(RUNS['0.002']!), []);
    assert.deepEqual(
      warned(Array.from({ length: 40 }, (_, i) => [i / 40, 0.8 ** i, 0])),
      [],
      'entropy falls, reward rises',
    );
    assert.deepEqual(warned([[0.1, 1, 0], [0, 1.1, 0], [0, 0.9, 0.1], [0.1, 1, 0]]), [], 'no right answer by chance'); // prettier-ignore
    assert.deepEqual(warned([[0, 1, 0], [0, 3, 1]]), [], 'there was nothing to lose'); // prettier-ignore
    const length = warned([[1, 1, 0], [5, 1, 1]], (i) => ({ accuracy: i === 0 ? 0.3 : 0 })); // prettier-ignore
    assert.deepEqual(length, [], 'it does what it is paid for');
    assert.deepEqual(
      warned([[0.5, 1, 0], [0, 0, 0]], (i) => (i === 1 ? { reward: null } : {})), // prettier-ignore
      [],
      'nothing was judged',
    );
  });

  it('comes with a command that goes on from a state that is whole', () => {
    const broken = { step: 7, signs: 'reward 0.5 -> 0' };
    const told = (savedAt: number) => breakdownMessage(broken, { dir: 'runs/x', savedAt, learningRate: 0.004 });
    assert.match(
      told(5),
      /from step 5: Ctrl-C twice .* glossa train --resume runs\/x --set optimizer\.learning_rate=0\.0004$/,
    );
    assert.match(
      told(6),
      /begin again with --overwrite --set optimizer\.learning_rate=0\.0004$/,
      'step 6 saved what is broken',
    );
    assert.match(told(0), /begin again/);
  });
});

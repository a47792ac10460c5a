import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRaw } from '../../src/config/index.js';
import { parseCoreList } from '../../src/sweep/cores.js';
import type { LocalMachine } from '../../src/sweep/machine.js';
import { sweepSchema } from '../../src/sweep/schema.js';
import { Slots } from '../../src/sweep/slots.js';

const config = (settings: Record<string, unknown> = {}) =>
  checkRaw({ model: { lab: {} }, ...settings }, { path: 'x.yaml', overrides: [] });
const local = (settings: Record<string, unknown> = {}) => sweepSchema.parse({ base: 'x.yaml', local: settings }).local;
const machine = (given: Partial<LocalMachine> = {}): LocalMachine => ({
  ...{ cores: [0, 1, 2, 3], pins: true, gpus: [], memory: 10e9, node: 1e8 },
  ...given,
});

describe('a machine is divided', () => {
  it('so that many small runs have a core each, and no core is two runs', () => {
    const slots = new Slots(machine(), local());
    const taken = [7, 6, 5, 4].map((others) => slots.take(config(), 1e9, others)!);
    assert.deepEqual(
      taken.map(({ pinned }) => pinned),
      [[0], [1], [2], [3]],
    );
    assert.equal(slots.take(config(), 1e9, 3), undefined);
    slots.free(taken[2]!);
    assert.deepEqual(slots.take(config(), 1e9, 3)!.pinned, [2]);
  });

  it('so that few runs have all cores among them', () => {
    const slots = new Slots(machine(), local());
    assert.deepEqual(slots.take(config(), 1e9, 1)!.pinned, [0, 1]);
    assert.deepEqual(slots.take(config(), 1e9, 0)!.pinned, [2, 3]);
  });

  it('by the threads that the config or the sweep asks for', () => {
    assert.deepEqual(new Slots(machine(), local()).take(config({ threads: 3 }), 0, 9)!.pinned, [0, 1, 2]);
    assert.deepEqual(new Slots(machine(), local({ threads_per_run: 2 })).take(config(), 0, 9)!.pinned, [0, 1]);
  });

  it('by memory: what has no room waits, and one alone always goes', () => {
    const slots = new Slots(machine(), local());
    const large = slots.take(config(), 20e9, 3)!;
    assert.equal(slots.take(config(), 1e9, 2), undefined);
    slots.free(large);
    assert.ok(slots.take(config(), 6e9, 2));
    assert.ok(slots.take(config(), 3e9, 1));
    assert.equal(slots.take(config(), 2e9, 0), undefined);
  });

  it('by GPUs: one run each, or as many as the sweep says', () => {
    const gpu = config({ device: 'cuda' });
    const slots = new Slots(machine({ gpus: ['3', '5'] }), local());
    const first = slots.take(gpu, 0, 3)!;
    assert.deepEqual([first.gpu, slots.take(gpu, 0, 2)!.gpu, slots.take(gpu, 0, 1)], ['3', '5', undefined]);
    // A run on the CPU needs none.
    assert.equal(slots.take(config(), 0, 1)!.gpu, undefined);
    slots.free(first);
    assert.equal(slots.take(gpu, 0, 0)!.gpu, '3');
    const shared = new Slots(machine({ gpus: ['0'] }), local({ runs_per_gpu: 2 }));
    assert.deepEqual(
      [3, 2, 1].map((others) => shared.take(gpu, 0, others)?.gpu),
      ['0', '0', undefined],
    );
  });

  it('without pinning by the number of threads', () => {
    const slots = new Slots(machine({ pins: false }), local({ at_once: 2 }));
    const slot = slots.take(config(), 0, 5)!;
    assert.deepEqual([slot.pinned, slot.threads], [undefined, 2]);
  });

  it('with room for what a killed sweep has left going', () => {
    const slots = new Slots(machine(), local());
    slots.occupy([1], 9e9);
    assert.equal(slots.take(config(), 2e9, 0), undefined);
    assert.deepEqual(slots.take(config(), 1e9, 0)!.pinned, [0, 2, 3]);
  });
});

it('a list of cores is read as Linux writes it', () => {
  assert.deepEqual(parseCoreList('0-3,8,10-11'), [0, 1, 2, 3, 8, 10, 11]);
});

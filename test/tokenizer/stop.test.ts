import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FINISH } from '../../src/engine/index.js';
import { rowIds } from '../../src/base/ragged.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { createTiny, drawn, generateRequest, TINY } from '../engine/tiny.js';
import { BYTES, folder } from './bytes.js';

describe('generation', () => {
  test('stops at every end-of-sequence id of generation_config.json, a list or a number', async () => {
    const engine = await createTiny();
    /** The model's only wish is this id. */
    const completions = async (stopIds: readonly number[], wish: number) => {
      const logitBias = new Float32Array(TINY.vocab);
      logitBias[wish] = 1000;
      const columns = await drawn(engine, generateRequest({ stopIds, logitBias, maxNewTokens: 5 }));
      return Array.from({ length: columns.rows }, (_, row) => ({
        ids: [...rowIds(columns.completions, row)],
        finish: FINISH[columns.finish[row]!],
      }));
    };
    try {
      for (const eos of [[5, 0, 63], 9]) {
        const files = { 'tokenizer.json': BYTES, 'generation_config.json': { eos_token_id: eos } };
        const { eosIds } = await loadTokenizer(await folder(files));
        assert.deepEqual(eosIds, [eos].flat());
        for (const id of eosIds) {
          for (const { ids, finish } of await completions(eosIds, id)) {
            assert.deepEqual(ids, [id]);
            assert.equal(finish, 'stop');
          }
        }
        for (const { ids, finish } of await completions(eosIds, 7)) {
          assert.deepEqual(ids, [7, 7, 7, 7, 7]);
          assert.equal(finish, 'length');
        }
      }
    } finally {
      await engine.dispose();
    }
  });
});

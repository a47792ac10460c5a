import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { withAdvice } from '../../src/trainer/advice.js';

const context = (savedAt: number) =>
  ({ run: { dir: 'runs/my' }, parts: {}, savedAt }) as unknown as Parameters<typeof withAdvice>[2];

describe('a GPU that fails in the middle of a run', () => {
  const said = 'the GPU says "an illegal memory access was encountered" at attention_forward, after qkv';
  const advised = (savedAt: number) =>
    withAdvice(new GlossaError('GPU_FAILED', said), 7, context(savedAt)) as GlossaError;

  it('is told with the step, the kernel and the command that goes on from the last checkpoint', () => {
    const { code, message, hint } = advised(4);
    assert.equal(code, 'GPU_FAILED');
    assert.equal(message, `step 7: ${said}`);
    assert.equal(hint, 'the state after step 4 is saved: npx glossa train --resume runs/my');
  });

  it('is told with what to do where nothing was saved', () => {
    assert.match(advised(0).hint!, /nothing was saved yet/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labModelOf } from '../../src/config/index.js';
import { demoRecipe } from '../../src/lab/index.js';
import { labSettings } from '../../src/trainer/index.js';

describe('model.lab', () => {
  it("is the demo's recipe where nothing is said", () => {
    assert.deepEqual(labSettings(labModelOf({}), 5), demoRecipe(5).lab);
    assert.deepEqual(labSettings(labModelOf({ control: true, seed: 3 }), 5), demoRecipe(3).control);
  });

  it('changes what is said, and the learning rates with the size', () => {
    const settings = labSettings(labModelOf({ size: 'small', pretrain: { steps: 7 }, problems: { max_total: 50 } }), 1);
    const recipe = demoRecipe(1).lab;
    assert.deepEqual(settings, {
      ...recipe,
      size: 'small',
      pretrain: { ...recipe.pretrain, learningRate: 2.5e-3, finalLearningRate: 2.5e-4, steps: 7 },
      problems: { ...recipe.problems, maxTotal: 50 },
    });
  });

  it('takes a language mix as a whole', () => {
    const settings = labSettings(
      labModelOf({ mix: { en: { share: 1, worked: 1 }, zh: { share: 1, worked: 0, code_switch: 0.1 } } }),
      1,
    );
    assert.deepEqual(settings.mix, {
      en: { share: 1, worked: 1, codeSwitch: 0 },
      zh: { share: 1, worked: 0, codeSwitch: 0.1 },
    });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labModelOf } from '../../src/config/index.js';
import { demoRecipe } from '../../src/lab/index.js';
import { labSettings } from '../../src/inputs/index.js';

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

  it("joins languages to the recipe's, changes one value of them, and leaves out what is null", () => {
    const { mix } = demoRecipe(1).lab;
    const mixOf = (asked: object) => labSettings(labModelOf(asked), 1).mix;
    assert.deepEqual(mixOf({ mix: { ko: { code_switch: 0.02 } } }), { ...mix, ko: { ...mix.ko!, codeSwitch: 0.02 } });
    assert.deepEqual(mixOf({ mix: { ko: null, zh: { share: 1, code_switch: 0.1 } } }), {
      en: mix.en,
      zh: { share: 1, worked: 0, codeSwitch: 0.1 },
    });
    assert.deepEqual(Object.keys(mixOf({ mix: { zh: { share: 1 }, ko: { share: 1 } } })), ['en', 'ko', 'zh']);
  });

  it('switches nowhere in the control, whatever the mix says', () => {
    const asked = labModelOf({ control: true, mix: { th: { share: 0.2, code_switch: 0.5 } } });
    const switches = Object.values(labSettings(asked, 1).mix).map(({ codeSwitch }) => codeSwitch);
    assert.deepEqual(switches, [0, 0, 0]);
  });
});

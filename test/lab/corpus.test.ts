import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkMix, corpusDocument } from '../../src/lab/corpus.js';
import { demoRecipe, recipeHash } from '../../src/lab/index.js';
import { learningRateAt } from '../../src/lab/pretrain.js';
import type { LabSettings } from '../../src/lab/types.js';

const { lab, control } = demoRecipe(1);

describe('the corpus', () => {
  const settings: LabSettings = {
    ...lab,
    mix: {
      en: { share: 3, worked: 1, codeSwitch: 0 },
      ko: { share: 1, worked: 0.25, codeSwitch: 0.2 },
    },
  };
  const n = 8000;
  const documents = Array.from({ length: n }, (_, index) => corpusDocument(settings, index));

  test('mixes languages, styles and code-switching as asked', () => {
    const share = (of: typeof documents, which: (document: (typeof documents)[number]) => boolean) =>
      of.filter(which).length / of.length;
    const near = (value: number, expected: number, count: number) =>
      assert.ok(
        Math.abs(value - expected) < 4 * Math.sqrt((expected * (1 - expected)) / count),
        `${value} for ${expected}`,
      );
    const korean = documents.filter(({ language }) => language === 'ko');
    const own = korean.filter(({ solutionLanguage }) => solutionLanguage === 'ko');
    near(korean.length / n, 0.25, n);
    near(1 - own.length / korean.length, 0.2, korean.length);
    near(
      share(own, ({ solution }) => solution.includes('=')),
      0.25,
      own.length,
    );
    const english = documents.filter(({ language }) => language === 'en');
    assert.equal(
      share(english, ({ solutionLanguage, solution }) => solutionLanguage === 'en' && solution.includes('=')),
      1,
    );
    const switched = korean.filter(({ solutionLanguage }) => solutionLanguage === 'en');
    assert.equal(
      share(switched, ({ question, solution }) => /[가-힣]/.test(question) && /so \d/.test(solution)),
      1,
    );
  });

  test('depends on seed and index alone, and the control differs only where the code is switched', () => {
    assert.deepEqual(corpusDocument(settings, 77), documents[77]);
    assert.notDeepEqual(corpusDocument({ ...settings, seed: 2 }, 77), documents[77]);
    for (let index = 0; index < 500; index++) {
      const document = corpusDocument(lab, index);
      const plain = corpusDocument(control, index);
      assert.equal(plain.question, document.question);
      if (document.solutionLanguage === document.language) assert.deepEqual(plain, document);
      else assert.equal(plain.solutionLanguage, 'ko');
    }
  });

  test('refuses a mix that means nothing', () => {
    const refused = { code: 'LAB_SETTINGS' };
    assert.throws(() => checkMix({}), refused);
    assert.throws(() => checkMix({ en: { share: 0, worked: 1, codeSwitch: 0 } }), refused);
    assert.throws(() => checkMix({ en: { share: 1, worked: 1.5, codeSwitch: 0 } }), refused);
    assert.throws(() => checkMix({ en: { share: 1, worked: 1, codeSwitch: 0.1 } }), refused);
    checkMix(lab.mix);
  });
});

test('the learning rate warms up to its peak and falls to the final rate along half a cosine', () => {
  const pretrain = { ...lab.pretrain, steps: 110, warmupSteps: 10, learningRate: 2, finalLearningRate: 1 };
  assert.equal(learningRateAt(pretrain, 0), 0.2);
  assert.equal(learningRateAt(pretrain, 9), 2);
  assert.equal(learningRateAt(pretrain, 10), 2);
  assert.ok(Math.abs(learningRateAt(pretrain, 60) - 1.5) < 1e-12);
  assert.ok(learningRateAt(pretrain, 109) - 1 < 1e-3);
});

test('the name of a recipe follows its values, not the order of its keys', () => {
  const turned = Object.fromEntries(Object.entries(lab).reverse()) as unknown as LabSettings;
  assert.equal(recipeHash(turned), recipeHash(lab));
  assert.notEqual(recipeHash({ ...lab, seed: 2 }), recipeHash(lab));
  assert.notEqual(recipeHash(control), recipeHash(lab));
});

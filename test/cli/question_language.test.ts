import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { questionLanguage } from '../../src/cli/question_language.js';
import type { Language } from '../../src/language/types.js';

const QUESTIONS = {
  en: 'Tom has 3 apples and buys 4 more. How many apples has he?',
  ko: '민수는 사과를 3개 가지고 있습니다. 모두 몇 개입니까?',
  zh: '小明有三个苹果,又买了四个,一共有多少个?',
  ja: 'りんごが3個あります。4個買いました。全部で何個ですか。',
  th: 'แดงมีแอปเปิ้ล 3 ผล ซื้อเพิ่มอีก 4 ผล มีทั้งหมดกี่ผล',
  uk: 'Іван має 3 яблука і купує ще 4. Скільки яблук він має?',
} satisfies Partial<Record<Language, string>>;

describe('the language that a question is asked in', () => {
  it("is the run's where there is one", () => {
    for (const question of [...Object.values(QUESTIONS), '1 + 1 = ?', ''])
      assert.equal(questionLanguage(question, ['th']), 'th');
  });

  it("is that of the question's words where there is no run, or where the run has several", () => {
    for (const [language, question] of Object.entries(QUESTIONS)) {
      assert.equal(questionLanguage(question, []), language);
      assert.equal(questionLanguage(question, ['en', 'ko', 'zh', 'ja', 'th', 'uk']), language);
    }
    assert.equal(questionLanguage(QUESTIONS.ja, ['ko', 'en']), 'ko');
  });

  it('is English, or the first of the run, where there are no words', () => {
    assert.equal(questionLanguage('3 + 4 = ?', []), 'en');
    assert.equal(questionLanguage('3 + 4 = ?', ['ja', 'ko']), 'ja');
  });
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { labelWords, measureLanguage, type Language, type WordCounts } from '../../src/language/index.js';
import { sharedPath } from '../shared.js';

/** A text, the language of its prompt, and the words expected by language ('+': any number above 0); all others 0. */
type Case = [text: string, target: Language, expected: Partial<Record<keyof WordCounts, number | '+'>>];

function holds(name: string, cases: readonly Case[]): void {
  test(name, () => {
    for (const [text, target, expected] of cases) {
      const { words } = measureLanguage(text, target);
      const labelled = labelWords(text, target)
        .map(({ start, end, language }) => `${text.slice(start, end)}/${language}`)
        .join(' ');
      for (const [language, n] of Object.entries(words) as [keyof WordCounts, number][]) {
        const wanted = expected[language] ?? 0;
        assert.ok(wanted === '+' ? n > 0 : n === wanted, `${text} (${target}): ${language} ${n}; ${labelled}`);
      }
    }
  });
}

holds('Japanese and Chinese without kana are told apart by characters only one of them writes', [
  ['労働、峠、自動販売機', 'en', { ja: '+' }],
  ['国際労働機関、峠の茶屋、駅前広場', 'ko', { ja: '+' }],
  ['円周率、戦争、図書館、気温', 'en', { ja: '+' }],
  ['电脑、苹果、这个问题', 'ja', { zh: '+' }],
  ['我們說這個問題', 'ja', { zh: '+' }],
  // Nothing to tell by: the target, else Chinese.
  ['時間計算', 'ja', { ja: '+' }],
  ['時間計算', 'ko', { zh: '+' }],
]);

holds('one particle among Han letters is Japanese, a quotation or a の of a shop sign is not', [
  ['持込申請は最悪状態完了', 'en', { ja: '+' }],
  ['他说「ありがとう」然后就离开了学校', 'zh', { zh: '+', ja: '+' }],
  ['鲜の味餐厅', 'zh', { zh: '+', ja: '+' }],
]);

holds('Russian under a Ukrainian target, by its endings', [
  ['Цветовая тема', 'uk', { ru: 2 }],
  ['Большая собака', 'uk', { ru: 2 }],
  ['Красное яблоко', 'uk', { ru: 2 }],
  ['Правильный ответ', 'uk', { ru: 2 }],
  ['Итого семь яблок', 'uk', { ru: 3 }],
  ['Велика собака', 'uk', { uk: 2 }],
  ['Правильна відповідь', 'uk', { uk: 2 }],
  ['Червоне яблуко', 'uk', { uk: 2 }],
]);

holds('Belarusian, Bulgarian and Serbian are neither', [
  ['Мова і культура Беларусі маюць багатую гісторыю', 'uk', { other: 7 }],
  ['Хлопчык мае пяць яблыкаў', 'uk', { other: 4 }],
  ['Колькі яблыкаў засталося?', 'uk', { other: 3 }],
  ['У Алеся было дзесяць яблыкаў, ён аддаў тры сястры', 'uk', { other: 9 }],
  ['Момчето има пет ябълки и яде две', 'uk', { other: 7 }],
  ['Дечак има пет јабука', 'uk', { other: 4 }],
]);

holds('letters of the other alphabet that look alike do not change the word', [
  ['Вiдповiдь: сiм яблук i три грушi', 'uk', { uk: 6 }],
  ['Cкiльки яблук залишилося?', 'uk', { uk: 3 }],
  ['Ответ: cемь яблок', 'uk', { ru: 3 }],
  ['The аpple is red', 'en', { en: 4 }],
  ['iPhoneом пользуются', 'ko', { ru: '+' }],
]);

holds('identifiers and operands are no words', [
  ['변수 total_cost는 price * quantity로 계산합니다.', 'ko', { ko: 4 }],
  ['함수 get_total은 numApples를 돌려줍니다', 'ko', { ko: 4 }],
  ['x = price * count 입니다', 'ko', { ko: 1 }],
  ['결과 total += price 이다', 'ko', { ko: 2 }],
  ['calculateTotal() 함수를 부릅니다', 'ko', { ko: 2 }],
  // Prose with a sign in it stays prose.
  ['Tom has 5 apples = 3 + 2', 'en', { en: 3 }],
  ['**Answer**: five apples', 'en', { en: 3 }],
  ['* Total cost of apples', 'en', { en: 4 }],
  ['She said and/or he said', 'en', { en: 6 }],
]);

holds('addresses without a scheme, mail, files', [
  ['example.org 또는 me@example.com 으로 문의하세요.', 'ko', { ko: 3 }],
  ['naver.com 에서 hong.gil@corp.co.kr 로', 'ko', { ko: 2 }],
  ['파일 main.py 와 data.csv 를 보세요', 'ko', { ko: 4 }],
  ['Вiн пише на test@mail.ua щодня', 'uk', { uk: 4 }],
  ['That is the end.So we stop', 'en', { en: 7 }],
]);

holds('entities of HTML', [
  ['정답은 5입니다.&nbsp;감사합니다.<br>끝', 'ko', { ko: 4 }],
  ['답은&nbsp;7&lt;8&amp;9&#39;입니다&#x27;', 'ko', { ko: 2 }],
]);

holds('units with a stroke', [
  ['Маса 5 кг, швидкість 60 км/год.', 'uk', { uk: 2 }],
  ['60 km/h 속도, 5 kg/m 무게', 'ko', { ko: 2 }],
  ['Швидкість 5 м/с, густина 3 г/см', 'uk', { uk: 2 }],
  ['скорость в км/ч', 'ko', { ru: 2 }],
  ['минулий год', 'uk', { uk: 2 }],
]);

holds('names of points and triangles, full-width too; words in capitals stay words', [
  ['삼각형 ABC의 넓이는 5이다.', 'ko', { ko: 4 }],
  ['점 A와 B, 선분 AB와 삼각형 PQR', 'ko', { ko: 5 }],
  ['ＡＢＣ 삼각형', 'ko', { ko: 1 }],
  ['SO THE ANSWER IS SEVEN', 'en', { en: 5 }],
]);

holds('hanja: a gloss is counted with its word, a word with a Korean ending is Korean; Chinese is not hidden by it', [
  ['이자(利子)는 원금의 5%이다.', 'ko', { ko: 4 }],
  ['원금(元金)과 이율(利率)의 곱', 'ko', { ko: 5 }],
  ['韓國의 人口는 많다', 'ko', { ko: 3 }],
  ['답(现在用中文想一想)은', 'ko', { ko: 2, zh: '+' }],
]);

holds('romanised Korean, Japanese, Chinese and Ukrainian are not English', [
  ['Minsuneun sagwa segaereul gajigo itseumnida. Modu myeot gaeingayo?', 'en', { other: 8 }],
  ['Geuraeseo dabeun chil imnida. Modu deohamyeon yeol gaeimnida.', 'en', { other: 8 }],
  ['Taro wa ringo wo mittsu motte imasu. Hanako ni hitotsu agemashita.', 'en', { other: 11 }],
  ['Xiaoming you san ge pingguo, ta chi le yi ge.', 'en', { other: 10 }],
  ['Skilky yabluk zalyshylosia u Tarasa pislia obidu?', 'en', { other: 6 }],
  ['You can see men and women who sing a song in Hong Kong', 'ko', { en: 13 }],
]);

holds('prose hidden in mathematics, code, comments and tags is counted', [
  ['답을 구하자. $$Now I think in English because nobody counts it.$$ 답은 5이다.', 'ko', { ko: 4, en: 9 }],
  ['답을 구하자. `Now I think in English because nobody counts it.` 답은 5이다.', 'ko', { ko: 4, en: 9 }],
  ['답 \\( so we add them together and get seven \\) 이다', 'ko', { ko: 2, en: 8 }],
  ['답 \\[ so we add them together and get', 'ko', { ko: 1, en: 7 }],
  ['답 $\\text{now I think about the number of apples}$ 이다', 'ko', { ko: 2, en: 8 }],
  ['```\nNow I will think in English about this problem\n```\n답', 'ko', { ko: 1, en: 9 }],
  ['<!-- Now I think in English here --> 답', 'ko', { ko: 1, en: 6 }],
  ['$$现在我用中文来想这个问题$$ 답', 'ko', { ko: 1, zh: '+' }],
  // Formulas and code with words in them stay what they are.
  ['```python\nfor item in list of items: return total price\n```\n답', 'ko', { ko: 1 }],
  ['답은 $x = 5 \\text{ apples}$', 'ko', { ko: 1 }],
  ['`the price` 답', 'ko', { ko: 1 }],
]);

holds('prose is prose however it is joined or where it is put', [
  ['```\nlet me think about it in English for a while\n```\n답', 'ko', { en: 10, ko: 1 }],
  ['~~~\nif Tom has five apples then he needs two more apples\n~~~\n답', 'ko', { en: 11, ko: 1 }],
  ['```\nreturn to the question and think about the apples in English\n```\n답', 'ko', { en: 11, ko: 1 }],
  ['```python\n# now let us think in plain English about it\nx = 5\n```\n답', 'ko', { en: 9, ko: 1 }],
  ['`we_now_think_in_English_about_the_apples` 답', 'ko', { en: 8, ko: 1 }],
  ['we_now_think_in_English_about_the_apples 답', 'ko', { en: 8, ko: 1 }],
  ['nowWeThinkInEnglishAboutTheApples 답', 'ko', { en: 1, ko: 1 }],
  ['$now\\ we\\ think\\ in\\ English\\ about\\ apples$ 답', 'ko', { en: 7, ko: 1 }],
  ['$now~we~think~in~English~about~apples$ 답', 'ko', { en: 7, ko: 1 }],
  ['`now-we-think-in-English-about-apples` 답', 'ko', { en: 7, ko: 1 }],
  ['`지금 나는 한국어로 생각하고 있습니다` the answer is five', 'en', { ko: 5, en: 4 }],
  ['$$тепер ми думаємо українською мовою$$ 답', 'ko', { uk: 5, ko: 1 }],
  // Names, code and addresses stay what they are.
  ['`total_number_of_red_apples` 답', 'ko', { ko: 1 }],
  ['totalNumberOfRedApples 답', 'ko', { ko: 1 }],
  ['`btn-primary-large-active` 답', 'ko', { ko: 1 }],
  ['```python\ndef total(price, quantity):\n    return price * quantity\n```\n따라서 15개입니다.', 'ko', { ko: 2 }],
  ['https://example.org/how-many-apples-does-tom-have-left 답', 'ko', { ko: 1 }],
]);

holds('Chinese in a Japanese sentence, traditional Chinese under a Japanese target', [
  ['我们现在用中文思考这个问题，答えは5です', 'ja', { zh: '+', ja: 3 }],
  ['$$我们现在用中文思考这个问题因为没人数它$$ 答えは5です', 'ja', { zh: '+', ja: 3 }],
  ['電話號碼', 'ja', { zh: '+' }],
  ['對應號碼', 'ja', { zh: '+' }],
  ['躊躇、薔薇、檸檬', 'ja', { ja: '+' }],
  ['國語와 韓國의 人口는 많다', 'ko', { ko: 4 }],
]);

holds('formulas, points, units and currencies take no word from honest text', [
  ['$x + y = 10$이므로 $\\triangle ABC$의 넓이는 $5\\text{ cm}^2$이다.', 'ko', { ko: 4 }],
  ['점 A(1, 2)와 점 B(3, 4) 사이의 거리', 'ko', { ko: 5 }],
  ['直線ABと線分CDの交点をPとする。', 'ja', { ja: '+' }],
  ['设x为苹果的数量，则2x+3=11，解得x=4。', 'zh', { zh: '+' }],
  ['ให้ x แทนจำนวนแอปเปิล จะได้ 2x + 3 = 11', 'th', { th: '+' }],
  ['Нехай x — кількість яблук, тоді 2x + 3 = 11.', 'uk', { uk: 4 }],
  ['Площа трикутника ABC дорівнює 12 см².', 'uk', { uk: 3 }],
  ['ราคา 5 USD หรือ 150 THB', 'th', { th: '+' }],
  ['Ціна 25 грн/кг, маса 3 кг.', 'uk', { uk: 2 }],
]);

holds('short English without a function word stays English', [
  ["Janet's ducks lay 16 eggs", 'en', { en: 4 }],
  ['Uncle Jude baked cookies', 'en', { en: 4 }],
  ['Uki owns a bakery', 'en', { en: 4 }],
]);

holds('other languages in Latin letters, asked for or not', [
  ['Primero, necesitamos saber cuántas manzanas tiene. Después las sumamos.', 'es', { es: 9 }],
  ['Primero, necesitamos saber cuántas manzanas tiene. Después las sumamos.', 'ko', { es: 9 }],
  ['Première étape : combien de pommes reste-t-il ?', 'fr', { fr: 7 }],
  ['Das sind zusammen 57 Blumen, also bleiben noch 12 übrig.', 'de', { de: 8 }],
  ['O João tem 12 maçãs e dá 5 à irmã.', 'pt', { pt: 8 }],
  ['Anna ha 12 mele e ne regala 5 a suo fratello.', 'it', { it: 9 }],
  ['Lan có 12 quả táo và cho em trai 5 quả.', 'vi', { vi: 9 }],
  ['Ani memiliki 12 apel dan memberikan 5 apel kepada adiknya.', 'id', { id: 8 }],
  ["Ayşe'nin 12 elması var ve 5 tanesini kardeşine veriyor.", 'tr', { tr: 7 }],
  ['Bata wa Janet hutaga mayai 16 kila siku.', 'sw', { sw: 7 }],
  ['لدى سارة 12 تفاحة وأعطت أخاها 5 منها.', 'ar', { ar: 6 }],
  ['सीता के पास 12 सेब हैं।', 'hi', { hi: 5 }],
  ['প্রথমে আমরা কমলার মোট সংখ্যা বের করি।', 'bn', { bn: 7 }],
  ['కాబట్టి సమాధానం 18.', 'te', { te: 2 }],
  ['Мама дома', 'ru', { ru: 2 }],
]);

holds('English under a target in Latin letters, as sentence, clause, heading and hidden', [
  ['So we need to find how many apples are left.', 'es', { en: 10 }],
  [
    'Primero, we need to find the number of apples, y luego sumamos las naranjas que quedan.',
    'es',
    { en: '+', es: '+' },
  ],
  ['La respuesta es 5. Let me check the answer again. Sí, es correcta.', 'es', { es: 6, en: 6 }],
  ['So the first step is simple, aber wir müssen noch die Anzahl finden', 'de', { en: 6, de: 7 }],
  ['Final answer: 18', 'pt', { en: 2 }],
  ['Resposta final: 18', 'pt', { pt: 2 }],
  ['La respuesta es $$Now I think in English because nobody counts it$$ 5', 'es', { es: 3, en: 9 }],
  ['Jawabannya adalah `now we think in English about the apples` 5', 'id', { id: 2, en: 8 }],
  ['Cevap <!-- let us think in English about it now --> beştir.', 'tr', { tr: 2, en: 8 }],
  ['الجواب $$Now I think in English because nobody counts it$$ هو 5', 'ar', { ar: 2, en: 9 }],
]);

holds('prose of any script hidden in mathematics and code is given back', [
  ['The answer $$الآن أفكر باللغة العربية في هذه المسألة$$ is 5', 'en', { en: 3, ar: 7 }],
  ['The answer `अब मैं हिंदी में सोच रहा हूँ` is 5', 'en', { en: 3, hi: 7 }],
  ['The answer $$এখন আমি বাংলায় ভাবছি এই সমস্যা$$ is 5', 'en', { en: 3, bn: 6 }],
  ['The answer $$ahora pienso en español sobre las manzanas$$ is 5', 'en', { en: 3, es: 7 }],
]);

holds('variables, units, money and names under targets in Latin letters and in new scripts', [
  ['Sea x el número de manzanas: 2x + 3 = 11, x = 4 y y = 5.', 'es', { es: 5 }],
  ['El perímetro mide 36 cm y el tren va a 80 km/h.', 'es', { es: 8 }],
  ['Harganya Rp 50.000 per buku', 'id', { id: 3 }],
  ['السرعة 80 كم والوزن 5 كغ', 'ar', { ar: 2 }],
  ['गति 80 किमी और वज़न 5 किग्रा है', 'hi', { hi: 4 }],
  ['variabel total_harga dihitung dengan harga * jumlah', 'id', { id: 4 }],
  ['Escribe a ana@correo.es o mira example.org/es', 'es', { es: 4 }],
  ['Le triangle ABC a une aire de 12 cm².', 'fr', { fr: 6 }],
  ['হিসাব: 20টি কলম', 'bn', { bn: 3 }],
]);

holds('neighbours in the same script are other', [
  ['او دوازده سیب دارد و پنج تا را به خواهرش می‌دهد', 'ar', { other: 11 }],
  ['اس کے پاس بارہ سیب ہیں اور وہ پانچ دیتا ہے', 'ar', { other: 11 }],
  ['त्याच्याकडे बारा सफरचंद आहेत आणि तो पाच देतो', 'hi', { other: 8 }],
  ['उनीसँग बाह्र वटा स्याउ छन् र पाँच वटा दिन्छन्', 'hi', { other: 9 }],
  ['Jan heeft twaalf appels en geeft er vijf aan zijn zus.', 'de', { other: 11 }],
  ["L'Anna té dotze pomes i en dona cinc al seu germà.", 'es', { other: '+' }],
]);

const collected = sharedPath('cases/language.jsonl');
test('cases collected elsewhere', { skip: existsSync(collected) ? false : `no ${collected}` }, () => {
  for (const line of readFileSync(collected, 'utf8').trim().split('\n')) {
    const { completion, lang, expected } = JSON.parse(line) as {
      completion: string;
      lang: Language;
      expected: Partial<Record<keyof WordCounts, number | '+'>>;
    };
    const { words } = measureLanguage(completion, lang);
    for (const [language, wanted] of Object.entries(expected) as [keyof WordCounts, number | '+'][])
      assert.ok(
        wanted === '+' ? words[language] > 0 : words[language] === wanted,
        `${completion}: ${JSON.stringify(words)}`,
      );
  }
});

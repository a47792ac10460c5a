import { ANSWER_CUE } from './cue.js';

/** Marks of a chat's turns, in models that run on after their own. */
const TURN =
  /<\|(?:im_start|im_end|endoftext|eot_id|start_header_id|user|end)\|>|<\/s>|<(?:start|end)_of_turn>|\[INST\]|\n[ \t]*(?:(?:Human|User|Assistant|사용자|用户|用戶|ユーザー|ผู้ใช้|Користувач|Пользователь)\s*[:：]|(?:user|assistant|human)[ \t]*(?=\n))/;
const LABEL =
  '(?:(?:next|new|다음|下一道?|次の|另一?|наступн\\p{L}+|следующ\\p{L}+) ?)?(?:question|problem|exercise|q|instruction|문제|질문|问题?|問題?|题目?|題目?|質問|คำถาม|โจทย์|ปัญหา|питання|запитання|задача|завдання|вопрос)';
/** An example of a prompt may be one of a solution too. */
const EXAMPLE = '(?:example|예제|例题?|例題?|ตัวอย่าง|ข้อ|приклад|пример)';
/** A line that begins another question: a label with a colon, in brackets, or as a heading. A number makes it doubtful. */
const QUESTION = new RegExp(
  String.raw`^[ \t#*]{0,8}(?:[【\[［(]?(?:${LABEL}|(${EXAMPLE}))[ \t]*(?:ที่ ?|№ ?)?(\p{Nd}*)[ \t*]*(?:[:：]|[】\]］)][ \t]*[:：]?|(?<=\p{Nd})\.[ \t])|(?<=#[ \t]*)${LABEL}[ \t]*(\p{Nd}*)[ \t*]*$)`,
  'gimu',
);

/**
 * A completion without what runs on behind its answer: another turn of a chat, or a line that begins a new question. Such a
 * line ends the answer only where one was given before it, so a question that is repeated first cuts nothing; a numbered
 * one (`Question 2:`) or an example may be a part of the solution and needs a marked answer before it.
 */
export function ownPart(text: string): string {
  const turn = TURN.exec(text);
  const own = turn !== null && text.slice(0, turn.index).trim() !== '' ? text.slice(0, turn.index) : text;
  let marked: number | undefined;
  let answered: number | undefined;
  const before = (place: number, at: number): boolean => place >= 0 && place < at;
  for (const question of own.matchAll(QUESTION)) {
    marked ??= own.search(/####|boxed ?\{/);
    if (before(marked, question.index)) return own.slice(0, question.index);
    if (!question.slice(1).every((doubt) => !doubt)) continue;
    answered ??= own.search(ANSWER_CUE);
    if (before(answered, question.index)) return own.slice(0, question.index);
  }
  return own;
}

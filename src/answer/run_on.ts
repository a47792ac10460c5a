import { ANSWER_CUE } from './cue.js';

/** Marks of a chat's turns, in models that run on after their own. */
const TURN =
  /<\|(?:im_start|im_end|endoftext|eot_id|start_header_id|user|end)\|>|<\/s>|<(?:start|end)_of_turn>|\[INST\]|\n[ \t]*(?:Human|User)\s*:/;
/** A line that begins another question, as in the examples of a prompt. */
const QUESTION =
  /^[ \t#*]{0,8}(?:next |new )?(?:question|problem|exercise|q|instruction|문제|질문|问题|問題|题目|題目|質問|คำถาม|โจทย์|питання|запитання|задача|завдання|вопрос)[ \t]*(\d*)[ \t*]*[:：]/gimu;

/**
 * A completion without what runs on behind its answer: another turn of a chat, or a line that begins a new question. Such a
 * line ends the answer only where one was given before it, so a question that is repeated first cuts nothing; a numbered
 * one (`Question 2:`) may be a part of the solution and needs a marked answer before it.
 */
export function ownPart(text: string): string {
  const turn = TURN.exec(text);
  const own = turn !== null && text.slice(0, turn.index).trim() !== '' ? text.slice(0, turn.index) : text;
  for (const question of own.matchAll(QUESTION)) {
    const before = own.slice(0, question.index);
    const marked = /####|boxed ?\{/.test(before);
    if (marked || (question[1] === '' && new RegExp(ANSWER_CUE.source, 'iu').test(before))) return before;
  }
  return own;
}

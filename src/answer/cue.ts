/** Of scripts with spaces, a letter neither before nor behind. */
const WHOLE = [
  String.raw`(?:answer|result|solution)s?(?: to [^.\n]{0,60}?)? ?(?:is|are|was|would be|will be|should be|must be|equals|=|:)`,
  String.raw`(?:antwort|lösung|ergebnis)(?: \p{L}{2,12})? ?(?:ist|lautet|beträgt|:|=)`,
  String.raw`(?:respuesta|solución|resultado|resposta|solução|risposta|soluzione|risultato)(?: \p{L}{2,12})? ?(?:es|é|è|:|=)`,
  String.raw`(?:réponse|résultat)(?: \p{L}{2,12})? ?(?:est|:|=)`,
  String.raw`(?:jawaban|hasil)(?:nya)?(?: akhir(?:nya)?)? ?(?:adalah|ialah|:|=)`,
  String.raw`(?:jibu|jawabu)(?: sahihi| la mwisho)? ?(?:ni|:|=)`,
  String.raw`(?:cevap|yanıt|sonuç)(?: olarak)? ?[:=]?`,
  String.raw`(?:đáp án|đáp số|câu trả lời|kết quả)(?: cuối cùng| đúng)? ?(?:là|:|=)`,
].join('|');
/** The same, behind which a letter may stand. */
const BEGUN = [
  String.raw`(?:최종 ?)?(?:정답|해답|답안|답변|답|결과) ?(?:은|는|:|=)`,
  String.raw`(?:відповідь|результат) ?(?:(?:є|дорівнює|буде|становить|така)(?!\p{L})|:|=|[-\u2013\u2014](?= ))?`,
  String.raw`(?:ответ|результат) ?(?:(?:равен|будет|составляет|такой|это)(?!\p{L})|:|=|[-\u2013\u2014](?= ))?`,
].join('|');
/** Of the others. */
const ANYWHERE = [
  String.raw`(?:答案|答数|得数|结果|結果)(?:应该|應該)?(?:就是|是|为|為|等于|等於|:|=)|(?<!\p{L})答 ?:`,
  String.raw`(?:答え|答|解答|正解|結果)(?:は|:|=)`,
  String.raw`(?:คำตอบ|ผลลัพธ์|ตอบ)[ก-๎]{0,20}? ?(?:คือ|เท่ากับ|เป็น|ว่า|:|=)?`,
  String.raw`(?:الإجابة|الجواب|الناتج)(?: [\p{L}]{2,12})? ?(?:هي|هو|:|=)`,
  String.raw`(?:उत्तर|जवाब)(?: है)? ?[:=]?(?![\p{L}\p{M}])`,
  String.raw`উত্তর(?:টি)? ?(?:হল|হলো|হচ্ছে|:|=)?(?![\p{L}\p{M}])`,
  String.raw`(?:సమాధానం|జవాబు) ?[:=]?(?![\p{L}\p{M}])`,
].join('|');

/** Words behind which the answer is given, in each language that is measured. Global, ignoring case. Letters beside a word are looked for in one place: such a class takes long to compile. */
export const ANSWER_CUE = new RegExp(String.raw`(?<!\p{L})(?:(?:${WHOLE})(?!\p{L})|${BEGUN})|${ANYWHERE}`, 'giu');

/** What may stand between the cue and the number. */
export const FILLER =
  /(?:[\s*_"'“”«»「『([{:→]|(?:therefore|thus|approximately|about|around|roughly|exactly|just|only|simply|a total of|총|모두|약|대략|바로|约|約|大约|共|一共|总共|ちょうど|およそ|全部で|合計で?|ทั้งหมด|ประมาณ|приблизно|рівно|примерно|около|ровно|[a-z] ?=) ?)*/iuy;

/** Words that take back what was said before them. */
export const CORRECTION =
  /(?<!\p{L})(?:wait|no,|nope|actually|correction|sorry|oops|hold on|incorrect|wrong|잠깐|아니[,，]|아니(?= \d)|아니요|стоп|ні,|зачекай|помилка|нет,|подожд|погод|ошиб)|不对|不對|(?<=[，、]|^)不[，,]|等等|等一下|更正|いや|違います|間違|待って|เดี๋ยว|ไม่ใช่สิ|ผิด/iu;

/** Words right before a sum or a remainder. */
export const DIRECT_CUE =
  /(?:(?:一共|总共|總共|共|合计|合計|总数|總數|总计|剩下?|还剩|還剩|等于|等於|余下)(?:就?是|有|为|為|了)?|(?:全部で|合計(?:で|は)?|合わせて|残りは)、?|(?<!\p{L})(?:모두|총|합계는?|합은|전부) ?|(?:ทั้งหมด|รวม|เหลือ|เท่ากับ|คือ)(?:คือ|เป็น|มี|ได้)? ?|(?<!\p{L})(?:усього|всього|разом|загалом|залишил[аиое]ся|дорівнює|становить|итого|всего|осталось|равно|составляет|total (?:is|of)|equals|makes) )$/iu;

/** What a sentence that concludes has. */
export const CONCLUSION =
  /(?<!\p{L})(?:so|therefore|thus|hence|consequently|finally|total|altogether|in all|left|remaining|remains?|따라서|그러므로|그래서|결국|총|모두|남은|남아|отже|тому|таким чином|разом|усього|всього|загалом|залиш\p{L}+|итак|значит|поэтому|следовательно|итого|всего|осталось)(?!\p{L})|所以|因此|故|于是|答|一共|总共|總共|剩|合计|よって|したがって|だから|ゆえに|全部で|合計|残り|ดังนั้น|เพราะฉะนั้น|สรุป|รวม|เหลือ|ทั้งหมด/iu;

/**
 * How well the language of a text is told, as docs/language.md has it: for every language and corpus of sentences, whole sentences and
 * four words from their middle, asked for that language itself, for English and for Korean; and every pair of languages in Latin
 * letters, by what is asked for.
 *
 *   node --import tsx scripts/language_accuracy.ts [--pairs]
 *
 * Corpora: lingua's sentences and MGSM's questions in the shared data folder ($GLOSSA_SHARED or ../shared), and
 * test/language/sentences. What is not there is left out.
 */
import yargs from 'yargs';
import { LANGUAGE_TABLE, LANGUAGES, type CountedLanguage, type Language } from '../src/language/index.js';
import { accuracy, fourWords, sentences, type Corpus } from '../test/language/accuracy.js';

const { pairs } = yargs(process.argv.slice(2))
  .options({ pairs: { type: 'boolean', default: false, describe: 'each language asked for each other one' } })
  .strict()
  .parseSync();

if (pairs) printPairs();
else printTable();

function printTable(): void {
  console.log('| language | sentences | n | itself | en | ko | 4 words: itself | en | ko | taken for |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const language of [...LANGUAGES, 'other'] as CountedLanguage[]) {
    for (const corpus of ['lingua', 'mgsm', 'own'] as Corpus[]) {
      const texts = sentences(corpus, language);
      if (texts === undefined) continue;
      const short = texts.flatMap((text) => fourWords(text) ?? []);
      const targets: Language[] = [language === 'other' ? 'de' : language, 'en', 'ko'];
      const whole = targets.map((target) => accuracy(texts, language, target));
      const four = targets.map((target) =>
        short.length * 2 < texts.length ? null : accuracy(short, language, target),
      );
      const taken = whole[1]!.takenFor.slice(0, 3).map(([code, n]) => `${code} ${n}`);
      const cells = [language, corpus, texts.length, ...whole.map(percent), ...four.map(percent), taken.join(', ')];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}

/** Rows: the language of the text (all corpora); columns: the language asked for. */
function printPairs(): void {
  const latin = LANGUAGES.filter((language) => LANGUAGE_TABLE[language].script === 'latin');
  console.log(`| sentences, 4 words | ${latin.join(' | ')} |`);
  console.log(`| --- |${' --- |'.repeat(latin.length)}`);
  for (const language of latin) {
    const texts = (['lingua', 'mgsm', 'own'] as Corpus[]).flatMap((corpus) => sentences(corpus, language) ?? []);
    const short = texts.flatMap((text) => fourWords(text) ?? []);
    const cells = latin.map(
      (target) => `${percent(accuracy(texts, language, target))}, ${percent(accuracy(short, language, target))}`,
    );
    console.log(`| ${language} | ${cells.join(' | ')} |`);
  }
}

function percent(found: { right: number } | null): string {
  return found === null ? '' : (found.right * 100).toFixed(1);
}

"""What numbers are called: number_words.json beside this file, by language, from two sources that know nothing of glossa.

ICU's rules of CLDR (the Debian package python3-icu) and num2words (from PyPI, for the Python that has the former):

    python3 -m venv --system-site-packages V && V/bin/pip install num2words
    V/bin/python test/answer/number_words.py                                   some numbers of each
    V/bin/python test/answer/number_words.py --all build/number_words.json     0 to 10,000; the test reads it where it is there
"""

import argparse
import json
import pathlib
import unicodedata

import icu
from num2words import num2words

LANGUAGES = "bn de en es fr ja ru sw te th zh ko uk ar hi vi pt it id tr".split()
CLDR = {language: ["cardinal"] for language in "en ja sw th zh hi vi id tr".split()}
CLDR |= {language: ["cardinal-masculine", "cardinal-feminine"] for language in "es fr pt it ar de ru uk".split()}
CLDR |= {"ko": ["cardinal-sinokorean", "cardinal-native"]}
NOT_IN_NUM2WORDS = {"sw", "zh", "hi"}
SOME = sorted({*range(101), *range(101, 10_000, 331), 110, 111, 112, 118, 200, 999, 1000, 1001, 1010, 1100, 2000, 9999, 10_000})


def spellings(language, numbers):
    """Pairs of words and number."""
    rules = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(language))
    for name in CLDR.get(language, []):
        yield from ((rules.format(n, f"%spellout-{name}"), n) for n in numbers)
    if language not in NOT_IN_NUM2WORDS:
        # Its Italian 118 is "centodicotto".
        wrong = lambda n: language == "it" and n >= 100 and n % 100 == 18
        yield from ((num2words(n, lang=language).strip(), n) for n in numbers if not wrong(n))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=pathlib.Path)
    given = parser.parse_args()
    numbers = range(10_001) if given.all else SOME
    words = {}
    for language in LANGUAGES:
        words[language] = {unicodedata.normalize("NFC", text): n for text, n in spellings(language, numbers)}
    out = given.all or pathlib.Path(__file__).with_name("number_words.json")
    out.write_text(json.dumps(words, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

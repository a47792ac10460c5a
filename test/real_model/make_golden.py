"""What Transformers makes of SmolLM2-135M-Instruct: golden.json beside this file.

    python3 -m venv V && V/bin/pip install transformers==5.24.0 torch gguf numpy
    V/bin/python test/real_model/make_smollm2.py build/models/smollm2
    V/bin/python test/real_model/make_golden.py build/models/smollm2
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = [
    *["", " ", "Hello, world!", "  two  spaces\n\n\tand a tab", "12 + 345 = 357", "3.14159 1,000,000 2024-11-27", "½ ² ① ٣"],
    *["철수는 사과 12개를 가지고 있었습니다.", "小明有3个苹果。", "りんごはいくつありますか。", "มีแอปเปิ้ล ๓ ลูก", "яблук було 7"],
    *["don't we'll I'M they've", "naïve café e\u0301", "👍🏽 👨\u200d👩\u200d👧", "def f(x):\n    return x**2\n", "\\frac{1}{2} $x^2$"],
    *["<|im_start|>user\nHi<|im_end|>\n", "a<|im_end|>b <|endoftext|>", "<|im_end", "<repo_name>x<file_sep>y"],
    *["a\u0004b", "\u00a0nbsp\u3000wide\r\n", "\ufffd\ufeff", "\U00040000\U000f0000"],
]
CHATS = {
    "one question": [{"role": "user", "content": "What is 12 + 30? Explain briefly."}],
    "a system line": [{"role": "system", "content": "Answer in Korean."}, {"role": "user", "content": " 1 + 1? \n"}],
    "three turns": [
        {"role": "user", "content": "Name a fruit."},
        {"role": "assistant", "content": "An apple."},
        {"role": "user", "content": "사과 3개와 2개는 모두 몇 개?"},
    ],
}
SEQUENCES = [
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many clips did she sell altogether?",
    "철수는 사과 12개를 가지고 있었습니다. 영희에게 5개를 주었습니다. 남은 사과는 몇 개입니까? 12 - 5 = 7",
    "The quick brown fox jumps over the lazy dog.\n\n1, 2, 3, 4, 5, 6, 7, 8, 9, 10\n",
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is 7 times 6?<|im_end|>\n<|im_start|>assistant\n7 times 6 is 42.<|im_end|>\n",
]
GREEDY_TOKENS = 24


def main(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False)

    # Spellings of special tokens as letters.
    user_text = lambda text: tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)

    def chat(name, messages):
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return {"name": name, "messages": messages, "text": text, "ids": encode(text)}

    def log_probabilities(ids):
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
        return [round(logits[i, id].item(), 6) for i, id in enumerate(ids[1:])]

    chats = [chat(name, messages) for name, messages in CHATS.items()]
    prompt = torch.tensor([chats[0]["ids"]])
    greedy = model.generate(prompt, max_new_tokens=GREEDY_TOKENS, do_sample=False)[0, prompt.shape[1] :].tolist()
    golden = {
        "texts": [{"text": text, "ids": encode(text), "letters": user_text(text)} for text in TEXTS],
        "chats": chats,
        "logps": [{"ids": ids, "logps": log_probabilities(ids)} for ids in map(encode, SEQUENCES)],
        "greedy": {"ids": greedy, "text": tokenizer.decode(greedy, skip_special_tokens=True)},
    }
    for text in golden["texts"]:
        text["decoded"] = tokenizer.decode(text["ids"])
    out = json.dumps(golden, ensure_ascii=True, separators=(",", ":"))
    pathlib.Path(__file__).with_name("golden.json").write_text(out + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])

"""Makes golden/ with TRL's SFTTrainer: which ids of a row have loss (rows.json), and what it trains (train.json, model/, trained/).

    python3 -m venv V && V/bin/python -m pip install torch==2.13.0 transformers==5.24.0 trl==1.16.0 datasets
    V/bin/python test/sft/make_golden.py SHARED/data/models

golden/templates/ is written by hand. SHARED/data/models/<model> holds tokenizer.json.gz and tokenizer_config.json, and chat_templates/.
"""

import gzip
import json
import pathlib
import sys
import tempfile

import torch
from datasets import Dataset
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

GOLDEN = pathlib.Path(__file__).with_name("golden")
KO = "민수는 사과를 3개 가지고 있습니다."


def chat(*contents, system=None):
    roles = ["user", "assistant"]
    turns = [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]
    return ([{"role": "system", "content": system}] if system else []) + turns


CHATS = {
    "one turn": chat("1 + 1?", "2"),
    "two turns": chat("2 + 2?", "4", "and 3 + 3?", "That is 6.\n\n#### 6"),
    "system": chat(KO, "3개", system="Sei knapp."),
    "ends with the user": chat("a", "b", "c"),
    "white space": chat(" \n a \n", "\n\n b\n\n", "c", "  d  "),
    "unicode": chat("中文问题：12 - 5？", "👨‍👩‍👧 é e\u0301 ﬁ มีแอปเปิล", "Чому?", "Бо 7."),
    "three turns": chat("x", "y z", "x x", "y", "x", "z z z", system="s"),
}
CALL = {"type": "function", "function": {"name": "add", "arguments": {"a": 1, "unit": "개"}}}
TOOL = {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object", "properties": {}}}}
CALLED = [
    {"role": "user", "content": "1 + 2?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "3"},
    {"role": "assistant", "content": "3."},
]
TEXTS = ["One line.", f"{KO}\n\n  3 + 2 = 5\n", "é e\u0301 👨‍👩‍👧 — “x”"]
PAIRS = [("1 + 1 =", " 2"), (f"Frage: {KO}\nAntwort:", " 3개 <b>"), ("a\n", "b\n"), ("hel", "lo the"), ("end", " start")]


def tiny_tokenizer():
    """Bytes, some pairs of them, and the marks of the templates; a text begins with <s>."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=["<s>", "<|turn|>", "<|end|>"], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )  # fmt: skip
    corpus = [KO, "user\nassistant\nsystem\ntools\n", "the hello low lower. end start", "#### 12 + 3 = 15 <call> </call>"]
    tokenizer.train_from_iterator(corpus * 3, trainer)
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", None, [("<s>", tokenizer.token_to_id("<s>"))])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="<|end|>", pad_token="<s>")


def real_tokenizer(folder):
    config = json.loads((folder / "tokenizer_config.json").read_text())
    named = {name: config[name] for name in ("bos_token", "eos_token", "pad_token") if config.get(name)}
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(gzip.decompress((folder / "tokenizer.json.gz").read_bytes()))
        file.flush()
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=file.name, **named)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    tokenizer.chat_template = config["chat_template"]
    return tokenizer


def tiny_model(tokenizer):
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=256, tie_word_embeddings=True, initializer_range=0.2, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=None, dtype="float32",
    )  # fmt: skip
    return LlamaForCausalLM(config)


def trainer_of(model, tokenizer, rows, out, held=None, **settings):
    always = dict(output_dir=out, bf16=False, use_cpu=True, packing=False, shuffle_dataset=False, report_to="none", disable_tqdm=True)
    return SFTTrainer(
        model, SFTConfig(**always, **settings), train_dataset=Dataset.from_list(rows),
        eval_dataset=held and Dataset.from_list(held), processing_class=tokenizer,
    )  # fmt: skip


def prepared(model, tokenizer, rows, **settings):
    """Ids of each row, and 1 for those that have loss, as SFTTrainer's preparation gives them; one at a time: their columns differ."""
    for row in rows:
        with tempfile.TemporaryDirectory() as out:
            made = trainer_of(model, tokenizer, [row], out, max_length=None, **settings).train_dataset[0]
        yield made["input_ids"], "".join("0" if label == -100 else "1" for label in made["labels"])


def rows_of(model, name, tokenizer, templates):
    """`truth` is the template that TRL was given where the row's own marks nothing: one that gives the same text."""

    def cases(rows, names, settings, **more):
        for row, label, (ids, loss) in zip(rows, names, prepared(model, tokenizer, rows, **settings)):
            given = {key: value for key, value in settings.items() if key.endswith("_only_loss")}
            yield {"tokenizer": name, **more, "name": label, "settings": given, "row": row, "ids": ids, "loss": loss}

    for template, truth in templates:
        tokenizer.chat_template = truth if isinstance(truth, str) else truth.read_text(encoding="utf-8")
        own = {"template": template}
        chats = [{"messages": messages} for messages in CHATS.values()]
        calls = [{"messages": CALLED, "tools": [TOOL]}]
        yield from cases(chats, CHATS, {"assistant_only_loss": True}, **own)
        yield from cases(chats[1:2], ["everything"], {"assistant_only_loss": False}, **own)
        yield from cases(calls, ["tools"], {"assistant_only_loss": True}, **own) if name != "Llama-3.2-3B-Instruct" else []
        two = CHATS["two turns"]
        pairs = [{"prompt": two[:3], "completion": two[3:]}, {"prompt": two[:1], "completion": two[1:]}]
        both = {"assistant_only_loss": True, "completion_only_loss": True}
        yield from cases(pairs, ["of a pair the last turn", "of a pair all but the first"], both, **own)
        yield from cases(pairs[:1], ["of a pair everything"], {"completion_only_loss": False}, **own)
    if name == "tiny":
        # What glossa does otherwise: golden.test.ts says how.
        turns = {"prompt": two[:1], "completion": two[1:]}
        yield from cases([turns], ["turns of the user in a completion"], {"completion_only_loss": True}, **own, differs=True)
        empty = {"messages": chat("a", "", "b", "c")}
        yield from cases([empty], ["an empty turn"], {"assistant_only_loss": True}, **own, differs=True)
        spelt = {"text": f"a<|turn|>b{tokenizer.eos_token}"}
        yield from cases([spelt], ["a text that spells special tokens"], {}, template=None, differs=True)
    texts = [{"text": text} for text in TEXTS]
    yield from cases(texts, TEXTS, {}, template=None)
    end = tokenizer.eos_token
    for prompt, completion in PAIRS:
        (case,) = cases([{"prompt": prompt, "completion": completion}], [prompt + completion], {}, template=None)
        parts = tokenizer(prompt).input_ids, tokenizer(completion + end, add_special_tokens=False).input_ids
        yield {**case, "apart": sum(parts, [])}


RUNS = {
    "chats": dict(
        rows=[{"messages": CHATS[name]} for name in ("one turn", "two turns", "system", "unicode")],
        held=[{"messages": CHATS[name]} for name in ("three turns", "white space")],
        settings=dict(assistant_only_loss=True, max_steps=5, learning_rate=1e-2, lr_scheduler_type="constant", per_device_train_batch_size=4),
    ),
    "pairs": dict(
        rows=[{"prompt": prompt, "completion": completion} for prompt, completion in PAIRS[:3] + PAIRS[4:]],
        held=None,
        settings=dict(
            max_steps=4, learning_rate=5e-3, lr_scheduler_type="linear", warmup_steps=1, weight_decay=0.1, adam_beta2=0.95, max_grad_norm=0.5,
            per_device_train_batch_size=1, gradient_accumulation_steps=4, max_length=40,
        ),
    ),
}  # fmt: skip


def train(name, rows, held, settings):
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = (GOLDEN / "templates/marked.jinja").read_text(encoding="utf-8")
    model = tiny_model(tokenizer)
    with tempfile.TemporaryDirectory() as out:
        each = dict(eval_strategy="steps", eval_steps=1, eval_on_start=True, per_device_eval_batch_size=8) if held else {}
        trainer = trainer_of(model, tokenizer, rows, out, held, logging_steps=1, save_strategy="no", **each, **settings)
        trainer.train()
    weights = {key: value.contiguous() for key, value in model.state_dict().items() if key != "lm_head.weight"}
    (GOLDEN / "trained").mkdir(exist_ok=True)
    save_file(weights, GOLDEN / f"trained/{name}.safetensors")
    keys = ("loss", "grad_norm", "learning_rate", "mean_token_accuracy", "entropy", "num_tokens", "eval_loss", "eval_entropy")
    log = [{"step": line["step"], **{key: line[key] for key in keys if key in line}} for line in trainer.state.log_history]
    return {"rows": rows, "held": held, "settings": settings, "log": log}


def main(shared):
    torch.set_num_threads(1)
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer)
    model.save_pretrained(GOLDEN / "model")
    tokenizer.save_pretrained(GOLDEN / "model")
    (GOLDEN / "model/generation_config.json").unlink(missing_ok=True)
    own = {name: GOLDEN / f"templates/{name}.jinja" for name in ("marked", "marked_with_break")}
    templates = [*((f"{name}.jinja", path) for name, path in own.items()), ("unmarked.jinja", own["marked"])]
    cases = list(rows_of(model, "tiny", tokenizer, templates))
    for name, marked in ("Qwen2.5", "qwen2_5_training.jinja"), ("Llama-3.2-3B-Instruct", "llama3_training.jinja"):
        path = shared / "chat_templates" / marked
        cases += rows_of(model, name, real_tokenizer(shared / name), [(marked, path)])
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    (GOLDEN / "rows.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    runs = {name: train(name, **run) for name, run in RUNS.items()}
    (GOLDEN / "train.json").write_text(json.dumps(runs, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))

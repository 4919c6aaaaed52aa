"""Lanes: several runs side by side, as one number of a kernel.

A row of lanes is one vector of LLVM, for instance `<32 x float>`. It has the operators of a number, so that an equation
written once for one run computes as many runs as there are lanes. A plain number takes the precision of the lanes that
it is combined with. With compilation off, a row is a NumPy array.
"""

import operator
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from llvmlite import ir
from numba.core import config, types
from numba.core.codegen import get_host_cpu_features
from numba.core.typeconv.castgraph import Conversion
from numba.core.typing.arraydecl import GetItemBuffer, SetItemBuffer
from numba.core.typing.templates import AbstractTemplate, builtin_registry, signature
from numba.extending import lower_builtin, lower_cast, models, register_model

register: Any = builtin_registry.register_global
INTERPRETED = bool(config.DISABLE_JIT)  # pyright: ignore[reportAttributeAccessIssue] - set when Numba is loaded
CONTRACT = ("contract",)  # a product and a sum may become one fused operation; nothing more (see `compiling`)


def row_bytes(features: str) -> int:
    """Return the bytes of a row: two vectors of the processor, enough to hide latency and to fit its registers."""
    return 128 if "+avx512f" in features.split(",") else 64


FEATURES = config.CPU_FEATURES  # pyright: ignore[reportAttributeAccessIssue] - as above; an empty text is a choice
ROW = row_bytes(get_host_cpu_features() if FEATURES is None else FEATURES)


def lanes_in(dtype: Any) -> int:
    """Return how many runs are side by side in this precision."""
    return ROW // np.dtype(dtype).itemsize


def either(compiled: Any, plain: Any) -> Any:
    """Return a compiled function of lanes, or the plain one with compilation off."""
    return plain if INTERPRETED else compiled


class Lanes(types.Type):
    """Type of a row of `count` elements."""

    def __init__(self, element: Any, count: int) -> None:
        self.element, self.count = element, count
        super().__init__(f"Lanes({element}, {count})")

    def can_convert_from(self, typingctx: Any, other: Any) -> Any:
        """Let a number be used wherever a row can be."""
        return Conversion.safe if isinstance(other, types.Number) else None

    def unify(self, typingctx: Any, other: Any) -> Any:
        """Make a variable a row if it is a number in one branch and a row in another."""
        return self if isinstance(other, types.Number) else None


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """Model of lanes in registers and memory: a vector."""

    def __init__(self, manager: Any, lanes: Lanes) -> None:
        bit = lanes.element == types.boolean
        element = ir.IntType(1) if bit else manager.lookup(lanes.element).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(element, lanes.count))


def spread(context: Any, builder: Any, kind: Any, value: Any, lanes: Lanes) -> Any:
    """Return a number as a row of copies, and a row unchanged."""
    if isinstance(kind, Lanes):
        return value
    number = context.cast(builder, value, getattr(kind, "literal_type", kind), lanes.element)
    vector = ir.VectorType(number.type, lanes.count)
    nothing, places = ir.Constant(vector, ir.Undefined), ir.VectorType(ir.IntType(32), lanes.count)
    first = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(places, None))


@lower_cast(types.Number, Lanes)
@lower_cast(types.Literal, Lanes)
def _cast(context: Any, builder: Any, kind: Any, lanes: Lanes, value: Any) -> Any:
    return spread(context, builder, kind, value, lanes)


# Operators

FIRST = {"target": "cpu"}  # an operator of this target is tried before Numba's own, of which there are many


def _of_arrays(function: Any, template: Any) -> None:
    """Let Numba find the items of arrays, which is most of what kernels ask for, before it tries all other types."""

    @register(function)
    class _Template(template):
        metadata: ClassVar = FIRST


_of_arrays(operator.getitem, GetItemBuffer)
_of_arrays(operator.setitem, SetItemBuffer)


def _operator(function: Any, emit: Callable[..., Any], result: Any = None) -> None:
    """Let a binary operator take a row on either side or both; `emit` builds one instruction."""

    @register(function)
    class _Template(AbstractTemplate):
        metadata: ClassVar = FIRST

        def generic(self, args: Any, kws: Any) -> Any:
            rows = [kind for kind in args if isinstance(kind, Lanes)]
            known = all(isinstance(kind, (Lanes, types.Number)) for kind in args)
            if not rows or not known or any(row != rows[0] for row in rows):
                return None
            return signature(Lanes(result, rows[0].count) if result else rows[0], *args)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = next(kind for kind in sig.args if isinstance(kind, Lanes))
        pair = (spread(context, builder, kind, value, lanes) for kind, value in zip(sig.args, args, strict=True))
        return emit(builder, lanes.element, *pair)

    for kinds in ((Lanes, Lanes), (Lanes, types.Number), (types.Number, Lanes)):
        lower_builtin(function, *kinds)(lower)


def _arithmetic(of_floats: str, of_words: str) -> Callable[..., Any]:
    def emit(builder: Any, element: Any, x: Any, y: Any) -> Any:
        if isinstance(element, types.Float):
            return getattr(builder, of_floats)(x, y, flags=CONTRACT)
        return getattr(builder, of_words)(x, y)

    return emit


def _comparison(sign: str) -> Callable[..., Any]:
    def emit(builder: Any, element: Any, x: Any, y: Any) -> Any:
        if isinstance(element, types.Float):
            return builder.fcmp_ordered(sign, x, y)
        return (builder.icmp_signed if element.signed else builder.icmp_unsigned)(sign, x, y)

    return emit


for _symbol, _names in (("add", ("fadd", "add")), ("sub", ("fsub", "sub")), ("mul", ("fmul", "mul"))):
    _operator(getattr(operator, _symbol), _arithmetic(*_names))
    _operator(getattr(operator, f"i{_symbol}"), _arithmetic(*_names))
_operator(operator.truediv, lambda builder, _, x, y: builder.fdiv(x, y, flags=CONTRACT))
_operator(operator.and_, lambda builder, _, x, y: builder.and_(x, y))
_operator(operator.or_, lambda builder, _, x, y: builder.or_(x, y))
_operator(operator.xor, lambda builder, _, x, y: builder.xor(x, y))
_operator(operator.lshift, lambda builder, _, x, y: builder.shl(x, y))
for _symbol, _sign in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="), ("eq", "==")):
    _operator(getattr(operator, _symbol), _comparison(_sign), types.boolean)


def _unary(function: Any, method: str) -> None:
    @register(function)
    class _Template(AbstractTemplate):
        metadata: ClassVar = FIRST

        def generic(self, args: Any, kws: Any) -> Any:
            return signature(args[0], args[0]) if isinstance(args[0], Lanes) else None

    lower_builtin(function, Lanes)(lambda _context, builder, _sig, args: getattr(builder, method)(args[0]))


_unary(operator.neg, "fneg")
_unary(operator.invert, "not_")

"""NIR layers without spikes as sparse matrices: convolutions, pooling, scaling, flattening.

What enters and leaves a layer is one vector, the entries of an array (channels, height, width)
with the last index fastest, as PyTorch lays them out.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from causal_snn.errors import InputError

Floats = NDArray[np.float64]
Shape = tuple[int, ...]

LAYERS = ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Scale", "Flatten")
"""Types of nodes that `unrolled` knows."""


def unrolled(name: str, kind: str, node: Any, shape: Shape) -> tuple[Any, Any, Shape]:
    """Return a layer as ``matrix @ x + bias``, and the shape of what it gives.

    Parameters
    ----------
    name, kind : str
        The node's name, for errors, and its type.
    node : nir.NIRNode
    shape : tuple of int
        Of what enters.

    Returns
    -------
    matrix : scipy.sparse.csr_array, shape (out, in)
    bias : array, shape (out,)
    shape : tuple of int

    Raises
    ------
    InputError
        If what enters does not have the layer's shape.
    """
    match kind:
        case "Conv1d" | "Conv2d":
            return _convolution(name, node, shape, 1 if kind == "Conv1d" else 2)
        case "SumPool2d" | "AvgPool2d":
            return _pool(name, node, shape, mean=kind == "AvgPool2d")
        case "Scale":
            factors = np.broadcast_to(np.asarray(node.scale, dtype=np.float64), shape).ravel()
            return scipy.sparse.diags_array(factors).tocsr(), np.zeros(factors.size), shape
        case _:
            return _flatten(name, node, shape)


def convolve(
    weight: Floats,
    shape: Shape,
    stride: Shape,
    padding: tuple[Shape, Shape],
    dilation: Shape,
    groups: int,
) -> tuple[Any, Shape]:
    """Return the matrix of a cross-correlation (what machine learning calls a convolution).

    Parameters
    ----------
    weight : array, shape (C_out, C_in/groups, *kernel)
    shape : tuple of int
        (C_in, *space).
    stride, dilation : tuple of int
        One for each axis of space.
    padding : pair of tuple of int
        Zeros before and after each axis.
    groups : int
        Blocks of channels that see only each other.

    Returns
    -------
    matrix : scipy.sparse.csr_array
    shape : tuple of int
        (C_out, *space).
    """
    kernel, space = weight.shape[2:], shape[1:]
    before, after = padding
    out = tuple(
        (n + a + b - d * (k - 1) - 1) // s + 1
        for n, a, b, d, k, s in zip(space, before, after, dilation, kernel, stride, strict=True)
    )
    out_grid = np.meshgrid(*(np.arange(n) for n in out), indexing="ij")
    n_out, n_in = weight.shape[0], shape[0]
    per_out, per_in = n_out // groups, n_in // groups
    # Channel of the input that (output channel, index within its group) stands for.
    source = np.arange(n_out)[:, None] // per_out * per_in + np.arange(per_in)[None]
    rows, columns, values = [], [], []
    size_in, size_out = int(np.prod(space)), int(np.prod(out))
    for tap in product(*(range(k) for k in kernel)):
        at = [
            g * s + t * d - a
            for g, s, t, d, a in zip(out_grid, stride, tap, dilation, before, strict=True)
        ]
        inside = np.all([(x >= 0) & (x < n) for x, n in zip(at, space, strict=True)], axis=0)
        target = np.flatnonzero(inside)
        place = np.ravel_multi_index([x[inside] for x in at], space)
        strength = np.moveaxis(weight, (0, 1), (-2, -1))[tap]
        shape3 = (n_out, per_in, len(target))
        rows.append(np.broadcast_to(np.arange(n_out)[:, None, None] * size_out + target, shape3))
        columns.append(np.broadcast_to(source[:, :, None] * size_in + place, shape3))
        values.append(np.broadcast_to(strength[:, :, None], shape3))
    row, column, value = (
        np.concatenate([x.ravel() for x in parts]) for parts in (rows, columns, values)
    )
    matrix = scipy.sparse.csr_array(
        (value, (row, column)), shape=(n_out * size_out, n_in * size_in)
    )
    matrix.eliminate_zeros()
    return matrix, (n_out, *out)


def _convolution(name: str, node: Any, shape: Shape, axes: int) -> tuple[Any, Any, Shape]:
    weight = np.asarray(node.weight, dtype=np.float64)
    groups = int(node.groups)
    if len(shape) != axes + 1 or shape[0] != weight.shape[1] * groups:
        raise InputError(
            f"node {name!r}: what enters has shape {shape}, and its weight of shape "
            f"{weight.shape} in {groups} groups takes ({weight.shape[1] * groups}, "
            + ", ".join(["space"] * axes)
            + ")"
        )
    if groups < 1 or weight.shape[0] % groups:
        raise InputError(f"node {name!r}: {weight.shape[0]} output channels in {groups} groups")
    given = node.input_shape
    if given is not None and tuple(np.atleast_1d(given).tolist()) != shape[1:]:
        raise InputError(
            f"node {name!r}: input_shape {tuple(np.atleast_1d(given).tolist())}, and what enters "
            f"has {shape[1:]}"
        )
    stride, dilation = _per_axis(node.stride, axes), _per_axis(node.dilation, axes)
    padding = _padding(name, node.padding, weight.shape[2:], dilation, stride)
    matrix, out = convolve(weight, shape, stride, padding, dilation, groups)
    _not_empty(name, out)
    bias = np.zeros(out[0]) if node.bias is None else np.asarray(node.bias, dtype=np.float64)
    return matrix, np.repeat(bias, int(np.prod(out[1:]))), out


def _padding(
    name: str, given: Any, kernel: Shape, dilation: Shape, stride: Shape
) -> tuple[Shape, Shape]:
    if isinstance(given, bytes):
        given = given.decode()
    if not isinstance(given, str):
        same = _per_axis(given, len(kernel))
        return same, same
    if given == "valid":
        return (0,) * len(kernel), (0,) * len(kernel)
    if any(s != 1 for s in stride):
        raise InputError(f"node {name!r}: padding 'same' is defined for a stride of 1 only")
    total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    before = tuple(t // 2 for t in total)
    return before, tuple(t - b for t, b in zip(total, before, strict=True))


def _pool(name: str, node: Any, shape: Shape, *, mean: bool) -> tuple[Any, Any, Shape]:
    if len(shape) != 3:
        raise InputError(f"node {name!r}: pooling takes (channels, height, width), not {shape}")
    kernel = _per_axis(node.kernel_size, 2)
    padding = _per_axis(node.padding, 2)
    # Zeros of the padding count in a mean, as in PyTorch's default.
    strength = 1.0 / np.prod(kernel) if mean else 1.0
    weight = np.full((shape[0], 1, *kernel), strength)
    matrix, out = convolve(
        weight, shape, _per_axis(node.stride, 2), (padding, padding), (1, 1), shape[0]
    )
    _not_empty(name, out)
    return matrix, np.zeros(matrix.shape[0]), out


def _flatten(name: str, node: Any, shape: Shape) -> tuple[Any, Any, Shape]:
    axes = len(shape)
    start, end = int(node.start_dim), int(node.end_dim)
    if not (-axes <= start < axes and -axes <= end < axes) or start % axes > end % axes:
        raise InputError(f"node {name!r}: axes {start} to {end} of shape {shape} cannot be one")
    first, last = start % axes, end % axes
    out = (*shape[:first], int(np.prod(shape[first : last + 1])), *shape[last + 1 :])
    size = int(np.prod(shape))
    return scipy.sparse.eye_array(size, format="csr"), np.zeros(size), out


def _per_axis(value: Any, axes: int) -> Shape:
    return tuple(int(x) for x in np.broadcast_to(np.asarray(value).ravel(), (axes,)))


def _not_empty(name: str, out: Shape) -> None:
    if min(out) < 1:
        raise InputError(f"node {name!r}: its kernel is larger than what enters, padding included")

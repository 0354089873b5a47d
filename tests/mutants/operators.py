# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bugs that are put in: each operator finds the places where it can make one, and says what stands there then.

What a user cannot notice is no place: documentation, type hints, the words of messages and where they are cut,
decorators, what is only shown to developers. Nor which of two mistakes is told first, and whether what is false is
None.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

WORDS = frozenset(
    # Calls whose text is a message, and keyword arguments that are one
    {"CircleCIError", "RuntimeError", "TypeError", "ValueError", "AssertionError", "invalid", "warn", "report", "Loss"}
    | {"note", "hint", "error", "msg", "about"}
)
CUTS = frozenset({"plain"})  # calls whose first argument is a text, and the others where it is cut
DOCUMENTATION = frozenset({"DOCUMENTATION", "EXAMPLES", "RETURN", "__all__", "VERSION"})
SHOWN_TO_DEVELOPERS = frozenset({"__repr__", "__init_subclass__"})
UNSEEN = frozenset({"vv", "vvv", "vvvv", "filterwarnings"})  # said to whom asks for it
HARMLESS_KEYWORDS = frozenset({"repr", "default_factory", "key", "encoding", "errors"} | WORDS)

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
OTHER_CALLS = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True)
class Mutant:
    """One bug.

    :param file: below the root of the repository
    :param line: the first line of the statement that is changed
    :param last_line: of what is executed there: of a statement with a body only its head
    :param start: where the replaced piece starts, in bytes
    :param inside: whether the place is in a function, and not carried out by importing the file
    """

    file: str
    operator: str
    line: int
    last_line: int
    start: int
    end: int
    replacement: bytes
    inside: bool

    def apply(self, source: bytes) -> bytes:
        return source[: self.start] + self.replacement + source[self.end :]

    def is_python(self, source: bytes) -> bool:
        """Whether the file is one that Python can read, with the bug."""
        try:
            compile(self.apply(source), self.file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
        return True


@dataclass(frozen=True)
class _Place:
    """A node with what surrounds it, outermost first."""

    node: ast.AST
    parents: tuple[ast.AST, ...]
    text: Callable[[ast.AST], str]

    @property
    def parent(self) -> ast.AST:
        return self.parents[-1]


# A place's replacements of nodes by texts
Changes = Iterator[tuple[ast.AST, str]]
Operator = Callable[[_Place], Changes]
OPERATORS: dict[str, Operator] = {}


def _operator(title: str) -> Callable[[Operator], Operator]:
    def register(operator: Operator) -> Operator:
        OPERATORS[title] = operator
        return operator

    return register


@_operator("condition negated")
def _negated(place: _Place) -> Changes:
    node = place.node
    conditions = node.ifs if isinstance(node, ast.comprehension) else []
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        conditions = [node.test]
    for condition in conditions:
        if isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Not):
            yield condition, f"({place.text(condition.operand)})"
        elif not (isinstance(condition, ast.Compare) and len(condition.ops) == 1):  # that is a comparison turned
            yield condition, f"(not ({place.text(condition)}))"


@_operator("comparison changed")
def _compared(place: _Place) -> Changes:
    node = place.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = place.text(node.left), place.text(node.comparators[0])
        yield node, f"({left} {COMPARISONS[type(node.ops[0])]} {right})"


@_operator("guard dropped")
def _unguarded(place: _Place) -> Changes:
    node = place.node
    leaves = (ast.Raise, ast.Return, ast.Continue, ast.Break)
    if isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], leaves):
        yield node.test, "False"
    if isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield condition, "True"


@_operator("part of a condition dropped")
def _operand_dropped(place: _Place) -> Changes:
    node = place.node
    if isinstance(node, ast.BoolOp):
        word = " and " if isinstance(node.op, ast.And) else " or "
        for dropped in node.values:
            yield node, "(" + word.join(f"({place.text(value)})" for value in node.values if value is not dropped) + ")"


@_operator("and or swapped")
def _and_or(place: _Place) -> Changes:
    node = place.node
    if isinstance(node, ast.BoolOp):
        word = " or " if isinstance(node.op, ast.And) else " and "
        yield node, "(" + word.join(f"({place.text(value)})" for value in node.values) + ")"


@_operator("flag flipped")
def _flipped(place: _Place) -> Changes:
    """Also `repeatable`, `wrote`, and the defaults of options."""
    node = place.node
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield node, str(not node.value)


@_operator("number changed")
def _number(place: _Place) -> Changes:
    """Off by one, and limits."""
    node = place.node
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield node, str(value + 1)
        if value and isinstance(value, int):
            yield node, str(value - 1)


@_operator("word changed")
def _word(place: _Place) -> Changes:
    """Names of fields, options, states and segments of paths; sentences are for people."""
    node = place.node
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return
    if any(isinstance(parent, ast.JoinedStr) for parent in place.parents):
        return
    if re.fullmatch(r"[\w./:%-]+", node.value):
        yield node, repr(f"{node.value}x")
    if node.value and "_" not in node.value and isinstance(place.parent, (ast.Compare, ast.BoolOp, ast.IfExp)):
        yield node, '""'


@_operator("arithmetic changed")
def _arithmetic(place: _Place) -> Changes:
    node = place.node
    others: dict[type[ast.operator], str] = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*"}
    is_text = isinstance(node, ast.BinOp) and any(
        isinstance(side, (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple)) and not _is_number(side)
        for side in (node.left, node.right)
    )
    if isinstance(node, ast.BinOp) and type(node.op) in others and not is_text:
        yield node, f"({place.text(node.left)} {others[type(node.op)]} {place.text(node.right)})"


@_operator("function changed")
def _other_call(place: _Place) -> Changes:
    node = place.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OTHER_CALLS:
        yield node.func, OTHER_CALLS[node.func.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("strip", "lower", "rstrip", "casefold") and not node.keywords:
            yield node, place.text(node.func.value)
        if node.func.attr in ("startswith", "endswith"):
            yield node, f"(not {place.text(node)})"


@_operator("call removed")
def _call_removed(place: _Place) -> Changes:
    """Checks, notes of what was done, looks at the state again."""
    node = place.node
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _name_of(node.value) not in UNSEEN:
        yield node, "pass"
    if isinstance(node, ast.AugAssign):
        yield node, "pass"


@_operator("argument dropped")
def _argument_dropped(place: _Place) -> Changes:
    """A look at the state, the shape of an answer, a limit."""
    node = place.node
    if not isinstance(node, ast.Call):
        return
    for keyword in node.keywords:
        if keyword.arg is not None and keyword.arg not in HARMLESS_KEYWORDS:
            kept = [place.text(argument) for argument in node.args]
            kept += [place.text(other) for other in node.keywords if other is not keyword]
            yield node, f"{place.text(node.func)}({', '.join(kept)})"


@_operator("entry dropped")
def _entry_dropped(place: _Place) -> Changes:
    """A spelling of a secret, a status, an option, a field of a result."""
    node = place.node
    if isinstance(node, (ast.List, ast.Set, ast.Tuple)) and len(node.elts) > 1:
        if isinstance(node, ast.Tuple) and (isinstance(node.ctx, ast.Store) or isinstance(place.parent, ast.Subscript)):
            return
        ends = {ast.List: "[]", ast.Set: "{}", ast.Tuple: "()"}[type(node)]
        for left_out in node.elts:
            kept = ", ".join(place.text(element) for element in node.elts if element is not left_out)
            yield node, f"{ends[0]}{kept},{ends[1]}"
    if isinstance(node, ast.Dict) and len(node.keys) > 1:
        entries = [
            f"**{place.text(value)}" if key is None else f"{place.text(key)}: {place.text(value)}"
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        for dropped in range(len(entries)):
            kept = ", ".join(entries[:dropped] + entries[dropped + 1 :])
            yield node, f"{{{kept}}}"


@_operator("nothing returned")
def _none_returned(place: _Place) -> Changes:
    node = place.node
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) not in ("None", "False"):
        yield node.value, "None"


@_operator("exception swallowed")
def _swallowed(place: _Place) -> Changes:
    if isinstance(place.node, ast.Raise):
        yield place.node, "pass"


@_operator("loop not left")
def _not_left(place: _Place) -> Changes:
    if isinstance(place.node, (ast.Break, ast.Continue)):
        yield place.node, "pass"


@_operator("assignment dropped")
def _assignment_dropped(place: _Place) -> Changes:
    """Of what an object remembers, and of what was there before."""
    node = place.node
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return
    target = node.targets[0]
    is_first = isinstance(place.parent, ast.FunctionDef) and place.parent.name == "__init__"
    if isinstance(target, (ast.Attribute, ast.Subscript)) and not is_first:
        yield node, "pass"


@_operator("order swapped")
def _swapped(place: _Place) -> Changes:
    """Two steps one after the other, as adding the new before removing the old."""
    node = place.node
    for name in ("body", "orelse", "finalbody"):
        steps = getattr(node, name, None)
        if not isinstance(steps, list) or isinstance(node, (ast.Module, ast.ClassDef)):
            continue
        for one, two in itertools.pairwise(steps):
            if _is_step(one) and _is_step(two) and not (_only_refuses(one) and _only_refuses(two)):
                yield _Both(one, two), f"{place.text(two)}\n{' ' * one.col_offset}{place.text(one)}"


class _Both(ast.AST):
    """Two statements as one piece of text."""

    def __init__(self, one: ast.stmt, two: ast.stmt) -> None:
        super().__init__()
        self.lineno, self.col_offset = one.lineno, one.col_offset
        self.end_lineno, self.end_col_offset = two.end_lineno, two.end_col_offset


def _is_step(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call) and _name_of(node.value) not in UNSEEN
    return isinstance(node, (ast.If, ast.For, ast.With, ast.AugAssign))


def _only_refuses(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], ast.Raise)


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _name_of(call: ast.Call) -> str:
    """The last word of what is called."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


# --- places -----------------------------------------------------------------------------------------------------------


def mutants_of(file: str, source: bytes) -> list[Mutant]:
    """Every bug that can be put into a file, in the order of its lines."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def span(node: ast.AST) -> tuple[int, int]:
        at: tuple[int, int, int, int] = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return starts[at[0] - 1] + at[1], starts[at[2] - 1] + at[3]

    def text(node: ast.AST) -> str:
        start, end = span(node)
        return source[start:end].decode("utf-8")

    found: dict[tuple[int, int, bytes], Mutant] = {}
    for node, parents in _walk(ast.parse(source), ()):
        for title, operator in OPERATORS.items():
            for changed, replacement in operator(_Place(node, parents, text)):
                statement = next((each for each in (node, *reversed(parents)) if isinstance(each, ast.stmt)), None)
                body = getattr(statement, "body", None)
                first = changed.lineno if isinstance(changed, _Both) else getattr(statement, "lineno", 1)
                last = getattr(statement, "end_lineno", first)
                if isinstance(changed, _Both):
                    last = changed.end_lineno or first
                elif isinstance(body, list):
                    last = max(first, body[0].lineno - 1)
                start, end = span(changed)
                made = replacement.encode("utf-8")
                mutant = Mutant(file, title, first, last, start, end, made, _is_inside(node, parents))
                if source[start:end] != made:
                    found.setdefault((start, end, made), mutant)
    return sorted(found.values(), key=lambda mutant: (mutant.line, mutant.start, mutant.end, mutant.replacement))


def _is_inside(node: ast.AST, parents: tuple[ast.AST, ...]) -> bool:
    """Whether a node is in the body of a function: defaults of its arguments are not."""
    chain = (*parents, node)
    for function, below in itertools.pairwise(chain):
        if isinstance(function, ast.Lambda) and below is function.body:
            return True
        if isinstance(function, ast.FunctionDef) and below in function.body:
            return True
    return False


def _walk(node: ast.AST, parents: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """All nodes in which a bug can be noticed, with their parents."""
    yield node, parents
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params", "format_spec", "ctx"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_unnoticed(child, node, name):
                yield from _walk(child, (*parents, node))


def _is_unnoticed(child: ast.AST, node: ast.AST, name: str) -> bool:
    """Whether a part of the code says nothing to users, or only says it in words."""
    if isinstance(child, ast.FunctionDef):
        return child.name in SHOWN_TO_DEVELOPERS
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True  # a docstring
    if isinstance(child, (ast.Assign, ast.AnnAssign)):
        target = child.targets[0] if isinstance(child, ast.Assign) else child.target
        is_type = (
            isinstance(child, ast.Assign) and isinstance(child.value, ast.Subscript) and isinstance(node, ast.Module)
        )
        return is_type or (isinstance(target, ast.Name) and target.id in DOCUMENTATION)
    if isinstance(child, ast.Call) and _name_of(child) in UNSEEN | {"TypeVar", "cast"}:
        return True
    if isinstance(child, ast.If) and "__name__" in ast.dump(child.test):
        return True
    if isinstance(child, ast.If) and ast.unparse(child.body[0]).startswith("raise AssertionError"):
        return True  # what cannot be, said to developers
    if isinstance(node, ast.Call) and _name_of(node) in WORDS and name == "args":
        return True
    if isinstance(node, ast.Call) and _name_of(node) in CUTS and child is not node.args[0]:
        return True
    if isinstance(child, ast.keyword):
        return child.arg in HARMLESS_KEYWORDS
    if isinstance(node, ast.Raise):
        return name == "cause" or (name == "exc" and not isinstance(child, ast.Call))
    return isinstance(node, ast.Try) and isinstance(child, (ast.Import, ast.ImportFrom))

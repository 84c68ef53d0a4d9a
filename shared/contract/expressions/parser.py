"""A Pratt parser: every operator has a strength, and takes what stands beside it while that binds more strongly.

After V. Pratt, "Top down operator precedence", 1973. From weak to strong: or, and, not, comparisons (with in, between
and is null; they do not chain), + and -, * and / and %, a minus before a value.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from .errors import ExpressionError
from .syntax import Literal, Name, Node, Operation
from .tokens import Token, tokens_of

LONGEST_CHARS = 4_000
DEEPEST = 40
# A chain of operators is a tree as deep as it is long, and what walks over trees must not run out of stack.
MOST_OPERATIONS = 150

_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _MINUS = range(1, 8)
_COMPARISONS = ("=", "==", "<>", "!=", "<", "<=", ">", ">=", "in", "between", "is", "not")
_STRENGTHS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(_COMPARISONS, _COMPARISON),
    "+": _SUM,
    "-": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
    "%": _PRODUCT,
}
_SAME = {"==": "=", "!=": "<>"}
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "between", *_CONSTANTS})


def parse(text: str) -> Node:
    """Read a whole expression; raises `ExpressionError` for anything else."""
    if len(text) > LONGEST_CHARS:
        msg = f"the expression has {len(text):,} characters, and {LONGEST_CHARS:,} are allowed"
        raise ExpressionError(msg, LONGEST_CHARS)
    return _Parser(tokens_of(text)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._operations = 0

    def whole(self) -> Node:
        node = self._expression(0)
        if self._peek.kind != "end":
            msg = f"an operator such as `and` was expected, not {self._peek.shown}"
            raise ExpressionError(msg, self._peek.at)
        return node

    @property
    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek
        self._next += token.kind != "end"
        return token

    def _expect(self, word: str, after: str) -> None:
        token = self._take()
        if token.word != word:
            msg = f"{word!r} was expected {after}, not {token.shown}"
            raise ExpressionError(msg, token.at)

    def _expression(self, weakest: int) -> Node:
        """What binds more strongly than `weakest`."""
        self._depth += 1
        if self._depth > DEEPEST:
            msg = f"the expression is nested more than {DEEPEST} deep"
            raise ExpressionError(msg, self._peek.at)
        left = self._operand()
        compared = False
        while (strength := _STRENGTHS.get(self._peek.word, 0)) > weakest:
            if strength == _COMPARISON and compared:
                msg = "comparisons do not chain: write a < b and b < c"
                raise ExpressionError(msg, self._peek.at)
            compared = compared or strength == _COMPARISON
            left = self._comparison(left) if strength == _COMPARISON else self._binary(left, strength)
        self._depth -= 1
        return left

    def _operation(self, name: str, operands: tuple[Node, ...], at: int) -> Operation:
        self._operations += 1
        if self._operations > MOST_OPERATIONS:
            msg = f"the expression has more than {MOST_OPERATIONS} operators: make several rules of it"
            raise ExpressionError(msg, at)
        return Operation(name, operands, at)

    def _operand(self) -> Node:  # noqa: PLR0911  # one for each thing that can stand there
        token = self._take()
        match token.kind, token.word:
            case _, "not":
                return self._operation("not", (self._expression(_NOT),), token.at)
            case _, "-":
                return self._negative(token)
            case _, "(":
                inner = self._expression(0)
                self._expect(")", f"for the parenthesis of character {token.at + 1}")
                return inner
            case _, word if word in _CONSTANTS:
                return Literal(_CONSTANTS[word], token.at)
            case "number", _:
                return Literal(_number(token), token.at)
            case "string", _:
                return Literal(token.text, token.at)
            case "column", _:
                return Name(token.text, token.at)
            case "word", word if word not in KEYWORDS:
                return self._call(token) if self._peek.word == "(" else Name(token.text, token.at)
        msg = f"a column or a value was expected, not {token.shown}"
        raise ExpressionError(msg, token.at)

    def _negative(self, minus: Token) -> Node:
        operand = self._expression(_MINUS)
        match operand:
            case Literal(value=int() | Decimal() as number) if not isinstance(number, bool):
                return Literal(-number, minus.at)
        return self._operation("neg", (operand,), minus.at)

    def _call(self, name: Token) -> Node:
        return self._operation(name.word, tuple(self._list(f"after `{name.text[:40]}`")), name.at)

    def _list(self, after: str) -> list[Node]:
        self._expect("(", after)
        found: list[Node] = []
        while self._peek.word != ")":
            if found:
                self._expect(",", "between two values")
            found.append(self._expression(0))
        self._take()
        return found

    def _binary(self, left: Node, strength: int) -> Node:
        sign = self._take()
        return self._operation(sign.word, (left, self._expression(strength)), sign.at)

    def _comparison(self, left: Node) -> Node:
        sign = self._take()
        negated = sign.word == "not"
        if negated:
            sign = self._take()
            if sign.word not in {"in", "between"}:
                msg = f"`in` or `between` was expected after `not`, not {sign.shown}"
                raise ExpressionError(msg, sign.at)
        match sign.word:
            case "is":
                negated = self._peek.word == "not"
                self._next += negated
                self._expect("null", "after `is`")
                found = self._operation("is null", (left,), sign.at)
            case "in":
                found = self._operation("in", (left, *self._list("after `in`")), sign.at)
            case "between":
                low = self._expression(_COMPARISON)
                self._expect("and", "between the two bounds")
                found = self._operation("between", (left, low, self._expression(_COMPARISON)), sign.at)
            case word:
                found = self._operation(_SAME.get(word, word), (left, self._expression(_COMPARISON)), sign.at)
        return self._operation("not", (found,), sign.at) if negated else found


def _number(token: Token) -> int | Decimal:
    if token.text.isdecimal():
        return int(token.text)
    try:
        return Decimal(token.text)
    except InvalidOperation:
        msg = f"the number {token.shown} is too large"
        raise ExpressionError(msg, token.at) from None

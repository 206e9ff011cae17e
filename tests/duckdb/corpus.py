"""Generates expressions and queries that Thalweg and DuckDB must answer alike.

Everything comes from one seed. A case is a SELECT whose columns are text, so that values, their
printed form and NULL are compared exactly, and whose last column is the type where one is asked.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator

VALUES = {
    "TINYINT": ["0", "1", "-1", "127", "-128", "7"],
    "SMALLINT": ["0", "1", "-1", "32767", "-32768", "100"],
    "INTEGER": ["0", "1", "-1", "2147483647", "-2147483648", "42", "3", "-7", "2"],
    "BIGINT": ["0", "1", "-1", "9223372036854775807", "-9223372036854775808", "1000000007", "5"],
    "UTINYINT": ["0", "1", "255", "9"],
    "UINTEGER": ["0", "1", "4294967295", "17"],
    "UBIGINT": ["0", "1", "18446744073709551615"],
    "HUGEINT": ["0", "1", "-5", "123456789012345678901234567890"],
    "DOUBLE": ["0.0", "1.5", "-2.5", "1e300", "-1e-300", "nan", "inf", "-inf", "0.1", "123456.789",
               "2.0", "3.5", "-0.5"],
    "FLOAT": ["0.0", "1.5", "-2.5", "0.1", "3.25"],
    "DECIMAL(4,1)": ["0", "1.5", "-99.9", "999.9", "2.5"],
    "DECIMAL(10,2)": ["0", "1.25", "-99999999.99", "0.05", "12345.67"],
    "DECIMAL(18,4)": ["0", "1.2345", "-12345678901234.5678", "0.0001"],
    "DECIMAL(38,10)": ["0", "1.0000000001", "-1234567890123456789012345678.0123456789"],
    "VARCHAR": ["", "a", "abc", "héllo wörld", "  pad  ", "ABC", "a,b,,c", "日本語", "%_", "aaa",
                "x" * 70, "42", "-1.5", "2020-02-29", "true", "🦆 duck", "it's", "\tTab", " x",
                "a\nb"],
    "DATE": ["2020-02-29", "1970-01-01", "1969-12-31", "2000-01-01", "1999-12-31", "0001-01-01",
             "9999-12-31", "2021-01-03", "2020-12-31"],
    "TIMESTAMP": ["2020-02-29 12:34:56.789012", "1970-01-01 00:00:00",
                  "1969-12-31 23:59:59.999999", "2000-01-01 00:00:00", "1582-10-15 01:02:03",
                  "2262-04-11 23:47:16", "2020-12-31 23:59:59"],
    "TIME": ["00:00:00", "12:34:56.789", "23:59:59.999999"],
    "INTERVAL": ["1 day", "1 month", "-1 month", "1 year 2 months 3 days 04:05:06.5", "0 days",
                 "-5 days", "36 hours", "90 minutes", "25 years"],
    "BOOLEAN": ["true", "false"],
}
INTEGERS = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "UINTEGER", "UBIGINT"]
DECIMALS = ["DECIMAL(4,1)", "DECIMAL(10,2)", "DECIMAL(18,4)", "DECIMAL(38,10)"]
NUMBERS = [*INTEGERS, "HUGEINT", "DOUBLE", "FLOAT", *DECIMALS]
CASTS = [*INTEGERS, "HUGEINT", "DOUBLE", "FLOAT", *DECIMALS, "VARCHAR", "DATE", "TIMESTAMP", "TIME",
         "INTERVAL", "BOOLEAN", "BLOB"]
TEXTS_TO_CAST = [
    "", "1", "-1", "+5", " 42 ", "2.5", "-2.5", "1e3", "1.", ".5", "abc", "2020-02-29", "2020-1-5",
    "2020/01/05", "2021-02-29", "2020-01-05 10:00:00", "2020-01-05T10:00:00Z",
    "2020-01-05 10:00:00+02", "2020-01-05 1:2:3", "10:00", "25:00", "10:00:00.123456", "true", "T",
    "no", "y", "on", "1 day", "1 year 2 mons", "01:02:03", "-1 hour", "99999999999", "1e40", "nan",
    "inf", "-Infinity", "0.05", "123.456", "-0", "5", "12345678901234567890", "1e-5", "0.125", " ",
    "1 2", "--1", "1e", "é", "1.255", "-1.255", "100000000000000000000000000000", "2020-13-01",
    "999", "127.5", "254.5", "1E2", "3 weeks", "2 quarters 1 s", "1 fortnight",
]
SMALL = ["0", "1", "-1", "2", "3", "-3", "10"]
PARTS = ["year", "month", "day", "hour", "minute", "second", "millisecond", "microsecond", "epoch",
         "dow", "isodow", "doy", "week", "isoyear", "yearweek", "quarter", "decade", "century",
         "millennium", "era", "julian"]
UNITS = ["year", "month", "day", "hour", "minute", "second", "millisecond", "microsecond", "week",
         "quarter", "decade", "century", "millennium", "isoyear"]
FORMATS = ["%Y-%m-%d", "%d/%m/%Y %H:%M:%S", "%y %j %a %A %b %B", "%I:%M:%S %p", "%U %W %u %w %G %V",
           "%f %g %n", "%-d %-m %-H %-I %-M %-S %-y %-j", "%c|%x|%X|%%"]
LIKES = ["a%", "%b%", "_", "%", "", "a_c", "%ö%", "h%o%d", "%_%", "ABC", "日%", "a,b%c"]
PATTERNS = ["a", "[a-z]+", "^a.*c$", "(a)(b)?", "\\d+", "ö", ".", "", "\\s", "[^,]+", "(?i)abc"]


@dataclasses.dataclass(frozen=True)
class Argument:
    """One argument: a value of one of `types`, or one of `constants` written as text."""

    types: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()


def of(*types: str) -> Argument:
    return Argument(types)


def small(kind: str = "BIGINT") -> Argument:
    return Argument((kind,), tuple(SMALL))


def one_of(texts: list[str]) -> Argument:
    return Argument(constants=tuple("'" + text.replace("'", "''") + "'" for text in texts))


def literal(*texts: str) -> Argument:
    return Argument(constants=texts)


NUM, TEXT, DAY = of(*NUMBERS), of("VARCHAR"), of("DATE", "TIMESTAMP")
SPAN, WHEN = of("INTERVAL"), of("TIMESTAMP")
# Template, and the arguments that fill its {0}, {1}, …
SHAPES: list[tuple[str, tuple[Argument, ...]]] = [
    *((f"({{0}} {operator} {{1}})", (NUM, NUM)) for operator in ("+", "-", "*", "/", "%")),
    ("({0} // {1})", (of(*INTEGERS), of(*INTEGERS))),
    ("({0} + {1})", (of("DATE"), small("INTEGER"))),
    ("({0} + {1})", (DAY, SPAN)), ("({0} - {1})", (DAY, SPAN)), ("({0} + {1})", (SPAN, SPAN)),
    ("({0} + {1})", (of("TIME"), SPAN)), ("({0} - {1})", (of("DATE"), of("DATE"))),
    ("({0} - {1})", (WHEN, WHEN)), ("({0} * {1})", (SPAN, small("INTEGER"))),
    ("(-{0})", (NUM,)), ("(-{0})", (SPAN,)),
    *((f"{name}({{0}})", (NUM,)) for name in ("abs", "sign", "ceil", "floor", "round", "trunc")),
    ("round({0}, {1})", (of(*INTEGERS, "DOUBLE", *DECIMALS), literal("0", "1", "2", "-1", "5"))),
    *((f"{name}({{0}})", (of("DOUBLE"),)) for name in ("ln", "exp", "log10", "log2", "isnan",
                                                       "isinf", "sqrt")),
    ("power({0}, {1})", (of("DOUBLE"), of("DOUBLE"))),
    ("gcd({0}, {1})", (small(), small())), ("bit_count({0})", (of("INTEGER", "BIGINT"),)),
    ("({0} & {1})", (of("INTEGER"), of("INTEGER"))), ("xor({0}, {1})", (of("BIGINT"),) * 2),
    ("({0} >> {1})", (of("INTEGER"), small("INTEGER"))),
    *((f"({{0}} {operator} {{1}})", (kind, kind))
      for operator in ("=", "<>", "<", ">=", "IS DISTINCT FROM")
      for kind in (NUM, TEXT, DAY, SPAN, of("BOOLEAN"), of("TIME"))),
    ("({0} BETWEEN {1} AND {2})", (NUM, NUM, NUM)), ("({0} IN ({1}, {2}))", (TEXT, TEXT, TEXT)),
    ("({0} NOT IN ({1}, {2}))", (NUM, NUM, NUM)),
    ("({0} AND {1})", (of("BOOLEAN"),) * 2), ("({0} OR {1})", (of("BOOLEAN"),) * 2),
    ("(NOT {0})", (of("BOOLEAN"),)), ("({0} IS NULL)", (TEXT,)),
    ("({0} IS NOT TRUE)", (of("BOOLEAN"),)),
    ("({0} LIKE {1})", (TEXT, one_of(LIKES))), ("({0} LIKE {1})", (TEXT, TEXT)),
    ("({0} NOT ILIKE {1})", (TEXT, one_of(LIKES))),
    *((f"{name}({{0}})", (TEXT,)) for name in (
        "lower", "upper", "length", "strlen", "reverse", "trim", "ltrim", "rtrim", "ascii", "hex",
        "bit_length", "strip_accents", "url_encode")),
    *((f"{name}({{0}}, {{1}})", (TEXT, TEXT)) for name in (
        "trim", "strpos", "contains", "starts_with", "ends_with", "levenshtein", "string_split",
        "nullif", "coalesce")),
    ("substring({0}, {1})", (TEXT, small())),
    ("substring({0}, {1}, {2})", (TEXT, small(), small())),
    ("left({0}, {1})", (TEXT, small())), ("right({0}, {1})", (TEXT, small())),
    ("lpad({0}, {1}, {2})", (TEXT, small("INTEGER"), one_of(["xy", "é"]))),
    ("rpad({0}, {1}, {2})", (TEXT, small("INTEGER"), one_of(["xy", "é"]))),
    ("replace({0}, {1}, {2})", (TEXT,) * 3), ("translate({0}, {1}, {2})", (TEXT,) * 3),
    ("repeat({0}, {1})", (TEXT, small())), ("concat({0}, {1}, {2})", (TEXT,) * 3),
    ("concat_ws({0}, {1}, {2})", (TEXT,) * 3), ("({0} || {1})", (TEXT, TEXT)),
    ("split_part({0}, {1}, {2})", (TEXT, TEXT, small())),
    ("position({0} IN {1})", (TEXT, TEXT)),
    *((f"{name}({{0}}, {{1}})", (TEXT, one_of(PATTERNS))) for name in (
        "regexp_matches", "regexp_full_match", "regexp_extract")),
    ("regexp_extract_all({0}, {1})", (TEXT, one_of([p for p in PATTERNS if p]))),
    ("regexp_replace({0}, {1}, {2})", (TEXT, one_of(PATTERNS), one_of(["<\\0>", "-"]))),
    ("regexp_replace({0}, {1}, {2}, 'g')",
     (TEXT, one_of([p for p in PATTERNS if p]), one_of(["<\\0>"]))),
    ("date_part({0}, {1})", (one_of(PARTS), DAY)),
    ("date_part({0}, {1})", (one_of(["hour", "minute", "second", "millisecond", "epoch"]),
                             of("TIME"))),
    ("date_part({0}, {1})", (one_of(["year", "month", "day", "hour", "minute", "second", "epoch",
                                     "quarter", "decade", "century"]), SPAN)),
    ("date_trunc({0}, {1})", (one_of(UNITS), of("DATE", "TIMESTAMP", "INTERVAL"))),
    ("date_diff({0}, {1}, {2})", (one_of(UNITS), of("DATE"), of("DATE"))),
    ("date_diff({0}, {1}, {2})", (one_of(UNITS), WHEN, WHEN)),
    ("date_sub({0}, {1}, {2})", (one_of(UNITS[:-1]), of("DATE"), of("DATE"))),
    ("date_sub({0}, {1}, {2})", (one_of(UNITS[:-1]), WHEN, WHEN)),
    ("age({0}, {1})", (WHEN, WHEN)),
    ("time_bucket({0}, {1})", (literal("INTERVAL '1 month'", "INTERVAL '7 days'",
                                       "INTERVAL '15 minutes'", "INTERVAL '1 year'"), DAY)),
    *((f"{name}({{0}})", (DAY,)) for name in ("last_day", "dayname", "monthname", "year", "month",
                                              "day", "quarter", "week", "dayofweek")),
    ("strftime({0}, {1})", (DAY, one_of(FORMATS))),
    *((f"{name}({{0}})", (WHEN,)) for name in ("epoch_ms", "epoch_us", "epoch")),
    ("make_date({0}, {1}, {2})", (literal("2020", "1", "0", "-5", "9999"),
                                  literal("1", "2", "12", "13", "0"),
                                  literal("1", "29", "31", "0"))),
    *((f"{name}({{0}}, {{1}})", (kind, kind))
      for name in ("greatest", "least", "nullif", "coalesce") for kind in (NUM, TEXT)),
    *((f"CAST({{0}} AS {kind})", (of(*VALUES),)) for kind in CASTS),
    *((f"CAST({{0}} AS {kind})", (Argument(("VARCHAR",), tuple(TEXTS_TO_CAST)),))
      for kind in CASTS),
    *((f"TRY_CAST({{0}} AS {kind})", (Argument(("VARCHAR",), tuple(TEXTS_TO_CAST)),))
      for kind in CASTS),
    ("list_sort([{0}, {1}, {2}])", (TEXT,) * 3), ("list_contains([{0}, {1}], {2})", (TEXT,) * 3),
    ("len([{0}, {1}])", (TEXT, TEXT)), ("[{0}, {1}, {2}][2]", (of("INTEGER"),) * 3),
    ("list_distinct([{0}, {1}, {2}])[1] IS NULL", (of("BOOLEAN"),) * 3),
    ("CASE WHEN {0} THEN {1} ELSE {2} END", (of("BOOLEAN"), NUM, NUM)),
    ("CASE {0} WHEN {1} THEN {2} END", (TEXT, TEXT, DAY)),
]


@dataclasses.dataclass(frozen=True)
class Case:
    """One query. `ordered`: its rows have an order."""

    sql: str
    ordered: bool = True


def cases(seed: int, expressions: int, queries: int) -> Iterator[Case]:
    choose = random.Random(seed)
    for index in range(expressions):
        yield expression(choose, SHAPES[index % len(SHAPES)], index % 4 == 0)
    nested = Nested(choose)
    for _ in range(queries):
        yield nested.query()


def expression(choose: random.Random, shape: tuple[str, tuple[Argument, ...]], table: bool) -> Case:
    """`f(constants)`, or with `table` `f(columns)` over three rows."""
    template, arguments = shape
    kinds = [choose.choice(a.types) if a.types else "" for a in arguments]

    def value(index: int) -> str:
        argument, kind = arguments[index], kinds[index]
        if not kind:
            return choose.choice(argument.constants)
        if choose.random() < 0.04:
            return f"CAST(NULL AS {kind})"
        text = choose.choice(argument.values or VALUES[kind]).replace("'", "''")
        return f"CAST('{text}' AS {kind})"

    columns = [index for index, kind in enumerate(kinds) if kind]
    if not table or not columns:
        call = template.format(*(value(index) for index in range(len(arguments))))
        return Case(f"SELECT CAST({call} AS VARCHAR) AS v, typeof({call}) AS t")
    rows = ", ".join(
        "(" + ", ".join([str(row), *(value(index) for index in columns)]) + ")" for row in range(3))
    names = ", ".join(f"c{index}" for index in columns)
    call = template.format(*(f"c{index}" if kind else value(index)
                             for index, kind in enumerate(kinds)))
    source = f"(VALUES {rows}) t(n, {names})"
    return Case(f"SELECT CAST({call} AS VARCHAR) AS v FROM {source} ORDER BY n")


class Nested:
    """Expressions in expressions, and whole queries, over one small table."""

    TABLE = (
        "(VALUES (1::BIGINT, 'abc', 10.5::DECIMAL(6,2), DATE '2020-02-29', true, 1.5::DOUBLE,"
        " 3::SMALLINT), (-7, 'Ab%c', -0.05, DATE '1999-12-31', false, -0.25, -2), (NULL, NULL,"
        " NULL, NULL, NULL, NULL, NULL), (42, '', 99.99, DATE '2024-07-01', true, 1e10, 100),"
        " (0, 'é_x', 0.00, DATE '1970-01-01', false, 0.0, 0), (9007199254740993, 'zzz', 1234.56,"
        " DATE '2100-06-15', NULL, 123.456, NULL)) t(i, s, d, dt, b, f, k)"
    )
    COLUMNS = {"i": ["i", "k"], "s": ["s"], "d": ["d"], "t": ["dt"], "b": ["b"], "f": ["f"]}
    LITERALS = {
        "i": ["0", "1", "2", "-3", "7", "100", "2147483648"],
        "s": ["'abc'", "'a'", "''", "'%b%'", "'é'", "'_b_'", "'x'"],
        "d": ["1.5", "0.25", "-2.75", "10.50", "100.0"],
        "t": ["DATE '2020-02-29'", "DATE '2000-01-01'"],
        "b": ["true", "false"],
        "f": ["1e0", "2.5e0", "-1e3"],
    }
    # {x}: a nested expression of type x.
    FORMS = {
        "i": ["({i} + {i})", "({i} - {i})", "({i} % 3)", "({i} % 7)", "({i} // 2)", "({i} // -3)",
              "length({s})", "(-{i})", "abs({i})", "EXTRACT(year FROM {t})",
              "EXTRACT(dow FROM {t})", "EXTRACT(doy FROM {t})", "POSITION({s} IN {s})",
              "({t} - {t})"],
        "s": ["({s} || {s})", "upper({s})", "lower({s})", "SUBSTRING({s} FROM 2 FOR 2)",
              "TRIM({s})", "CAST({i} AS VARCHAR)", "CAST({d} AS VARCHAR)",
              "replace({s}, 'b', 'xx')", "left({s}, 2)", "CAST({t} AS VARCHAR)",
              "TRIM(LEADING 'a' FROM {s})"],
        "d": ["({d} + {d})", "({d} - 0.25)", "abs({d})", "(-{d})", "round({d}, 1)", "({d} * 1.5)"],
        "t": ["({t} + 1)", "({t} - 5)", "CAST(({t} + INTERVAL 1 MONTH) AS DATE)",
              "CAST(({t} + INTERVAL 1 YEAR) AS DATE)", "CAST(date_trunc('month', {t}) AS DATE)"],
        "f": ["({f} + {i})", "({f} / 4e0)", "({d} / 0.5)", "({f} * {f})", "CAST({i} AS DOUBLE)",
              "floor({f})", "CAST({d} AS DOUBLE)"],
        "b": ["({i} = {i})", "({i} < {d})", "({d} >= {f})", "({s} <> {s})", "({t} <= {t})",
              "({b} AND {b})", "({b} OR {b})", "(NOT {b})", "({s} IS NULL)", "({f} IS NOT NULL)",
              "({i} BETWEEN {i} AND {i})", "({s} IN ({s}, 'a', 'x'))", "({d} NOT IN (1.5, 0.25))",
              "({s} LIKE {s})", "({s} NOT ILIKE '%b%')", "({t} IS DISTINCT FROM {t})",
              "({b} IS TRUE)", "({t} > '2000-01-01')"],
    }
    SAME_TYPE = ["CASE WHEN {b} THEN {x} ELSE {x} END", "COALESCE({x}, {x})", "nullif({x}, {x})",
                 "CASE {i} WHEN 1 THEN {x} WHEN -7 THEN {x} END", "if({b}, {x}, {x})",
                 "greatest({x}, {x})"]
    AGGREGATES = [("count(*)", ""), ("count({x})", "isdtbf"), ("count(DISTINCT {x})", "isdt"),
                  ("sum({x})", "idf"), ("min({x})", "isdtf"), ("max({x})", "isdtf"),
                  ("avg({x})", "id"), ("sum({x}) FILTER (WHERE {b})", "id")]

    def __init__(self, choose: random.Random) -> None:
        self.choose = choose

    def expression(self, kind: str, depth: int) -> str:
        if depth <= 0:
            return self.choose.choice(self.COLUMNS[kind] + self.LITERALS[kind][:3])
        return self.fill(self.choose.choice(self.FORMS[kind] + self.SAME_TYPE), kind, depth - 1)

    def fill(self, form: str, kind: str, depth: int) -> str:
        for slot in "isdtbf":
            while "{" + slot + "}" in form:
                form = form.replace("{" + slot + "}", self.expression(slot, depth), 1)
        while "{x}" in form:
            form = form.replace("{x}", self.expression(kind, depth), 1)
        return form

    def aggregate(self) -> str:
        form, kinds = self.choose.choice(self.AGGREGATES)
        return self.fill(form, self.choose.choice(kinds) if kinds else "i", 1)

    def query(self) -> Case:
        kind = self.choose.random()
        if kind < 0.6:
            value = self.expression(self.choose.choice("isdtbf"), self.choose.choice([1, 2, 2, 3]))
            return Case(f"SELECT CAST({value} AS VARCHAR) AS v FROM {self.TABLE}")
        where = self.expression("b", 1)
        if kind < 0.8:
            key = self.expression(self.choose.choice("sbit"), 1)
            inner = f"SELECT {key} AS g, {self.aggregate()} AS x, {self.aggregate()} AS y"
            inner += f" FROM {self.TABLE} WHERE {where} GROUP BY g"
            return Case(self.texts(inner, "g, x, y"), ordered=False)
        if kind < 0.9:
            inner = f"SELECT {self.aggregate()} AS x, {self.aggregate()} AS y"
            return Case(self.texts(f"{inner} FROM {self.TABLE} WHERE {where}", "x, y"))
        order = self.choose.choice(["", "DESC", "NULLS FIRST", "DESC NULLS FIRST"])
        inner = f"SELECT DISTINCT {self.expression(self.choose.choice('isdt'), 1)} AS a,"
        inner += f" {self.expression('b', 1)} AS c FROM {self.TABLE} WHERE {where}"
        inner += f" ORDER BY a {order}, c LIMIT {self.choose.choice([2, 3, 100])}"
        return Case(self.texts(inner, "a, c"), ordered=False)

    @staticmethod
    def texts(inner: str, names: str) -> str:
        outer = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in names.split(", "))
        return f"SELECT {outer} FROM ({inner}) q"

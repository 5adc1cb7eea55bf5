#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The single changes that tests/mutate.sh tries: mutants.py EVERY SEED EQUIVALENT FILE...

Prints one change a line: FILE, LINE, BEFORE and AFTER, with tabs between them. BEFORE is the line as it
is, AFTER the line as it would be. EVERY 10 takes about one of ten. The same SEED draws the same ones
again, and a change elsewhere in the file draws no others. EQUIVALENT lists what nobody can see.
"""
import re
import sys
import zlib

# What is looked for | what it becomes. Comments and strings are blanked before, so nothing matches there.
TABLE = [
    (r"==", "!="),
    (r"!=", "=="),
    (r"(?<= )<(?= )", "<="),
    (r"(?<= )<=(?= )", "<"),
    (r"(?<= )>(?= )", ">="),
    (r"(?<= )>=(?= )", ">"),
    (r"&&", "||"),
    (r"\|\|", "&&"),
    (r"(?<= )\+(?= )", "-"),
    (r"(?<= )-(?= )", "+"),
    (r"\+=", "-="),
    (r"-=", "+="),
    (r"(?<= )\|=(?= )", "="),
    (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"),
    (r"\breturn -1;", "return 0;"),
    (r"\breturn 0;", "return -1;"),  # of an int function: elsewhere 0 is a length or the like
    (r"(?<!return )(?<![=<:?] )(?<!-)\b0\b(?! })", "1"),
    (r"(?<!return )(?<!-)\b1\b", "0"),
    (r"(?<!\[)\b([2-9]|[1-9][0-9]+)\b(?!\])", lambda found: str(int(found[0]) + 1)),
    (r"!(?=[\w(])", ""),
    (r"\bif \((.*)\) \{$", r"if (false && (\1)) {"),
    (r"\bcontinue;", "break;"),
    (r"\bbreak;", "continue;"),
    # A statement of one line that calls or assigns, but declares nothing.
    (r"^( +)(\(void\))?[\w.>\[\]()*-]+( [-+|&^]?= |\+\+|\().*;$", r"\1;"),
]

# Lines that say nothing about what the code does; a leak is for LeakSanitizer to find.
SKIP = re.compile(r"\bassert\(|^\s*(static )?const char \w+\[|^\s*\w+_(free|done)\(.*;$")
STATEMENT_MAY_FOLLOW = re.compile(r"[;{}:]\s*$|^\s*$")


def blank(match):
    return re.sub(r"[^\n]", "_" if match[0][0] in "\"'" else " ", match[0])


def code_of(text):
    """The text without comments, strings and what the preprocessor reads; the places stay the same."""
    text = re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)
    return re.sub(r"^[ \t]*#(?:.*\\\n)*.*", blank, text, flags=re.M)


def changes(line, code, previous, is_int):
    if SKIP.search(code) or not code.strip():
        return
    for pattern, becomes in TABLE:
        if pattern.startswith("^( +)") and not STATEMENT_MAY_FOLLOW.search(previous):
            continue
        if becomes == "return -1;" and not is_int:
            continue
        for found in re.finditer(pattern, code):
            # The match is of the blanked line; what stays of it is taken from the real one.
            if callable(becomes):
                new = becomes(found)
            else:
                new = re.sub(r"\\(\d)", lambda n: line[slice(*found.span(int(n[1])))], becomes)
            yield line[: found.start()] + new + line[found.end() :]


def main(every, seed, equivalent, files):
    known = {line.strip() for line in open(equivalent) if not line.startswith("#")}
    for name in files:
        text = open(name).read()
        lines, code = text.split("\n"), code_of(text).split("\n")
        is_int = False
        for i, line in enumerate(lines):
            if re.match(r"\w.*\(", code[i]):
                is_int = re.match(r"(static )?int \w+\(", code[i]) is not None
            for after in changes(line, code[i], code[i - 1] if i else "", is_int):
                key = f"{name}: {line.strip()} → {after.strip()}"
                if key not in known and zlib.crc32(f"{seed} {key}".encode()) % every == 0:
                    print(name, i + 1, line, after, sep="\t")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])

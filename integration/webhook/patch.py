#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Applies the patch of an answer to the object of its review: patch.py REVIEW ANSWER >REVIEW. RFC 6902, "add" alone."""
import base64
import json
import sys


def main():
    with open(sys.argv[1], "rb") as file:
        review = json.load(file)
    with open(sys.argv[2], "rb") as file:
        response = json.load(file)["response"]
    for operation in json.loads(base64.b64decode(response["patch"], validate=True)):
        if operation["op"] != "add" or not operation["path"].startswith("/"):
            sys.exit(f"not expected: {operation}")
        at = review["request"]["object"]
        *way, last = [token.replace("~1", "/").replace("~0", "~") for token in operation["path"][1:].split("/")]
        for token in way:
            at = at[int(token)] if isinstance(at, list) else at[token]
        if isinstance(at, list):
            at.insert(len(at) if last == "-" else int(last), operation["value"])
        else:
            at[last] = operation["value"]
    json.dump(review, sys.stdout)


main()

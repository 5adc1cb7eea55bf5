#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the YAML documents of a file are the items of a List in JSON to a reader of YAML 1.1, which takes `yes`,
`1.30` and `0o7` for something else than a reader of 1.2 (same.js) does: same.py FILE.yaml FILE.json."""
import json
import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as one, open(sys.argv[2], encoding="utf-8") as two:
    sys.exit(list(yaml.safe_load_all(one)) != json.load(two)["items"])

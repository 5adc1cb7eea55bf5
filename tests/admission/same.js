// SPDX-License-Identifier: Apache-2.0
// Whether the YAML documents of a file are the items of a List in JSON, to a reader of YAML 1.2; same.py is one of
// 1.1: same.js FILE.yaml FILE.json.
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');

const yaml = require(path.join(process.env.NODE_MODULES, 'js-yaml'));
const documents = yaml.loadAll(fs.readFileSync(process.argv[2], 'utf8'));
const { kind, apiVersion, items } = JSON.parse(fs.readFileSync(process.argv[3], 'utf8'));
assert.strictEqual(`${apiVersion} ${kind}`, 'v1 List');
assert.deepStrictEqual(documents, items);

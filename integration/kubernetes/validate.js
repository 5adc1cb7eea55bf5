// SPDX-License-Identifier: Apache-2.0
// Reads manifests (YAML, on stdin) and validates each against the schema of its kind, which the npm
// package kubernetes-models has compiled from the OpenAPI document of Kubernetes. Exit status 1 if
// one is wrong. NODE_MODULES names the folder of that package and of js-yaml.
'use strict';
const fs = require('fs');
const path = require('path');

const modules = process.env.NODE_MODULES;
const yaml = require(path.join(modules, 'js-yaml'));

// The schemas let unknown fields pass, and so would a misspelt one. A validator reads every field
// that it knows: what it never reads, it does not know.
function watch(value, where, unread) {
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const inner = {};
  for (const key of Object.keys(value)) {
    const name = `${where}/${key}`;
    unread.add(name);
    inner[key] = watch(value[key], name, unread);
  }
  return new Proxy(Array.isArray(value) ? Object.values(inner) : inner, {
    get(target, key) {
      unread.delete(`${where}/${String(key)}`);
      return target[key];
    },
  });
}

// apps/v1 DaemonSet -> kubernetes-models/apps/v1/DaemonSet
function problems(manifest) {
  const { apiVersion, kind } = manifest;
  const file = path.join(modules, 'kubernetes-models', String(apiVersion), `${kind}.js`);
  if (!fs.existsSync(file)) {
    return [`no such kind: ${apiVersion} ${kind}`];
  }
  const exported = require(file)[kind];
  const schema = path.join(modules, 'kubernetes-models', '_schemas',
    `${Object.keys(require(file)).find((name) => name.startsWith('Io'))}.js`);
  const { validate } = require(schema);
  const unread = new Set();
  const good = validate(watch(manifest, '', unread));
  const wrong = good ? [] : validate.errors.map(
    (e) => `${e.instancePath || '/'}: not as ${e.keyword} ${JSON.stringify(e.params)} wants it`);
  if (!exported.is(manifest)) {
    wrong.push('apiVersion and kind do not fit');
  }
  const unknown = [...unread].filter((name) => !unread.has(path.posix.dirname(name)));
  return wrong.concat(unknown.map((name) => `${name}: no such field`));
}

let failed = 0;
let count = 0;
for (const manifest of yaml.loadAll(fs.readFileSync(0, 'utf8'))) {
  const name = `${manifest.kind} ${manifest.metadata && manifest.metadata.name}`;
  const wrong = problems(manifest);
  count += 1;
  failed += wrong.length > 0 ? 1 : 0;
  console.log(wrong.length > 0 ? `${name}: ${wrong.join('; ')}` : `${name}: valid`);
}
if (count === 0) {
  console.log('no manifest');
}
process.exitCode = failed > 0 || count === 0 ? 1 : 0;

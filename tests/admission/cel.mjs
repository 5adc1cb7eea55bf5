// SPDX-License-Identifier: Apache-2.0
// What an API server would say: the ValidatingAdmissionPolicies that `ocinorm admission` prints,
// evaluated over requests. The evaluator is npm's @marcbachmann/cel-js; the functions of
// Kubernetes' libraries that it lacks are here.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const modules = process.env.NODE_MODULES;
const { Environment } = await import(
  pathToFileURL(path.join(modules, '@marcbachmann/cel-js/lib/index.js')).href);

// apimachinery resource.Quantity, as far as asApproximateFloat() tells: at most 2^63 - 1.
class Quantity {
  static factors = { '': 1, n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
    Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 };

  constructor(text) {
    const parts = /^([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+|[a-zA-Z]*)$/.exec(text);
    const exponent = parts && /^[eE][+-]?[0-9]/.test(parts[2]);
    const factor = parts && (exponent ? Number(`1${parts[2]}`) : Quantity.factors[parts[2]]);
    if (!factor) {
      throw new Error(`quantity('${text}'): not a quantity`);
    }
    this.value = Math.min(Number(parts[1]) * factor, 2 ** 63);
  }
}

const env = new Environment({ enableOptionalTypes: true, unlistedVariablesAreDyn: true });
env.registerType('Quantity', Quantity);
env.registerFunction('quantity(string): Quantity', (text) => new Quantity(text));
env.registerFunction('Quantity.asApproximateFloat(): double', (q) => q.value);
env.registerFunction('string.replace(string, string): string', (s, a, b) => s.replaceAll(a, b));

const plurals = { Pod: 'pods', PodTemplate: 'podtemplates', ReplicationController: 'replicationcontrollers',
  Deployment: 'deployments', ReplicaSet: 'replicasets', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets',
  Job: 'jobs', CronJob: 'cronjobs' };

// JSON as CEL has it: whole numbers are integers, and null is what an API server never stores.
function toCel(value) {
  if (Array.isArray(value)) {
    return value.map(toCel);
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null)
      .map(([k, v]) => [k, toCel(v)]));
  }
  return Number.isInteger(value) ? BigInt(value) : value;
}

// {operation, subresource, namespace, object, old}, of an object or of an AdmissionReview.
export function requestOf(document) {
  if (document.kind === 'AdmissionReview') {
    const { operation, subResource, namespace, object, oldObject } = document.request;
    return { operation: operation || 'CREATE', subresource: subResource || '', namespace, object,
      old: oldObject };
  }
  return { operation: 'CREATE', subresource: '', namespace: document.metadata?.namespace || 'default',
    object: document, old: undefined };
}

function matchesRules(spec, request) {
  const { apiVersion, kind } = request.object || request.old || {};
  const [version, group] = String(apiVersion).split('/').reverse();
  const resource = (plurals[kind] || '?') + (request.subresource ? `/${request.subresource}` : '');
  return spec.matchConstraints.resourceRules.some((rule) => rule.apiGroups.includes(group || '') &&
    rule.apiVersions.includes(version) && rule.operations.includes(request.operation) &&
    rule.resources.includes(resource));
}

function selects(binding, namespace) {
  const expressions = binding.spec.matchResources?.namespaceSelector.matchExpressions || [];
  return expressions.every(({ key, operator, values }) => {
    if (key !== 'kubernetes.io/metadata.name' || operator !== 'NotIn') {
      throw new Error(`${key} ${operator}: the test does not know it`);
    }
    return !values.includes(namespace);
  });
}

// Compiled once: { name, says(request) -> ["deny RULE", ...] }
export class Gate {
  constructor(list) {
    const items = JSON.parse(list).items;
    const bindings = items.filter((i) => i.kind === 'ValidatingAdmissionPolicyBinding');
    this.pairs = bindings.map((binding) => {
      const policy = items.find((i) => i.kind === 'ValidatingAdmissionPolicy' &&
        i.metadata.name === binding.spec.policyName);
      const { spec } = policy;
      const parse = (expression) => env.parse(expression);
      return { binding, spec,
        conditions: spec.matchConditions.map((c) => parse(c.expression)),
        variables: spec.variables.map((v) => [v.name, parse(v.expression)]),
        validations: spec.validations.map((v) => ({ ...v, run: parse(v.expression),
          say: parse(v.messageExpression) })) };
    });
  }

  judge(request) {
    const said = [];
    const context = { request: { operation: request.operation, namespace: request.namespace },
      object: toCel(request.object), oldObject: request.old ? toCel(request.old) : null };
    for (const { binding, spec, conditions, variables, validations } of this.pairs) {
      if (!matchesRules(spec, request) || !selects(binding, request.namespace) ||
          !conditions.every((run) => run(context) === true)) {
        continue;
      }
      const lazy = {};
      for (const [name, run] of variables) {
        let known = false;
        let value;
        Object.defineProperty(lazy, name, { enumerable: true, get() {
          if (!known) {
            value = run({ ...context, variables: lazy });
            known = true;
          }
          return value;
        } });
      }
      for (const { run, say, message } of validations) {
        const good = run({ ...context, variables: lazy });
        if (good !== true) {
          const text = say({ ...context, variables: lazy });
          const rule = /^\[([a-z.]+)\] /.exec(text)[1];
          if (!message.startsWith(`[${rule}] `) || /[\r\n]/.test(text) || good !== false) {
            throw new Error(`${rule}: ${good}: ${text}`);
          }
          said.push(`${binding.spec.validationActions[0].toLowerCase()} ${rule}`);
        }
      }
    }
    return [...new Set(said)].sort();
  }
}

// What C says of documents, by the name of each object: of the JSON report of `admission check`.
export function readReport(text) {
  const by = new Map();
  for (const input of JSON.parse(text).inputs) {
    for (const { object, level, rule } of input.findings) {
      by.set(object, [...(by.get(object) || []), `${level} ${rule}`]);
    }
  }
  return (name) => [...new Set(by.get(name) || [])].sort();
}

export const read = (file) => readFileSync(file, 'utf8');

// SPDX-License-Identifier: Apache-2.0
// C and CEL over the same objects: run.mjs BIN cases DIRECTORY, run.mjs BIN random COUNT SEED SCRATCH.
// `ocinorm admission check` is the one, cel.mjs over what `ocinorm admission` prints the other; NODE_MODULES
// names the folder of npm's packages. Exit status 1 if any disagree, with each other or with what is expected.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Gate, read, readReport, requestOf } from './cel.mjs';
import { policies, Pods } from './pods.mjs';

const yaml = createRequire(import.meta.url)(path.join(process.env.NODE_MODULES, 'js-yaml'));
const [bin, what, ...words] = process.argv.slice(2);

function run(...args) {
  const { status, stdout, stderr } = spawnSync(path.join(bin, 'ocinorm'), args,
    { encoding: 'utf8', maxBuffer: 1 << 30 });
  return { status, stdout, stderr };
}

// The gate of a policy; what is refused says why.
function gateOf(policy) {
  const { status, stdout, stderr } = run('admission', '--config', policy, '--format', 'json');
  if (status !== 0) {
    return { refused: `${status}: ${stderr.trim()}` };
  }
  return { gate: new Gate(stdout) };
}

// ---- cases --------------------------------------------------------------------------------------

const shown = (verdict) => (verdict.length > 0 ? verdict.join(', ') : 'accepted');

// Of a file with one object.
function judgeInC(policy, file) {
  const { status, stdout, stderr } = run('admission', 'check', '--config', policy, '--format', 'json', file);
  if (status === 2) {
    return { refused: `${status}: ${stderr.trim()}` };
  }
  const findings = JSON.parse(stdout).inputs.flatMap((input) => input.findings);
  const verdict = [...new Set(findings.map((f) => `${f.level} ${f.rule}`))].sort();
  const denies = verdict.some((line) => line.startsWith('deny '));
  return denies === (status === 1) ? { verdict } : { refused: `exit status ${status}: ${shown(verdict)}` };
}

function judgeCase(folder) {
  const object = ['object.yaml', 'object.json'].map((name) => path.join(folder, name)).find(existsSync);
  const policy = path.join(folder, 'policy.json');
  const lines = read(path.join(folder, 'expected')).trim().split('\n');
  const { gate, refused } = gateOf(policy);
  const c = judgeInC(policy, object);
  const cel = gate ? { verdict: gate.judge(requestOf(yaml.load(read(object)))) } : { refused };
  const [, key] = /^refused (.*)/.exec(lines[0]) || [];
  return [['C', c], ['CEL', cel]].flatMap(([name, said]) => {
    const good = key ? said.refused && said.refused.startsWith('2: ') && said.refused.includes(key)
      : said.verdict && shown(said.verdict) === lines.join(', ');
    return good ? [] : [`${name}: ${said.refused || shown(said.verdict)}; expected ${lines.join(', ')}`];
  });
}

function runCases(directory) {
  const rules = new Map();
  let failed = 0;
  for (const rule of readdirSync(directory).sort()) {
    for (const name of readdirSync(path.join(directory, rule)).sort()) {
      const wrong = judgeCase(path.join(directory, rule, name));
      const counts = rules.get(rule) || { cases: 0, wrong: 0 };
      rules.set(rule, { cases: counts.cases + 1, wrong: counts.wrong + (wrong.length > 0 ? 1 : 0) });
      wrong.forEach((line) => console.log(`FAILED ${rule}/${name}: ${line}`));
      failed += wrong.length > 0 ? 1 : 0;
    }
  }
  const all = [...rules.values()].reduce((sum, { cases }) => sum + cases, 0);
  rules.forEach(({ cases, wrong }, rule) => console.log(
    `${rule.padEnd(22)} ${String(cases).padStart(4)} cases, C = CEL = expected in ${cases - wrong}`));
  console.log(`${all} cases, ${failed} wrong`);
  return failed === 0 && all >= 60;
}

// ---- random pods --------------------------------------------------------------------------------

const AT_ONCE = 150; // objects of a file: more findings than 2000 are an error
const FILES = 5; // of a run

function runRandom(count, seed, scratch) {
  const pods = new Pods(seed);
  const seen = new Map();
  let failed = 0;
  let judged = 0;
  mkdirSync(scratch, { recursive: true });
  for (let round = 0; judged < count && failed < 20; round += 1) {
    const policy = path.join(scratch, 'policy.json');
    writeFileSync(policy, JSON.stringify(policies[round % policies.length]));
    const { gate, refused } = gateOf(policy);
    if (!gate) {
      throw new Error(`${policy}: ${refused}`);
    }
    const files = [];
    const documents = [];
    for (let f = 0; f < FILES && judged + documents.length < count; f += 1) {
      const some = [...Array(Math.min(AT_ONCE, count - judged - documents.length))].map(
        (_, i) => pods.next(`${round}-${f}-${i}`));
      files.push(path.join(scratch, `${f}.yaml`));
      writeFileSync(files[f], some.map((d) => `---\n${JSON.stringify(d)}\n`).join(''));
      documents.push(...some);
    }
    const { status, stdout, stderr } = run('admission', 'check', '--config', policy, '--format', 'json', ...files);
    if (status === 2) {
      throw new Error(`admission check: ${stderr}`);
    }
    const inC = readReport(stdout);
    for (const document of documents) {
      const request = requestOf(document);
      const { kind, metadata } = request.object;
      const c = shown(inC(`${kind} ${metadata.namespace}/${metadata.name}`));
      const cel = shown(gate.judge(request));
      if (c !== cel) {
        failed += 1;
        console.log(`FAILED policy ${round % policies.length}: C: ${c}; CEL: ${cel}; of ${JSON.stringify(document)}`);
      }
      c.split(', ').forEach((line) => seen.set(line, (seen.get(line) || 0) + 1));
    }
    judged += documents.length;
  }
  [...seen].sort().forEach(([line, times]) => console.log(`${line.padEnd(28)} ${times}`));
  console.log(`${judged} random objects with seed ${seed}: ${failed} on which C and CEL differ`);
  return failed === 0;
}

const good = what === 'cases' ? runCases(words[0]) : runRandom(Number(words[0]), Number(words[1]), words[2]);
process.exitCode = good ? 0 : 1;

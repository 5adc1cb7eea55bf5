// SPDX-License-Identifier: Apache-2.0
// Objects at random, of values that are right, nearly right and wrong, and policies to judge them by.
const node = (level) => Object.fromEntries(
  ['user.root', 'user.capabilities', 'env.gomaxprocs', 'env.gomemlimit'].map((rule) => [rule, level]));

const keys = { required: ['app', 'example.com/owner'],
  allowed: { app: '^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$', 'example.com/owner': '*@example.com', tier: '[!a-c]*',
    stage: '^(dev|test|prod)(-[0-9]{1,3})?$' } };

const all = { 'labels.required': 'deny', 'labels.allowed': 'warn', 'annotations.required': 'warn',
  'annotations.allowed': 'deny', 'image.digest': 'warn', 'image.registry': 'deny', runtimeclass: 'warn' };

const admission = { rules: all, labels: keys, annotations: keys, registries: ['ghcr.io/shop', '*.example.com:5000',
  'docker.io/library'], runtimeClass: 'ocinorm' };

export const policies = [
  { rules: node('edit'), admission },
  { rules: node('deny'), admission, user: { lowPorts: true }, env: { maxprocs: { min: 3 } },
    exempt: { privileged: false, hostNamespaces: false, namespaces: [] } },
  { rules: node('edit'), admission, env: { override: true },
    exempt: { namespaces: ['kube-*', 'shop-[0-3]'], annotations: { stage: 'prod*', tier: '?' } } },
  { rules: node('deny'), admission: { ...admission, registries: ['localhost', 'quay.io'] }, match: [
    { when: { namespaces: ['shop-*'] }, policy: { rules: { 'user.root': 'warn' }, admission: { rules: { runtimeclass: 'off' } } } },
    { when: { namespaces: ['shop-1', 'default'], annotations: { tier: '*' } }, policy: { rules: node('off') } },
    { when: { annotations: { stage: 'dev' } },
      policy: { exempt: { hostNamespaces: false }, admission: { labels: { required: ['tier'] }, runtimeClass: 'kata' } } },
  ] },
];

const digest = (c) => `@sha256:${c.repeat(64)}`;

// A generator of 32 bits (mulberry32): the same seed makes the same objects everywhere.
export class Pods {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  number(below) {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  one(...list) { return list[this.number(list.length)]; }

  maybe(percent) { return this.number(100) < percent; }

  // A word that a pattern nearly takes: a right one, changed at one place.
  spoilt(text) {
    const at = this.number(text.length + 1);
    const c = this.one('', '-', 'x', 'B', '7', '.', '@', '/', ' ', 'é', 'ü', '_', "'", '\\', '$', '^', '*', '"', '\n');
    return text.slice(0, at) + c + text.slice(at + this.number(2));
  }

  value(...right) {
    const text = this.one(...right);
    return this.maybe(40) ? this.spoilt(text) : text;
  }

  keys() {
    const map = {};
    const values = { app: ['web', 'a', 'shop-frontend', 'x-1'], 'example.com/owner': ['anna@example.com', '@example.com'],
      tier: ['front', 'back', 'd', ''], stage: ['dev', 'prod-12', 'test-1', 'prod'] };
    Object.entries(values).forEach(([key, right]) => {
      if (this.maybe(60)) {
        map[key] = this.maybe(5) ? '' : this.value(...right);
      }
    });
    return this.maybe(15) ? undefined : map;
  }

  security(withCapabilities) {
    const context = {};
    if (this.maybe(40)) {
      context.runAsUser = this.one(0, 0, 1, 1001, 65534, 4294967296);
    }
    if (this.maybe(40)) {
      context.runAsNonRoot = this.maybe(60);
    }
    if (withCapabilities && this.maybe(25)) {
      context.privileged = this.maybe(50);
    }
    if (withCapabilities && this.maybe(30)) {
      context.capabilities = { drop: ['ALL'],
        add: this.one([], ['NET_BIND_SERVICE'], ['NET_ADMIN'], ['NET_BIND_SERVICE', 'CHOWN'], ['ALL'], ['net_bind_service']) };
    }
    return this.maybe(30) ? undefined : context;
  }

  amount() {
    const n = this.one(0, 1, 2, 3, 4, 7, 100, 512, 1000, 1500, 2001, 2500, 1048576, 536870912);
    const suffix = this.one('', '', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'u', 'n', 'e3', '.5', '.5Gi', 'e0', 'E', 'Ti');
    return `${n}${suffix}`;
  }

  goMemory() {
    const n = this.one(0, 1, 2, 100, 500, 512, 513, 1048576, 536870912, 536870913, '007', '9223372036854775807',
      '9223372036854775808', '9223372036854775295', '99999999999999999999');
    return this.maybe(15) ? this.one('', 'off', 'OFF', '-1', '1.5GiB', '0x10', ' 1', 'MiB', '$(LIMIT)')
      : `${n}${this.one('', '', 'B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'MB', 'Mi', 'kiB', 'b')}`;
  }

  goProcs() {
    return this.maybe(75) ? String(this.one(0, 1, 2, 3, 4, 5, 8, 64, 513, 1001, 2147483647, 2147483648, '03', '000'))
      : this.one('', 'x', '-1', '2.5', ' 2', '2 ', '1e1', '99999999999999999999', '+1');
  }

  env() {
    const env = [];
    const add = (name, value) => env.push(this.maybe(8) ? { name, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }
      : this.maybe(3) ? { name } : { name, value });
    if (this.maybe(60)) {
      add('GOMAXPROCS', this.goProcs());
    }
    if (this.maybe(60)) {
      add('GOMEMLIMIT', this.goMemory());
    }
    if (this.maybe(20)) {
      add(this.one('A', 'gomaxprocs', 'GOMEMLIMIT', 'GOMAXPROCS'), this.one('1', '8', '512MB'));
    }
    return this.maybe(20) ? undefined : env;
  }

  image() {
    const name = this.one('nginx', 'shop/nginx', 'ghcr.io/shop/web', 'ghcr.io/shopping/web', 'eu.example.com:5000/a/b',
      'docker.io/library/nginx', 'docker.io/nginx', 'localhost/web', 'localhost:5000/web', 'quay.io/a', 'Library/x', 'a.b/c');
    const image = name + this.one('', ':1.27', digest('a'), `:1${digest('0')}`, digest('g'), '@sha256:0', `@sha512:${'f'.repeat(128)}`);
    return this.maybe(10) ? this.spoilt(image).replace('\n', '') : image;
  }

  container(name) {
    const limits = {};
    if (this.maybe(60)) {
      limits.cpu = this.maybe(5) ? this.one(1, 2, 4) : this.amount();
    }
    if (this.maybe(60)) {
      limits.memory = this.amount();
    }
    const resources = this.one(undefined, {}, { limits }, { limits, requests: { cpu: '1' } });
    return { name, image: this.maybe(2) ? undefined : this.image(), env: this.env(), resources,
      securityContext: this.security(true) };
  }

  containers(prefix, least) {
    const count = least + this.one(0, 0, 0, 1, 2);
    const list = [...Array(count)].map((_, i) => this.container(`${prefix}${i}`));
    return count === 0 && this.maybe(70) ? undefined : list;
  }

  spec(pod) {
    return { containers: this.containers('c', 1), initContainers: this.containers('i', 0),
      ephemeralContainers: pod ? this.containers('e', 0) : undefined, securityContext: this.security(false),
      runtimeClassName: this.one(undefined, 'ocinorm', 'kata', 'runc'),
      hostNetwork: this.one(undefined, undefined, undefined, false, true), hostPID: this.maybe(5) || undefined,
      hostIPC: this.maybe(5) || undefined,
      os: this.one(undefined, undefined, undefined, { name: 'linux' }, { name: 'windows' }) };
  }

  object(name) {
    const kind = this.one('Pod', 'Pod', 'Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob',
      'PodTemplate', 'ReplicationController', 'Service');
    const namespace = this.one('default', 'shop-1', 'shop-7', 'kube-system', 'kube-public', 'other');
    const meta = { name, namespace, labels: this.keys(), annotations: this.keys() };
    const pod = { metadata: meta, spec: this.spec(kind === 'Pod') };
    const template = { metadata: this.maybe(10) ? undefined : { labels: this.keys(), annotations: this.keys() },
      spec: pod.spec };
    switch (kind) {
      case 'Pod': return { apiVersion: 'v1', kind, ...pod };
      case 'Service': return { apiVersion: 'v1', kind, metadata: meta, spec: {} };
      case 'PodTemplate': return { apiVersion: 'v1', kind, metadata: meta, template };
      case 'ReplicationController': return { apiVersion: 'v1', kind, metadata: meta, spec: { template } };
      case 'Job': return { apiVersion: 'batch/v1', kind, metadata: meta, spec: { template } };
      case 'CronJob': return { apiVersion: 'batch/v1', kind, metadata: meta, spec: { jobTemplate: { spec: { template } } } };
      default: return { apiVersion: 'apps/v1', kind, metadata: meta, spec: { replicas: 1, template } };
    }
  }

  // Without what is undefined, as JSON has it.
  static clean(value) { return JSON.parse(JSON.stringify(value)); }

  // What somebody changes in an object; often nothing that counts.
  changed(object) {
    const copy = Pods.clean(object);
    const pod = copy.kind === 'Pod' ? copy : copy.kind === 'PodTemplate' ? copy.template
      : copy.kind === 'CronJob' ? copy.spec.jobTemplate.spec.template : copy.spec.template || {};
    switch (this.number(8)) {
      case 0: copy.metadata.finalizers = ['example.com/x']; break;
      case 1: copy.metadata.labels = { ...copy.metadata.labels, extra: 'x' }; break;
      case 2: if (pod.spec) { pod.spec.securityContext = this.one({}, { runAsUser: 7 }); } break;
      case 3: if (pod.spec) { pod.spec.containers[0].image = this.image(); } break;
      case 4: if (pod.spec) { pod.spec.initContainers = this.one([], [{ name: 'n', image: 'x' }]); } break;
      case 5: if (copy.spec) { copy.spec.replicas = 3; } break;
      case 6: if (pod.spec) { pod.spec.hostNetwork = false; } break;
      default: break;
    }
    return Pods.clean(copy);
  }

  next(name) {
    const object = Pods.clean(this.object(`o${name}`));
    if (this.maybe(75)) {
      return object;
    }
    const { namespace } = object.metadata;
    const old = this.changed(object);
    if (this.maybe(10)) {
      object.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    }
    const subResource = object.kind === 'Pod' ? this.one('', 'ephemeralcontainers', 'resize') : '';
    return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview',
      request: { operation: 'UPDATE', subResource, namespace, object, oldObject: old } };
  }
}

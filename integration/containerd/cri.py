#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A CRI client for the live tests: asks of containerd what the kubelet would ask.

cri.py SOCKET STATE CGROUP PROTOCOL VERB ARGUMENT...

STATE is containerd's state directory, CGROUP the parent of all pods, PROTOCOL a file of descriptors
(prepare.bash). A verb is a function verb_NAME below. What a container prints is printed; an error of
CRI is printed as "error TEXT", with exit status 3.
"""
import concurrent.futures
import contextlib
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import uuid

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

import stream

NAMESPACES = {"namespace_options": {"network": "POD", "pid": "CONTAINER"}}
LIMITS = {"cpu_period": 100000, "cpu_quota": 150000, "memory_limit_in_bytes": 134217728}
SLEEP = ["/bin/sleep", "1000"]
EXITED = 2  # of CRI's ContainerState


class Runtime:
    """CRI's RuntimeService: runtime(METHOD, FIELD=JSON...) gives the answer's message."""

    def __init__(self, address, protocol):
        pool = descriptor_pool.DescriptorPool()
        with open(protocol, "rb") as file:
            for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
                pool.Add(proto)
        # The factory is not for threads: all classes are made here.
        make = message_factory.MessageFactory(pool).GetPrototype
        self.methods = {
            method.name: (make(method.input_type), make(method.output_type))
            for method in pool.FindServiceByName("runtime.v1.RuntimeService").methods
        }
        self.channel = grpc.insecure_channel("unix://" + address)

    def __call__(self, name, **fields):
        request, answer = self.methods[name]
        call = self.channel.unary_unary(
            "/runtime.v1.RuntimeService/" + name,
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )
        return call(json_format.ParseDict(fields, request()), timeout=1200)


class Pod:
    """A pod with its sandbox, and one container as soon as start() is called."""

    def __init__(self, handler, namespace):
        # One pod at a time may have a name; the many need one each.
        self.name = "ocn-" + uuid.uuid4().hex[:8]
        self.namespace = namespace
        self.handler = handler
        self.logs = tempfile.mkdtemp(prefix="ocinorm-cri.")
        self.config = {
            "metadata": {"name": self.name, "namespace": namespace, "uid": self.name},
            "log_directory": self.logs,
            "linux": {"cgroup_parent": cgroup, "security_context": NAMESPACES},
        }
        self.container = None
        try:
            self.sandbox = runtime(
                "RunPodSandbox", config=self.config, runtime_handler=handler
            ).pod_sandbox_id
        except grpc.RpcError:
            shutil.rmtree(self.logs)
            raise

    def start(self, image, command, **more):
        config = {
            "metadata": {"name": "app"},
            "image": {"image": image},
            "command": list(command),
            "log_path": "app.log",
            "linux": {"resources": LIMITS, "security_context": NAMESPACES},
        }
        config.update(more)
        self.container = runtime(
            "CreateContainer",
            pod_sandbox_id=self.sandbox,
            config=config,
            sandbox_config=self.config,
        ).container_id
        runtime("StartContainer", container_id=self.container)

    def wait(self):
        for _ in range(30000):
            status = runtime("ContainerStatus", container_id=self.container).status
            if status.state == EXITED:
                return status.exit_code
            time.sleep(0.02)
        raise SystemExit("the container did not end")

    def first_word(self):
        """Of what it has said: a container that has been started may say it a little later."""
        for _ in range(30000):
            words = self.log().split()
            if words:
                return words[0]
            time.sleep(0.02)
        return "nothing"

    def execute(self, command):
        answer = runtime("ExecSync", container_id=self.container, cmd=list(command), timeout=600)
        return (answer.stdout + answer.stderr).decode(), answer.exit_code

    def log(self):
        with open(os.path.join(self.logs, "app.log"), encoding="utf-8") as log:
            return "".join(line.split(" ", 3)[3] for line in log)

    def spec(self, container):
        """What the runtime got, without what differs from pod to pod: ids, names, directories."""
        path = os.path.join(state, "io.containerd.runtime.v2.task/k8s.io", container, "config.json")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for own in (self.name, self.logs):
            text = text.replace(own, "OWN")
        return re.sub(r"[0-9a-f]{64}|cni-[-0-9a-f]{36}|/proc/[0-9]+/|/[0-9]+/fs", "ID", text)

    def remove(self):
        # What stops while it is stopped is an error to containerd; the kubelet repeats it, too.
        for attempt in range(50):
            try:
                runtime("StopPodSandbox", pod_sandbox_id=self.sandbox)
                break
            except grpc.RpcError:
                if attempt == 49:
                    raise
                time.sleep(0.2)
        runtime("RemovePodSandbox", pod_sandbox_id=self.sandbox)
        shutil.rmtree(self.logs)


@contextlib.contextmanager
def running(handler, namespace):
    pod = Pod(handler, namespace)
    try:
        yield pod
    finally:
        pod.remove()


def verb_run(handler, namespace, image, *command):
    """Runs a container to its end."""
    with running(handler, namespace) as pod:
        pod.start(image, command)
        code = pod.wait()
        print(pod.log() + "exit", code)


def verb_mounted(handler, namespace, image, mounts, *command):
    """The same with MOUNTS, CONTAINER-PATH=HOST-PATH[=ro] with blanks between."""
    fields = [mount.split("=") for mount in mounts.split()]
    with running(handler, namespace) as pod:
        pod.start(
            image,
            command,
            mounts=[
                {"container_path": at, "host_path": source, "readonly": rest == ["ro"]}
                for at, source, *rest in fields
            ],
        )
        code = pod.wait()
        print(pod.log() + "exit", code)


def verb_exec(handler, namespace, image, *command):
    """ExecSync, as a probe does it."""
    with running(handler, namespace) as pod:
        pod.start(image, SLEEP)
        text, code = pod.execute(command)
        print(text + "exit", code)


TERMINAL = {"tty": True, "stdin": True}


def verb_tty(handler, namespace, image, *command):
    """Exec with a terminal, as kubectl exec -it does it. COMMAND says "ready" and reads a line."""
    with running(handler, namespace) as pod:
        pod.start(image, SLEEP)
        url = runtime(
            "Exec", container_id=pod.container, cmd=list(command), stdout=True, **TERMINAL
        ).url
        print(stream.talk(url, ("ready", "")))


def verb_attach(handler, namespace, image, line, *command):
    """Attach, as kubectl attach -it does it. COMMAND reads LINE, says "ready" and reads another one."""
    with running(handler, namespace) as pod:
        pod.start(image, command, **TERMINAL)
        url = runtime("Attach", container_id=pod.container, stdout=True, **TERMINAL).url
        print(stream.talk(url, ("", line), ("ready", "")))


def verb_specs(handler, namespace, image, directory):
    """Writes what the runtime got to DIRECTORY/sandbox and DIRECTORY/app."""
    with running(handler, namespace) as pod:
        pod.start(image, SLEEP)
        for name, container in ("sandbox", pod.sandbox), ("app", pod.container):
            with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                file.write(pod.spec(container))


def verb_many(count, namespace, image, *handlers):
    """COUNT pods that run all at the same time; a line for each: HANDLER, who runs, who is exec'd."""
    count = int(count)
    all_run = threading.Barrier(count)

    def one(number):
        handler = handlers[number % len(handlers)]
        try:
            with running(handler, namespace) as pod:
                pod.start(image, ["/bin/sh", "-c", "id; exec sleep 1000"])
                all_run.wait(1200)
                text, _ = pod.execute(["/bin/id"])
                return f"{handler} {pod.first_word()} {(text.split() or ['nothing'])[0]}"
        except Exception as failed:
            all_run.abort()  # the others need not wait
            return f"{handler} failed: {failed!r}"

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        for line in pool.map(one, range(count)):
            print(line)


if __name__ == "__main__":
    address, state, cgroup, protocol, verb, *arguments = sys.argv[1:]
    runtime = Runtime(address, protocol)
    try:
        globals()["verb_" + verb](*arguments)
    except grpc.RpcError as error:
        print("error", error.details())
        sys.exit(3)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A CRI client for the live tests: what the kubelet would ask of containerd.

cri.py SOCKET PROTO-DIR run  HANDLER NAMESPACE IMAGE COMMAND...   starts, waits, prints the log
cri.py SOCKET PROTO-DIR exec HANDLER NAMESPACE IMAGE COMMAND...   ExecSync in a container that sleeps

Prints what the container printed and then "exit N"; an error of CRI as "error TEXT", exit status 3.
"""
import os
import sys
import tempfile
import time
import uuid

import grpc

socket, protos, what, handler, namespace, image, *command = sys.argv[1:]
sys.path.insert(0, protos)
import cri_pb2 as cri  # noqa: E402
import cri_pb2_grpc  # noqa: E402

channel = grpc.insecure_channel("unix://" + socket)
runtime = cri_pb2_grpc.RuntimeServiceStub(channel)
logs = tempfile.mkdtemp(prefix="ocinorm-cri.")
name = "ocn-" + uuid.uuid4().hex[:8]

MEMORY = 134217728


def sandbox_config():
    return cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(name=name, namespace=namespace, uid=name),
        log_directory=logs,
        linux=cri.LinuxPodSandboxConfig(
            cgroup_parent="/ocinorm-live/" + name,
            security_context=cri.LinuxSandboxSecurityContext(
                namespace_options=cri.NamespaceOption(network=cri.POD, pid=cri.CONTAINER)
            ),
        ),
    )


def container_config(args):
    return cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="app"),
        image=cri.ImageSpec(image=image),
        command=args,
        log_path="app.log",
        linux=cri.LinuxContainerConfig(
            resources=cri.LinuxContainerResources(
                cpu_period=100000, cpu_quota=150000, memory_limit_in_bytes=MEMORY
            ),
            security_context=cri.LinuxContainerSecurityContext(
                namespace_options=cri.NamespaceOption(network=cri.POD, pid=cri.CONTAINER)
            ),
        ),
    )


def wait(container):
    for _ in range(300):
        status = runtime.ContainerStatus(
            cri.ContainerStatusRequest(container_id=container)
        ).status
        if status.state == cri.CONTAINER_EXITED:
            return status.exit_code
        time.sleep(0.02)
    raise SystemExit("the container did not end")


def print_log():
    with open(os.path.join(logs, "app.log"), encoding="utf-8") as log:
        for line in log:
            print(line.split(" ", 3)[3], end="")


def start(sandbox, config, args):
    container = runtime.CreateContainer(
        cri.CreateContainerRequest(
            pod_sandbox_id=sandbox, config=container_config(args), sandbox_config=config
        )
    ).container_id
    runtime.StartContainer(cri.StartContainerRequest(container_id=container))
    return container


def main():
    config = sandbox_config()
    sandbox = runtime.RunPodSandbox(
        cri.RunPodSandboxRequest(config=config, runtime_handler=handler)
    ).pod_sandbox_id
    try:
        if what == "run":
            code = wait(start(sandbox, config, command))
            print_log()
        else:
            container = start(sandbox, config, ["/bin/sleep", "1000"])
            answer = runtime.ExecSync(
                cri.ExecSyncRequest(container_id=container, cmd=command, timeout=10)
            )
            print(answer.stdout.decode() + answer.stderr.decode(), end="")
            code = answer.exit_code
        print("exit", code)
    finally:
        runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox))
        runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox))


try:
    main()
except grpc.RpcError as error:
    print("error", error.details())
    sys.exit(3)

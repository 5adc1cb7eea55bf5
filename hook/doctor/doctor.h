/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor's questions to a node. Each function asks about one part of it, and adds rows. */
#pragma once

#include "hook/doctor/checkup.h"
#include "hook/judge/judge.h"
#include "hook/view/node.h"

struct ocn_doctor {
    struct ocn_world world;
    struct ocn_node node;
    bool live; /* the node is this machine: its programs may be run, its kernel may be tried */
    struct ocn_checkup checkup;
    /* That an engine calls, or NULL; ocn_doctor_engines() sets them. */
    const char *hook;    /* an ocinorm-hook */
    const char *wrapper; /* an ocinorm-runtime */
};

/* Is the policy valid, from which files; who is exempt; is ocinorm switched off? */
void ocn_doctor_policy(struct ocn_doctor *doctor);

/* Confined reading, entry's mounts, cgroups: each tried for real in a child that is gone after. */
void ocn_doctor_kernel(struct ocn_doctor *doctor);

/* The engines that are here, and what is registered in each. */
void ocn_doctor_engines(struct ocn_doctor *doctor);

/* The low-level runtimes that the wrapper would become, and what the hook needs. */
void ocn_doctor_programs(struct ocn_doctor *doctor);

/*
 * Adds a row, called @row, about the file @path that somebody takes for our program @name: is it
 * there, can it be executed, is it ours? False if not; the caller says what is to be done.
 */
bool ocn_doctor_program(struct ocn_doctor *doctor, const char *area, const char *row,
                        const char *path, const char *name);

/* " (VERSION)" as the program says it itself; "" if it is not to be run, or says nothing. */
void ocn_doctor_version(const struct ocn_doctor *doctor, const char *path, char *ret, size_t size);

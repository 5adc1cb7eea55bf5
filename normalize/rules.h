/* SPDX-License-Identifier: Apache-2.0 */
/* The rules, and what a rule sees and says. A rule is written once, for every mouth. */
#pragma once

#include "normalize/elf.h"
#include "normalize/emulation.h"
#include "normalize/gobuild.h"
#include "normalize/normalize.h"
#include "normalize/passwd.h"
#include "normalize/path.h"

/* One judging: the inputs, the outcome in the making, and what earlier rules planned. */
struct ocn_judge {
    const struct ocn_container *container;
    const struct ocn_container *joined; /* exec: the configuration that the container runs by */
    const struct ocn_policy *policy;
    const struct ocn_view *view;
    struct ocn_outcome *outcome;

    struct ocn_oci_user user;      /* that the process will have */
    bool lowered;                  /* it is another than the process asked for */
    struct ocn_accounts *accounts; /* read when a rule first asks; see ocn_judge_accounts() */
    struct ocn_entry *entry;       /* found when a rule first asks; see ocn_judge_entry() */
    struct ocn_handlers *handlers; /* read when a rule first asks; see emulation.h */
};

/*
 * An ELF file that the kernel maps: a program, the interpreter of a script, a dynamic loader. The
 * header is read; the rest when a rule first asks (ocn_judge_segments, _loader, _build).
 */
struct ocn_image {
    const char *path; /* in the container */
    struct ocn_file file;
    struct ocn_elf elf;  /* if problem is NULL */
    const char *arch;    /* GOARCH name, or NULL */
    const char *abi;     /* arch, or the name for what is no port of Go; NULL: unheard of */
    const char *problem; /* why the header cannot be read, or NULL */

    bool has_segments; /* they were read, or there is a reason why not */
    struct ocn_elf_segment *segments;
    size_t segments_len;
    const char *segments_problem; /* why they cannot be read, or NULL */

    bool has_loader;
    const char *loader_name;     /* PT_INTERP, or NULL: static, or it cannot be read */
    struct ocn_path loader_path; /* of loader_name */
    struct ocn_image *loader;    /* NULL: none, not seen, or no ELF file */
    bool loader_other;           /* what is there is no ELF file */

    const struct ocn_gobuild *build; /* NULL until asked for; then .version is NULL for no Go */

    bool has_level;
    const char *variant;     /* that it needs ("v3"), or NULL: it does not say */
    const char *variant_why; /* what says so: "GOAMD64=v3" */
};

/* How the way from a program's file through "#!" lines to an ELF file ends. */
enum ocn_chain_end {
    OCN_CHAIN_UNSEEN,  /* it leads to where nobody can see yet, or there is no file to begin with */
    OCN_CHAIN_GOES_ON, /* only while it is followed */
    OCN_CHAIN_ELF,
    OCN_CHAIN_EMPTY,    /* .file has no content */
    OCN_CHAIN_OTHER,    /* .file is neither an ELF file nor a script */
    OCN_CHAIN_NAMELESS, /* the "#!" line of .file names no interpreter */
    OCN_CHAIN_CUT,      /* the "#!" line of .file is longer than the kernel reads */
    OCN_CHAIN_MISSING,  /* .interpreter, which .file names, is not there */
    OCN_CHAIN_DIRECTORY,
    OCN_CHAIN_NOT_EXECUTABLE,
    OCN_CHAIN_TOO_DEEP, /* more scripts than the kernel follows; .file is the last of them */
};

struct ocn_chain {
    enum ocn_chain_end end;
    const char *file;
    const char *interpreter; /* what the last "#!" line that was followed names */
    struct ocn_bytes head;   /* OTHER: how .file begins */
};

/* A program that is started, as far as it can be seen: args[0], or what a launcher starts. */
struct ocn_entry {
    const char *name;        /* as it is asked for: args[0] */
    struct ocn_strings args; /* of the ELF file that the kernel loads: after all "#!" lines */
    size_t script_args;      /* how many of them come from a "#!" line */
    struct ocn_path path;
    enum ocn_entry_kind kind;
    const char *interpreter; /* of a script, as its "#!" line names it, or NULL */
    bool not_executable;     /* PATH or name leads to a file, but without an execute bit */
    struct ocn_image *image; /* the ELF file at the end of its "#!" chain, or NULL */
    struct ocn_chain chain;

    const char *launcher;       /* this program only starts another one: its name, or NULL */
    struct ocn_entry *launches; /* that other one; NULL: none, or its command line is not clear */
    bool by_script;             /* a "#!" line names it, through env */
};

struct ocn_rule {
    const char *name;
    enum ocn_level level; /* built in */
    bool changes;         /* the level may be `edit` */
    bool on_exec;
    int (*judge)(struct ocn_judge *judge, struct ocn_error *err);
    const char *summary;
};

/* Indexed by enum ocn_rule_id. */
extern const struct ocn_rule ocn_rules[OCN_RULE_COUNT];

/*
 * What a rule says. At level `edit` a change is planned; at `warn` and `deny` the same change is a
 * finding; at `off` nothing is said (and the rule is not asked in the first place).
 * Strings are borrowed and must come from the outcome's arena or be literals; a NULL among them
 * means that memory was out, and fails. Where nothing was, edit.from is OCN_NOTHING.
 */
#define OCN_NOTHING "null"
OCN_MUST_USE int ocn_judge_change(struct ocn_judge *judge, struct ocn_edit edit,
                                  struct ocn_error *err);
OCN_MUST_USE int ocn_judge_find(struct ocn_judge *judge, enum ocn_rule_id rule, const char *message,
                                const char *hint, struct ocn_error *err);

/*
 * Notes for `explain` that @rule leaves variable @name alone, and @why; does nothing where nobody
 * looks at the facts (ocn_view.all_facts). @value is the container's own, or NULL where it has none
 * or where it may be a secret; it is cut and made printable here.
 */
OCN_MUST_USE int ocn_judge_keep(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                                const char *value, const char *why, struct ocn_error *err);

/*
 * What ocinorm lets an environment grow to, well below what execve(2) takes: 128 KiB a string
 * (MAX_ARG_STRLEN), and 2 MiB with the arguments where the stack may have the usual 8 MiB.
 */
#define OCN_VARIABLE_MAX_SIZE ((size_t)120 << 10)
#define OCN_ENV_MAX_SIZE ((size_t)1 << 20)

/*
 * A change of variable @name to @value, unless the container has it set and the policy leaves it,
 * or it is too large: then it is noted as kept.
 */
OCN_MUST_USE int ocn_judge_set_env(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                                   const char *value, const char *why, struct ocn_error *err);

/* The same whatever the container sets: for a @value that holds what was there. */
OCN_MUST_USE int ocn_judge_put_env(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                                   const char *value, const char *why, struct ocn_error *err);

/* The value of variable @name that the container or env.set gives it, or NULL. */
const char *ocn_judge_env(const struct ocn_judge *judge, const char *name);

/* Whether there is a planned change of variable @name. */
bool ocn_judge_plans_env(const struct ocn_judge *judge, const char *name);

/* Whether variables for Go are for the entrypoint: not for a program known to be none of Go's. */
OCN_MUST_USE int ocn_judge_reads_go(struct ocn_judge *judge, bool *ret, struct ocn_error *err);

/* 1 if env.otel made @value of variable @name out of @own: it begins with all of that. */
int ocn_otel_extends(const char *name, const char *value, const char *own);

/*
 * @text as a JSON string literal from the outcome's arena, OCN_NOTHING for NULL; NULL when memory
 * is out.
 */
const char *ocn_judge_quote(struct ocn_judge *judge, const char *text);

/* The accounts of the image, read once. The rootfs without these files has none. */
OCN_MUST_USE int ocn_judge_accounts(struct ocn_judge *judge, struct ocn_error *err);

/*
 * Finds the entrypoint once and fills facts.entry. Rules look at every program from judge->entry on
 * along ->launches: the launcher and what it starts.
 */
OCN_MUST_USE int ocn_judge_entry(struct ocn_judge *judge, struct ocn_error *err);

/* Asks @judge_entry about each of those programs, in order. */
OCN_MUST_USE int ocn_judge_entries(struct ocn_judge *judge,
                                   int (*judge_entry)(struct ocn_judge *judge,
                                                      const struct ocn_entry *entry,
                                                      struct ocn_error *err),
                                   struct ocn_error *err);

/*
 * Resolves the file that @name names for the kernel: relative ones start in cwd. What seems to be
 * missing is looked at twice (ocn_path_context.thorough).
 */
OCN_MUST_USE int ocn_judge_file(struct ocn_judge *judge, const char *name, struct ocn_path *ret,
                                struct ocn_error *err);

/* 1 if @path was found and is a regular file that anybody may execute. */
int ocn_path_is_program(const struct ocn_path *path);

/*
 * Begins to read the file at @path, which was found. @file is ready for more; its window holds the
 * beginning: the bytes of @ret_head, none if the file is empty; ret_head->ptr is NULL where we may
 * not read it (rootless, mode 0711).
 */
OCN_MUST_USE int ocn_judge_open(struct ocn_judge *judge, const struct ocn_path *path,
                                struct ocn_file *file, struct ocn_bytes *ret_head,
                                struct ocn_error *err);

/* The image of a file that ocn_elf_is(), opened as @file; NULL when memory is out. */
struct ocn_image *ocn_image_new(struct ocn_judge *judge, const struct ocn_path *path,
                                const struct ocn_file *file, struct ocn_bytes head);

/* Each reads its part of @image once; what is malformed is not there, and no error. */
OCN_MUST_USE int ocn_judge_segments(struct ocn_judge *judge, struct ocn_image *image,
                                    struct ocn_error *err);
OCN_MUST_USE int ocn_judge_loader(struct ocn_judge *judge, struct ocn_image *image,
                                  struct ocn_error *err);
OCN_MUST_USE int ocn_judge_build(struct ocn_judge *judge, struct ocn_image *image,
                                 struct ocn_error *err);
OCN_MUST_USE int ocn_judge_level(struct ocn_judge *judge, struct ocn_image *image,
                                 struct ocn_error *err);

/* Fills facts.host.variant: the CPU is asked only where something hangs on the answer. */
void ocn_judge_host_variant(struct ocn_judge *judge);

/* The operating system that @image is for, as GOOS or by name: build info, else EI_OSABI. */
OCN_MUST_USE int ocn_judge_os(struct ocn_judge *judge, struct ocn_image *image, const char **ret,
                              struct ocn_error *err);

/*
 * Whether this host runs programs of @image's architecture itself, 32-bit ones included unless it
 * is known that it cannot. A host of unknown architecture may run anything.
 */
OCN_MUST_USE int ocn_judge_native(struct ocn_judge *judge, const struct ocn_image *image, bool *ret,
                                  struct ocn_error *err);

/*
 * The binfmt_misc handler that takes a file at @path which begins with @head; one whose interpreter
 * the container does not have is not usable. A handler of NULL: none.
 */
struct ocn_emulation {
    const struct ocn_handler *handler;
    bool usable;
};
OCN_MUST_USE int ocn_judge_emulation(struct ocn_judge *judge, struct ocn_bytes head,
                                     const char *path, struct ocn_emulation *ret,
                                     struct ocn_error *err);

/*
 * Fills what of facts.entry no rule needs, with the files' reading that this takes: for whoever
 * shows the facts (ocn_view.all_facts).
 */
OCN_MUST_USE int ocn_judge_facts(struct ocn_judge *judge, struct ocn_error *err);

/*
 * The image of the program that does the work, behind all launchers; NULL where that cannot be seen
 * or is no ELF file itself but a script.
 */
struct ocn_image *ocn_entry_program(const struct ocn_judge *judge);

/* The same, with the entrypoint found and its build info read: .build->version is NULL for no Go.
 */
OCN_MUST_USE int ocn_judge_program(struct ocn_judge *judge, struct ocn_image **ret,
                                   struct ocn_error *err);

/*
 * How a finding names @image of @entry: "entrypoint /app", "entrypoint /run.sh: its interpreter
 * /bin/sh", "entrypoint /sbin/tini: its program /app". NULL when memory is out.
 */
const char *ocn_entry_subject(struct ocn_judge *judge, const struct ocn_entry *entry);

/* Resolves @path for the user that the process will have; @thorough as in ocn_path_context. */
OCN_MUST_USE int ocn_judge_resolve(struct ocn_judge *judge, const char *path, bool thorough,
                                   struct ocn_path *ret, struct ocn_error *err);

/*
 * @text with everything but printable ASCII replaced by '?': bytes of an image reach logs,
 * terminals and JSON only so. NULL when memory is out, and for NULL.
 */
const char *ocn_judge_printable(struct ocn_judge *judge, const char *text);

/* process.cwd, or "/" when it is absent: the working directory as the runtimes read it. */
const char *ocn_judge_cwd(const struct ocn_judge *judge);

int ocn_rule_user_root(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_groups(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_home(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_capabilities(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_mapped(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_access(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_entry_found(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_entry_interpreter(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_annotations_derive(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_platform_os(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_platform_arch(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_platform_variant(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_platform_declared(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_platform_emulated(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_platform_seccomp(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_env_gomaxprocs(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_env_gomemlimit(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_env_http(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_env_otel(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_env_set(struct ocn_judge *judge, struct ocn_error *err);

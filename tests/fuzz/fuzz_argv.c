/* SPDX-License-Identifier: Apache-2.0 */
/* A command line of a runtime: the words behind argv[0], each ended by NUL. */
#include <stdbool.h>
#include <string.h>

#include "hook/runtime/argv.h"
#include "tests/fuzz/fuzz.h"

#define MAX_WORDS 64
#define MAX_SIZE 4096

/* Whether @part lies in @words and ends where one of them ends; NULL does. */
static bool ends_a_word(char *const *words, int count, const char *part)
{
    bool found = part == NULL;

    for (int i = 0; i < count && !found; i++) {
        found = part >= words[i] && part <= words[i] + strlen(words[i]);
    }
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[MAX_SIZE] = "";
    char name[] = "ocinorm-runtime";
    char *words[MAX_WORDS] = { name };
    struct ocn_argv argv;
    int count = 1;

    if (size >= sizeof(text)) {
        return 0;
    }
    memcpy(text, ocn_fuzz_bytes(data, size).ptr, size);
    for (size_t at = 0; at < size && count < MAX_WORDS - 1; at += strlen(text + at) + 1) {
        words[count++] = text + at;
    }
    ocn_argv_parse(count, words, &argv);
    const char *const parts[] = { argv.root,   argv.log,     argv.bundle,
                                  argv.config, argv.process, argv.id };
    for (size_t i = 0; i < OCN_COUNT(parts); i++) {
        ocn_fuzz_require(ends_a_word(words, count, parts[i]));
    }
    if (argv.command == OCN_COMMAND_EXEC) {
        ocn_fuzz_require(argv.process != NULL && argv.id != NULL);
        ocn_fuzz_require(argv.process_index < (size_t)count);
        ocn_fuzz_require(ends_a_word(&words[argv.process_index], 1, argv.process));
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/values.h"

#include <string.h>

#include "tests/lib/suite.h"

static const struct ocn_values_format *format_of(const char *key)
{
    for (size_t i = 0; i < ocn_values_formats_len; i++) {
        if (strcmp(ocn_values_formats[i].key, key) == 0) {
            return &ocn_values_formats[i];
        }
    }
    return NULL;
}

static const struct {
    const char *key;
    const char *value;
    bool fits;
} values[] = {
    { "org.opencontainers.image.created", "2026-11-30T12:00:00Z", true },
    { "org.opencontainers.image.created", "1970-01-01T00:00:00Z", true },
    { "org.opencontainers.image.created", "2026-11-30T12:00:00.123456789Z", true },
    { "org.opencontainers.image.created", "2026-11-30T12:00:00+01:00", true },
    { "org.opencontainers.image.created", "2026-11-30T12:00:00-01:30", true },
    { "org.opencontainers.image.created", "2026-11-30T12:00:00", false },
    { "org.opencontainers.image.created", "2026-11-30T12:00:00.Z", false },
    { "org.opencontainers.image.created", "2026-11-30T12:00:00Zx", false },
    { "org.opencontainers.image.created", "2026-11-30", false },
    { "org.opencontainers.image.created", "30 Nov 2026", false },
    { "org.opencontainers.image.created", "", false },
    { "org.opencontainers.image.source", "https://example.com/x", true },
    { "org.opencontainers.image.source", "ssh://git@example.com/x", true },
    { "org.opencontainers.image.source", "https://", false },
    { "org.opencontainers.image.source", "example.com/x", false },
    { "org.opencontainers.image.source", "https://a b", false },
    { "org.opencontainers.image.revision", "0123abc", true },
    { "org.opencontainers.image.revision", "", false },
    { "org.opencontainers.image.version", "1.2 3", false },
    { "golang.org/version", "go1.22.4", true },
    { "golang.org/version", "devel go1.23", true },
    { "golang.org/version", "1.22", false },
};

START_TEST(test_values__formats)
{
    const struct ocn_values_format *format = format_of(values[_i].key);

    ck_assert_ptr_nonnull(format);
    ck_assert_msg(format->fits(values[_i].value) == values[_i].fits, "%s", values[_i].value);
}
END_TEST

START_TEST(test_values__go)
{
    static const struct {
        const char *version;
        const char *baseline;
        bool older;
    } rows[] = {
        { "go1.21.5", "go1.22", true },     { "go1.22", "go1.22", false },
        { "go1.22.0", "go1.22", false },    { "go1.9", "go1.22", true },
        { "go2.0", "go1.22", false },       { "go1.3", "go1.22", true },
        { "devel go1.1", "go1.22", false }, { "go1", "go1.22", false },
        { "go1.21rc1", "go1.22", true },    { "", "go1.22", false },
        { "go1.99999", "go1.22", false },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        ck_assert_msg(ocn_values_go_is_older(rows[i].version, rows[i].baseline) == rows[i].older,
                      "%s", rows[i].version);
    }
}
END_TEST

static const struct {
    const char *script;
    const char *command; /* NULL: none */
} scripts[] = {
    { "#!/bin/sh\nchown -R app /data\nexec app\n", "chown" },
    { "#!/bin/sh\n# chown -R app /data\nexec app\n", NULL },
    { "#!/bin/sh\necho chown\n", NULL },
    { "#!/bin/sh\nif true; then chown a b; fi\n", "chown" },
    { "true && /usr/sbin/usermod x\n", "usermod" },
    { "exec gosu app x", "gosu" },
    { "x=$(su -c id)\n", "su" },
    { "(su -c id)\n", "su" },
    { "echo a; mount /x\n", "mount" },
    { "echo a |sudo tee b\n", "sudo" },
    { "\tsetcap x y\n", "setcap" },
    { "chownx\n", NULL },
    { "a#chown\n", NULL },
    { "", NULL },
    { "\n\n;;", NULL },
    { "su", "su" },
};

START_TEST(test_values__root_commands)
{
    const struct ocn_bytes script = { scripts[_i].script, strlen(scripts[_i].script) };
    const char *found = ocn_values_root_command_in(script);

    if (scripts[_i].command == NULL) {
        ck_assert_msg(found == NULL, "%s in %s", found, scripts[_i].script);
    } else {
        ck_assert_ptr_nonnull(found);
        ck_assert_str_eq(found, scripts[_i].command);
    }
}
END_TEST

START_TEST(test_values__root_command)
{
    ck_assert_str_eq(ocn_values_root_command("s6-svscan"), "s6-svscan");
    ck_assert_ptr_null(ocn_values_root_command("s6"));
    ck_assert_ptr_null(ocn_values_root_command(""));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("values");
    Suite *suite = suite_create("values");

    tcase_add_loop_test(tcase, test_values__formats, 0, OCN_COUNT(values));
    tcase_add_test(tcase, test_values__go);
    tcase_add_loop_test(tcase, test_values__root_commands, 0, OCN_COUNT(scripts));
    tcase_add_test(tcase, test_values__root_command);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/yaml_print.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "normalize/json/json.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LONG 60 /* characters, from which on a block is easier to read */

/* Words that YAML 1.1 takes for something else. */
static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", "y", "n" };

static bool is_plain(const char *text)
{
    for (size_t i = 0; i < OCN_COUNT(words); i++) {
        if (strcasecmp(words[i], text) == 0) {
            return false;
        }
    }
    return text[0] != '\0' && strchr(LETTERS, text[0]) != NULL &&
           text[strspn(text, LETTERS "0123456789_./-")] == '\0';
}

static bool is_block(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            return false;
        }
    }
    return strlen(text) > LONG && text[0] != ' ';
}

static void print_scalar(const json_t *json, size_t indent, struct ocn_buf *out)
{
    const char *text = json_string_value(json);

    if (json_is_integer(json)) {
        ocn_buf_printf(out, "%lld\n", (long long)json_integer_value(json));
    } else if (text == NULL) {
        ocn_buf_puts(out, json_is_true(json)    ? "true\n"
                          : json_is_false(json) ? "false\n"
                                                : "null\n");
    } else if (is_plain(text)) {
        ocn_buf_printf(out, "%s\n", text);
    } else if (is_block(text)) {
        ocn_buf_printf(out, "|-\n%*s%s\n", (int)indent + 2, "", text);
    } else {
        ocn_json_quote(out, text, strlen(text));
        ocn_buf_puts(out, "\n");
    }
}

static bool is_filled(const json_t *json)
{
    return json_array_size(json) + json_object_size(json) != 0;
}

/* A key, an empty list or object, or a scalar. */
static void print_leaf(const json_t *json, size_t indent, struct ocn_buf *out)
{
    if (json_is_array(json) || json_is_object(json)) {
        ocn_buf_puts(out, json_is_array(json) ? "[]\n" : "{}\n");
    } else {
        print_scalar(json, indent, out);
    }
}

static void print_key(const char *key, struct ocn_buf *out)
{
    if (is_plain(key)) {
        ocn_buf_puts(out, key);
    } else {
        ocn_json_quote(out, key, strlen(key));
    }
    ocn_buf_puts(out, ":");
}

/* @begun: the first line's indentation stands there already. */
static void print_node(const json_t *json, size_t indent, bool begun, struct ocn_buf *out)
{
    const char *key;
    size_t i;
    json_t *value;

    json_object_foreach ((json_t *)json, key, value) {
        ocn_buf_printf(out, "%*s", begun ? 0 : (int)indent, "");
        print_key(key, out);
        ocn_buf_puts(out, is_filled(value) ? "\n" : " ");
        if (is_filled(value)) {
            print_node(value, indent + (json_is_array(value) ? 0 : 2), false, out);
        } else {
            print_leaf(value, indent, out);
        }
        begun = false;
    }
    json_array_foreach (json, i, value) {
        ocn_buf_printf(out, "%*s- ", begun ? 0 : (int)indent, "");
        if (is_filled(value)) {
            print_node(value, indent + 2, true, out);
        } else {
            print_leaf(value, indent, out);
        }
        begun = false;
    }
}

void ocn_yaml_print(const json_t *json, struct ocn_buf *out)
{
    if (is_filled(json)) {
        print_node(json, 0, false, out);
    } else {
        print_leaf(json, 0, out);
    }
}

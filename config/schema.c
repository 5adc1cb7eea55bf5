/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schema of what a table of fields binds: a policy file, a report. */
#include "config/config.h"

#include "config/policy_fields.h"
#include "normalize/json/pointer.h"

/* How the types of the tables are called in a schema. */
static const struct {
    const char *type;
    const char *items; /* of a list */
} words[] = {
    [OCN_BIND_BOOL] = { "boolean", NULL },      [OCN_BIND_U32] = { "integer", NULL },
    [OCN_BIND_NUMBER] = { "number", NULL },     [OCN_BIND_STRING] = { "string", NULL },
    [OCN_BIND_STRINGS] = { "array", "string" }, [OCN_BIND_U32S] = { "array", "integer" },
    [OCN_BIND_PAIRS] = { "object", NULL },      [OCN_BIND_ENUM] = { "string", NULL },
    [OCN_BIND_OBJECT] = { "object", NULL },     [OCN_BIND_OBJECTS] = { "array", NULL },
    [OCN_BIND_JSON] = { "object", NULL },       [OCN_BIND_TEXT] = { NULL, NULL },
    [OCN_BIND_POINTER] = { "object", NULL },
};

/* A schema as it grows; any failure on the way is remembered. */
struct schema {
    json_t *json;
    int failed;
};

static void put(struct schema *schema, const char *key, json_t *value)
{
    if (json_object_set_new(schema->json, key, value) < 0) {
        schema->failed = 1;
    }
}

/* The finished schema, or NULL if anything failed. */
static json_t *finish(struct schema *schema)
{
    if (schema->failed) {
        json_decref(schema->json);
        return NULL;
    }
    return schema->json;
}

static json_t *describe_row(const struct ocn_bind *row, const json_t *defaults);

static json_t *describe_type(const char *type)
{
    struct schema schema = { .json = json_object() };

    put(&schema, "type", json_string(type));
    return finish(&schema);
}

/* The members that @row itself names, whose values are described at the top. */
static json_t *describe_reference(const struct ocn_bind *row, const json_t *defaults)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf pointer = { 0 };
    struct schema schema = { .json = json_object() };

    (void)defaults;
    ocn_buf_puts(&pointer, "#/properties");
    ocn_json_pointer_add(&pointer, row->key);
    put(&schema, "$ref", pointer.failed ? NULL : json_string(pointer.ptr));
    return finish(&schema);
}

/* A report has all its members but those that are sparse; a policy, whose rows have a doc, none. */
static json_t *list_required(const struct ocn_bind *fields)
{
    json_auto_t *list = json_array();

    for (const struct ocn_bind *row = fields; row->key != NULL; row++) {
        if (!row->sparse && json_array_append_new(list, json_string(row->key)) < 0) {
            return NULL;
        }
    }
    return json_incref(list);
}

/* Describes an object with the members @fields, each as @describe has it. */
static void put_members(struct schema *schema, const struct ocn_bind *fields,
                        const json_t *defaults,
                        json_t *(*describe)(const struct ocn_bind *row, const json_t *defaults))
{
    struct schema properties = { .json = json_object() };

    for (const struct ocn_bind *row = fields; row->key != NULL; row++) {
        put(&properties, row->key, describe(row, json_object_get(defaults, row->key)));
    }
    put(schema, "additionalProperties", json_false());
    if (fields[0].doc == NULL) {
        put(schema, "required", list_required(fields));
    }
    put(schema, "properties", finish(&properties));
}

static json_t *describe_object(const struct ocn_bind *fields)
{
    struct schema schema = { .json = describe_type("object") };

    put_members(&schema, fields, NULL, describe_row);
    return finish(&schema);
}

/* @nullable: the empty name is null. */
static json_t *describe_names(const char *const *names, bool nullable)
{
    json_auto_t *list = json_array();

    for (size_t i = 0; names[i] != NULL; i++) {
        if (names[i][0] != '\0' && json_array_append_new(list, json_string(names[i])) < 0) {
            return NULL;
        }
    }
    if (nullable && json_array_append_new(list, json_null()) < 0) {
        return NULL;
    }
    return json_incref(list);
}

static json_t *describe_nullable(const char *type)
{
    json_auto_t *list = json_array();

    if (json_array_append_new(list, json_string(type)) < 0 ||
        json_array_append_new(list, json_string("null")) < 0) {
        return NULL;
    }
    return json_incref(list);
}

static void put_limits(struct schema *schema, const struct ocn_bind *row)
{
    if (row->max > 0) {
        put(schema, "minimum", json_integer((json_int_t)row->min));
        put(schema, "maximum", json_integer((json_int_t)row->max));
    }
}

static json_t *describe_row(const struct ocn_bind *row, const json_t *defaults)
{
    const char *type = words[row->type].type;
    const char *items = words[row->type].items;
    struct schema schema = { .json = json_object() };

    if (row->doc != NULL) {
        put(&schema, "description", json_string(row->doc));
    }
    if (type != NULL) {
        put(&schema, "type", row->nullable ? describe_nullable(type) : json_string(type));
    }
    if (row->type == OCN_BIND_ENUM) {
        put(&schema, "enum", describe_names(row->names, row->nullable));
    }
    put_limits(&schema, row);
    if (items != NULL) {
        put(&schema, "items", describe_type(items));
    }
    if (row->type == OCN_BIND_PAIRS) {
        put(&schema, "additionalProperties", describe_type("string"));
    } else if (row->type == OCN_BIND_OBJECT || row->type == OCN_BIND_POINTER) {
        put_members(&schema, row->fields, defaults, describe_row);
    } else if (row->type == OCN_BIND_OBJECTS) {
        put(&schema, "items", describe_object(row->fields));
    } else if (row->type == OCN_BIND_JSON) {
        put_members(&schema, row->fields, NULL, describe_reference);
    }
    if (defaults != NULL && row->type != OCN_BIND_OBJECT) {
        put(&schema, "default", json_deep_copy(defaults));
    }
    return finish(&schema);
}

json_t *ocn_config_describe(const char *title, const struct ocn_bind *fields,
                            const json_t *defaults)
{
    struct schema schema = { .json = json_object() };

    put(&schema, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
    put(&schema, "title", json_string(title));
    put(&schema, "type", json_string("object"));
    put_members(&schema, fields, defaults, describe_row);
    return finish(&schema);
}

json_t *ocn_config_schema(void)
{
    json_auto_t *defaults = ocn_json_unbind(&ocn_policy_built_in, ocn_policy_fields);

    return ocn_config_describe("The policy of ocinorm", ocn_policy_fields, defaults);
}

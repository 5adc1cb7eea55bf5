/* SPDX-License-Identifier: Apache-2.0 */
/* Tried when ocinorm is configured: everything of the system's libjansson.a that we use links. */
#include <jansson.h>

int main(int argc, char **argv)
{
    json_t *json = json_loadb(argv[0], (size_t)argc, JSON_DECODE_INT_AS_REAL, NULL);
    json_t *packed = json_object();

    json_object_seed(1);
    char *text = json_dumps(json, JSON_COMPACT);
    return json_object_set_new(packed, "a", json_real(json_number_value(json))) + (text != NULL);
}

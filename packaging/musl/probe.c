/* SPDX-License-Identifier: Apache-2.0 */
/* Tried when ocinorm is configured: everything of the system's archives that we use links. */
#include <jansson.h>
#include <sys/capability.h>

int main(int argc, char **argv)
{
    json_t *json = json_loadb(argv[0], (size_t)argc, JSON_DECODE_INT_AS_REAL, NULL);
    json_t *packed = json_object();

    json_object_seed(1);
    char *text = json_dumps(json, JSON_COMPACT);

    cap_t own = cap_get_proc();
    cap_flag_value_t has = CAP_SET;
    if (cap_get_flag(own, CAP_CHOWN, CAP_EFFECTIVE, &has) < 0 || cap_free(own) < 0) {
        return 1;
    }
    return json_object_set_new(packed, "a", json_real(json_number_value(json))) + (text != NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cli/json.h"

#include <math.h>
#include <string.h>

static void begin(json *j, const char *key)
{
    if (j->comma)
        text_puts(j->out, ",");
    if (key) {
        text_json(j->out, key, strlen(key));
        text_puts(j->out, ":");
    }
    j->comma = true;
}

void json_open(json *j, const char *key, char bracket)
{
    begin(j, key);
    text_add(j->out, &bracket, 1);
    j->comma = false;
}

void json_close(json *j, char bracket)
{
    text_add(j->out, &bracket, 1);
    j->comma = true;
}

void json_text(json *j, const char *key, const char *value)
{
    begin(j, key);
    if (value)
        text_json(j->out, value, strlen(value));
    else
        text_puts(j->out, "null");
}

void json_bytes(json *j, const char *key, const char *data, size_t size)
{
    begin(j, key);
    text_json(j->out, data ? data : "", size);
}

void json_i64(json *j, const char *key, int64_t value)
{
    begin(j, key);
    text_printf(j->out, "%lld", (long long)value);
}

void json_u64(json *j, const char *key, uint64_t value)
{
    begin(j, key);
    text_printf(j->out, "%llu", (unsigned long long)value);
}

void json_real(json *j, const char *key, double value)
{
    begin(j, key);
    text_puts(j->out, isfinite(value) ? "" : "\"");
    text_double(j->out, value);
    text_puts(j->out, isfinite(value) ? "" : "\"");
}

void json_float(json *j, const char *key, float value)
{
    begin(j, key);
    text_puts(j->out, isfinite(value) ? "" : "\"");
    text_float(j->out, value);
    text_puts(j->out, isfinite(value) ? "" : "\"");
}

void json_bool(json *j, const char *key, bool value)
{
    begin(j, key);
    text_puts(j->out, value ? "true" : "false");
}

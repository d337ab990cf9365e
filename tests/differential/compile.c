/* SPDX-License-Identifier: Apache-2.0 */
#include "compile.h"

#include "rule.h"

#include "compiler/driver/driver.h"
#include "tests/guard/guard.h"

stepc_code compile_and_run(experiment *e, bool exact, const char *cc, const char *cflags, const char *isa, stepc_tensor **out,
                           stepc_error *error)
{
    stepc_compile_options options = {.size = sizeof options, .exact = exact, .isa = isa};
    stepc_product *product = NULL;
    loaded_module *loaded = NULL;
    stepc_code code = module_compile_and_load(e->graph, &e->spec, 1, &options, cc, cflags, &product, &loaded, error);
    if (!code) {
        const stepc_module *module = module_get(loaded);
        stepc_file header = stepc_product_file(product, 0);
        e->chain = rule_chain(header.data, header.bytes);
        code = guard_call_twice(&e->host, module, &module->entries[0], e->views, e->feed_count, out, e->fetch_count, NULL, error);
    }
    module_unload(loaded);
    stepc_product_free(product);
    return code;
}

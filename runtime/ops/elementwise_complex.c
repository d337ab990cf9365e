/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of complex numbers: Complex, Real, Imag, ComplexAbs, Angle. */
#include "runtime/ops/kernels.h"

#include "runtime/core/scalar.h"
#include "runtime/ops/complex_math.h"

#include <string.h>

stepc_code kernel_complex_part(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0];
    stepc_dtype from = stepc_tensor_dtype(x), to = from == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64;
    stepc_dtype said = operation_type(k->op, "Tout");
    const char *type = k->op->type.data;
    stepc_tensor *y;
    stepc_code code;

    if (!dtype_is_complex(from) || (said != to && said != STEPC_DTYPE_INVALID))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "%s of %s gives no %s", type, stepc_dtype_name(from),
                         stepc_dtype_name(said));
    code = kernel_output(k, 0, to, stepc_tensor_dims(x), stepc_tensor_rank(x), &y);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(x); i++) {
        complex_value z = load_c128(from, stepc_tensor_data(x), i);
        double part = strcmp(type, "Real") == 0         ? z.re
                      : strcmp(type, "Imag") == 0       ? z.im
                      : strcmp(type, "ComplexAbs") == 0 ? complex_abs(z)
                                                        : scalar_atan2(z.im, z.re);

        store_f64(to, stepc_tensor_data(y), i, part);
    }
    return code;
}

stepc_code kernel_complex(kernel_context *k)
{
    const stepc_tensor *re = k->inputs[0], *im = k->inputs[1];
    stepc_dtype from = stepc_tensor_dtype(re), to = from == STEPC_FLOAT32 ? STEPC_COMPLEX64 : STEPC_COMPLEX128;
    stepc_dtype said = operation_type(k->op, "Tout");
    stepc_code code;

    if (said != to && said != STEPC_DTYPE_INVALID)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Complex of %s gives no %s", stepc_dtype_name(from),
                         stepc_dtype_name(said));
    code = broadcast_output(k->host, re, im, to, &k->outputs[0], k->error);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(k->outputs[0]); i++) {
        complex_value z = {load_f64(from, stepc_tensor_data(re), broadcast_index(re, k->outputs[0], i)),
                           load_f64(from, stepc_tensor_data(im), broadcast_index(im, k->outputs[0], i))};

        store_c128(to, stepc_tensor_data(k->outputs[0]), i, z);
    }
    return code;
}

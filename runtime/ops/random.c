/* SPDX-License-Identifier: Apache-2.0 */
/* Random operators: Philox-4x32-10 and the mappings of its words to numbers, bit for bit
 * TensorFlow's. The generator belongs to the operation and lives as long as the session. */
#include "runtime/ops/random.h"

#include "runtime/ops/kernels.h"

#include <string.h>

/* ---- Philox ---- */

void philox_words(const philox *generator, uint32_t out[4])
{
    uint32_t c[4], k0 = generator->key[0], k1 = generator->key[1];

    memcpy(c, generator->counter, sizeof c);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c[0], p1 = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k0, (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ k1,
                            (uint32_t)p0};

        memcpy(c, next, sizeof c);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    memcpy(out, c, sizeof c);
}

void philox_skip(philox *generator, uint64_t steps)
{
    uint64_t low = (uint64_t)generator->counter[0] | (uint64_t)generator->counter[1] << 32;
    uint64_t high = (uint64_t)generator->counter[2] | (uint64_t)generator->counter[3] << 32;

    low += steps;
    if (low < steps)
        high++;
    generator->counter[0] = (uint32_t)low;
    generator->counter[1] = (uint32_t)(low >> 32);
    generator->counter[2] = (uint32_t)high;
    generator->counter[3] = (uint32_t)(high >> 32);
}

void philox_seed(philox *generator, uint64_t seed, uint64_t seed2)
{
    generator->key[0] = (uint32_t)seed;
    generator->key[1] = (uint32_t)(seed >> 32);
    generator->counter[0] = generator->counter[1] = 0;
    generator->counter[2] = (uint32_t)seed2;
    generator->counter[3] = (uint32_t)(seed2 >> 32);
}

/* ---- the generator of an operation ---- */

philox philox_load(const stepc_operation *op, const kernel_state *state, uint64_t entropy)
{
    philox generator;

    if (!state->initialised) {
        uint64_t seed = (uint64_t)operation_int(op, "seed", 0), seed2 = (uint64_t)operation_int(op, "seed2", 0);

        if (seed == 0 && seed2 == 0) {
            /* Entropy is the session's: the name keeps two operations apart. */
            seed = entropy;
            seed2 = text_hash(op->name);
        }
        philox_seed(&generator, seed, seed2);
        return generator;
    }
    memcpy(generator.counter, state->words, sizeof generator.counter);
    memcpy(generator.key, state->words + 4, sizeof generator.key);
    return generator;
}

void philox_store(kernel_state *state, const philox *generator)
{
    memcpy(state->words, generator->counter, sizeof generator->counter);
    memcpy(state->words + 4, generator->key, sizeof generator->key);
    state->initialised = true;
}

/* ---- uniform ---- */

static double uniform_f64(uint32_t low, uint32_t high)
{
    uint64_t bits = UINT64_C(0x3FF) << 52 | (uint64_t)(low & 0xFFFFFu) << 32 | high;
    double value;

    memcpy(&value, &bits, sizeof value);
    return value - 1.0;
}

/* The low BITS bits of the word as a fraction: every value is exact in its dtype. */
static double uniform_fraction(uint32_t word, int bits)
{
    uint32_t one = UINT32_C(1) << bits;

    return (double)(word & (one - 1)) / (double)one;
}

static void uniform_fill(stepc_dtype dtype, void *data, int64_t count, philox generator)
{
    int64_t per_step = dtype == STEPC_FLOAT64 ? 2 : 4;
    int bits = dtype == STEPC_FLOAT32 ? 23 : dtype == STEPC_HALF ? 10 : 7;

    for (int64_t i = 0; i < count; i += per_step) {
        uint32_t words[4];

        philox_words(&generator, words);
        philox_skip(&generator, 1);
        for (int64_t j = 0; j < per_step && i + j < count; j++) {
            double value =
                dtype == STEPC_FLOAT64 ? uniform_f64(words[2 * j], words[2 * j + 1]) : uniform_fraction(words[j], bits);

            store_f64(dtype, data, i + j, value);
        }
    }
}

static stepc_code kernel_random_uniform(kernel_context *k)
{
    stepc_dtype dtype = operation_type(k->op, "dtype");
    stepc_tensor *out;
    int64_t *dims, rank;
    philox generator;
    char shape[SHAPE_TEXT_BYTES];
    stepc_code code;

    if (stepc_tensor_rank(k->inputs[0]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "shape must be a vector of {int32,int64}, got shape %s",
                         tensor_shape_text(k->inputs[0], shape));
    code = kernel_integers(k, 0, &dims, &rank);
    if (code != STEPC_OK)
        return code;
    if (rank > INT32_MAX)
        code = error_limit(k->error, "rank", k->host->limits.rank, rank);
    for (int64_t i = 0; code == STEPC_OK && i < rank; i++) {
        if (dims[i] < 0)
            code = error_set(k->error, STEPC_INVALID_ARGUMENT, "Dimension %lld must be >= 0", (long long)dims[i]);
    }
    if (code == STEPC_OK)
        code = kernel_output(k, 0, dtype, dims, (int32_t)rank, &out);
    host_free(k->host, dims, (size_t)(rank > 0 ? rank : 1) * sizeof *dims);
    if (code != STEPC_OK)
        return code;
    generator = philox_load(k->op, k->state, k->entropy);
    uniform_fill(dtype, stepc_tensor_data(out), stepc_tensor_length(out), generator);
    philox_skip(&generator, 256 * (uint64_t)stepc_tensor_length(out));
    philox_store(k->state, &generator);
    return STEPC_OK;
}

/* Dims from the elements of the shape operand, or as many unknown ones as it has elements. */
static stepc_code infer_random(infer_context *c)
{
    const infer_value *shape = c->inputs[0];
    size_ref *elements;
    int64_t count = -1, size;
    stepc_code code;

    if (infer_elements(c, 0, &elements, &count) && count <= INT32_MAX) {
        code = infer_set_rank(c, 0, (int32_t)count);
        for (int64_t i = 0; code == STEPC_OK && i < count; i++) {
            if (size_is_const(c->sizes, elements[i], &size) && size < 0)
                return error_set(c->error, STEPC_INVALID_ARGUMENT, "Dimension %lld must be >= 0", (long long)size);
            c->outputs[0].dims[i] = elements[i];
        }
        return code;
    }
    if (shape->rank == 1 && size_is_const(c->sizes, shape->dims[0], &count) && count <= INT32_MAX)
        return infer_set_rank(c, 0, (int32_t)count);
    return STEPC_OK;
}

static const op_row rows[] = {
    {"RandomUniform", infer_random, kernel_random_uniform, OP_STATE, SAMPLE_NONE, 0, 0},
};

const op_family ops_random = {rows, sizeof rows / sizeof rows[0]};

/* SPDX-License-Identifier: 0BSD */
/* Numbers to text and back, exact and without a locale.
 *
 * Both directions work on whole numbers of fixed size: printing finds the shortest digits
 * inside the interval that rounds to the value, reading divides until 64 bits of quotient
 * and "is there a rest" are known and rounds those once. Slow and sure; short decimals take
 * a road on which every step is exact in the arithmetic of the machine. */
#include "runtime/core/text.h"

#include <float.h>
#include <limits.h>
#include <string.h>

/* ---- whole numbers of up to 4480 bits ---- */

/* Largest use: 10^1115 times 2^64 (a number of DIGITS_KEPT digits just above zero). */
#define LIMBS 140

typedef struct big {
    uint32_t limb[LIMBS]; /* least first */
    int size;             /* without leading zeros */
} big;

static void big_set(big *a, uint64_t value)
{
    a->size = 0;
    while (value != 0) {
        a->limb[a->size++] = (uint32_t)(value & 0xFFFFFFFFu);
        value >>= 32;
    }
}

/* a = a * FACTOR + MORE */
static void big_multiply_add(big *a, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;
    for (int i = 0; i < a->size; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)(carry & 0xFFFFFFFFu);
        carry >>= 32;
    }
    if (carry != 0 && a->size < LIMBS)
        a->limb[a->size++] = (uint32_t)carry;
}

static void big_times_power_of_ten(big *a, int64_t power)
{
    for (; power >= 9; power -= 9)
        big_multiply_add(a, 1000000000u, 0);
    for (; power > 0; power--)
        big_multiply_add(a, 10, 0);
}

static void big_shift_left(big *a, int64_t bits)
{
    int whole = (int)(bits / 32);
    unsigned rest = (unsigned)(bits % 32);
    if (a->size == 0 || bits <= 0)
        return;
    if (rest != 0)
        big_multiply_add(a, (uint32_t)1 << rest, 0);
    if (whole != 0 && a->size + whole <= LIMBS) {
        memmove(a->limb + whole, a->limb, (size_t)a->size * sizeof a->limb[0]);
        memset(a->limb, 0, (size_t)whole * sizeof a->limb[0]);
        a->size += whole;
    }
}

static int big_compare(const big *a, const big *b)
{
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    for (int i = a->size - 1; i >= 0; i--) {
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    }
    return 0;
}

/* a = a - b, where a >= b */
static void big_subtract(big *a, const big *b)
{
    uint32_t borrow = 0;
    for (int i = 0; i < a->size; i++) {
        uint64_t take = (uint64_t)(i < b->size ? b->limb[i] : 0) + borrow;
        borrow = a->limb[i] < take ? 1 : 0;
        a->limb[i] = (uint32_t)((a->limb[i] - take) & 0xFFFFFFFFu);
    }
    while (a->size > 0 && a->limb[a->size - 1] == 0)
        a->size--;
}

/* sum = a + b */
static void big_add(const big *a, const big *b, big *sum)
{
    int size = a->size > b->size ? a->size : b->size;
    uint64_t carry = 0;
    for (int i = 0; i < size; i++) {
        carry += (uint64_t)(i < a->size ? a->limb[i] : 0) + (i < b->size ? b->limb[i] : 0);
        sum->limb[i] = (uint32_t)(carry & 0xFFFFFFFFu);
        carry >>= 32;
    }
    sum->size = size;
    if (carry != 0 && size < LIMBS)
        sum->limb[sum->size++] = (uint32_t)carry;
}

static int64_t big_bits(const big *a)
{
    if (a->size == 0)
        return 0;
    int64_t bits = (int64_t)(a->size - 1) * 32;
    for (uint32_t top = a->limb[a->size - 1]; top != 0; top >>= 1)
        bits++;
    return bits;
}

/* ---- the two binary formats ---- */

typedef struct binary_format {
    int precision;    /* bits of the significand with the hidden one */
    int min_exponent; /* of the least normal value, as 2^min_exponent */
    int max_exponent;
} binary_format;

static const binary_format format_double = {53, -1022, 1023};
static const binary_format format_float = {24, -126, 127};

/* Rounds quotient * 2^exponent (plus something below one unit when STICKY) to nearest even;
 * QUOTIENT has its top bit set. Gives the bits without the sign. */
static uint64_t round_to_bits(uint64_t quotient, int64_t exponent, bool sticky, const binary_format *format)
{
    int64_t top = exponent + 63;
    uint64_t infinity = (uint64_t)(format->max_exponent * 2 + 1) << (format->precision - 1);
    int64_t drop = 64 - format->precision;
    uint64_t keep, rest, half;

    if (top > format->max_exponent)
        return infinity;
    if (top < format->min_exponent)
        drop += format->min_exponent - top;
    if (drop > 64)
        return 0;
    half = (uint64_t)1 << (drop - 1);
    if (drop == 64) {
        keep = 0;
        rest = quotient;
    } else {
        keep = quotient >> drop;
        rest = quotient & (((uint64_t)1 << drop) - 1);
    }
    if (rest > half || (rest == half && (sticky || (keep & 1) != 0)))
        keep++;
    if (top < format->min_exponent)
        return keep;
    /* A carry out of the significand runs into the exponent, up to infinity. */
    uint64_t biased = (uint64_t)(top + format->max_exponent);
    return (biased << (format->precision - 1)) + (keep - ((uint64_t)1 << (format->precision - 1)));
}

/* ---- reading ---- */

/* More digits than any halfway point between two doubles has (767). */
#define DIGITS_KEPT 770
/* Keeps sums of digit counts and exponents far from overflow. */
#define EXPONENT_MOST ((int64_t)1 << 56)

typedef struct reader {
    const char *data;
    size_t size, at;
} reader;

static int reader_peek(const reader *r)
{
    return r->at < r->size ? (unsigned char)r->data[r->at] : -1;
}

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* True when all that is left is WORD, in either case. */
static bool rest_is(const reader *r, const char *word)
{
    size_t length = strlen(word);
    if (r->size - r->at != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (lower((unsigned char)r->data[r->at + i]) != word[i])
            return false;
    }
    return true;
}

/* Reads "[+-]digits" to the end of the text. */
static bool read_exponent(reader *r, int64_t *out)
{
    bool minus = false, any = false;
    int64_t value = 0;
    if (reader_peek(r) == '+' || reader_peek(r) == '-')
        minus = r->data[r->at++] == '-';
    for (; r->at < r->size; r->at++) {
        int digit = reader_peek(r) - '0';
        if (digit < 0 || digit > 9)
            return false;
        any = true;
        if (value < EXPONENT_MOST)
            value = value * 10 + digit;
    }
    if (value > EXPONENT_MOST)
        value = EXPONENT_MOST;
    *out = minus ? -value : value;
    return any;
}

typedef struct decimal {
    big digits;
    uint64_t low;     /* the digits as a number while count <= 19 */
    int count;        /* digits in it, without leading zeros */
    int64_t exponent; /* value = digits * 10^exponent (+ something when sticky) */
    bool sticky;
} decimal;

static bool read_decimal(reader *r, decimal *out)
{
    bool any = false, point = false;
    uint32_t group = 0, scale = 1;
    big_set(&out->digits, 0);
    out->low = 0;
    out->count = 0;
    out->exponent = 0;
    out->sticky = false;
    for (; r->at < r->size; r->at++) {
        int c = reader_peek(r);
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        any = true;
        if (out->count == 0 && c == '0') {
            out->exponent -= point ? 1 : 0;
        } else if (out->count < DIGITS_KEPT) {
            out->count++;
            out->exponent -= point ? 1 : 0;
            if (out->count <= 19)
                out->low = out->low * 10 + (uint64_t)(c - '0');
            group = group * 10 + (uint32_t)(c - '0');
            scale *= 10;
            if (scale == 1000000000u) {
                if (out->digits.size != 0 || group != 0)
                    big_multiply_add(&out->digits, scale, group);
                group = 0;
                scale = 1;
            }
        } else {
            out->sticky = out->sticky || c != '0';
            out->exponent += point ? 0 : 1;
        }
    }
    if (scale != 1)
        big_multiply_add(&out->digits, scale, group);
    if (!any)
        return false;
    if (r->at < r->size) {
        int64_t exponent;
        if (lower(reader_peek(r)) != 'e')
            return false;
        r->at++;
        if (!read_exponent(r, &exponent))
            return false;
        out->exponent += exponent;
    }
    return true;
}

/* Divides: NUMERATOR / DENOMINATOR, both not 0, as bits of FORMAT. */
static uint64_t divide_to_bits(big *numerator, big *denominator, bool sticky, const binary_format *format)
{
    /* Align so that denominator <= numerator < 2 * denominator; the value is that quotient
     * times 2^shift. */
    int64_t shift = big_bits(numerator) - big_bits(denominator);
    uint64_t quotient = 0;
    if (shift > 0)
        big_shift_left(denominator, shift);
    else
        big_shift_left(numerator, -shift);
    if (big_compare(numerator, denominator) < 0) {
        big_shift_left(numerator, 1);
        shift--;
    }
    for (int i = 0; i < 64; i++) {
        quotient <<= 1;
        if (big_compare(numerator, denominator) >= 0) {
            big_subtract(numerator, denominator);
            quotient |= 1;
        }
        big_shift_left(numerator, 1);
    }
    return round_to_bits(quotient, shift - 63, sticky || numerator->size != 0, format);
}

static uint64_t decimal_to_bits(decimal *d, const binary_format *format)
{
    big denominator;
    int64_t magnitude = d->exponent + d->count; /* value < 10^magnitude */
    if (d->count == 0 || magnitude < -400)
        return 0;
    if (magnitude > 400)
        magnitude = 400;
    if (magnitude > 310)
        return (uint64_t)(format->max_exponent * 2 + 1) << (format->precision - 1);
    big_set(&denominator, 1);
    if (d->exponent >= 0)
        big_times_power_of_ten(&d->digits, d->exponent);
    else
        big_times_power_of_ten(&denominator, -d->exponent);
    return divide_to_bits(&d->digits, &denominator, d->sticky, format);
}

static int hex_digit(int c)
{
    c = lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(reader *r, const binary_format *format, uint64_t *out)
{
    bool any = false, point = false, sticky = false;
    uint64_t bits = 0;
    int64_t exponent = 0, more;
    for (; r->at < r->size; r->at++) {
        int c = reader_peek(r);
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        int digit = hex_digit(c);
        if (digit < 0)
            break;
        any = true;
        if (bits >> 60 == 0) {
            bits = bits << 4 | (uint64_t)digit;
            exponent -= point ? 4 : 0;
        } else {
            sticky = sticky || digit != 0;
            exponent += point ? 0 : 4;
        }
    }
    if (!any)
        return false;
    if (r->at < r->size) {
        if (lower(reader_peek(r)) != 'p')
            return false;
        r->at++;
        if (!read_exponent(r, &more))
            return false;
        exponent += more;
    }
    if (bits == 0) {
        *out = 0;
        return true;
    }
    for (; bits >> 63 == 0; exponent--)
        bits <<= 1;
    if (exponent > 100000)
        exponent = 100000;
    if (exponent < -100000)
        exponent = -100000;
    *out = round_to_bits(bits, exponent, sticky, format);
    return true;
}

/* True when digits and power of ten are both exact in the format, so that one operation of
 * the machine rounds once. */
static bool is_short(const decimal *d, int digits, int power)
{
    return FLT_EVAL_METHOD == 0 && d->count <= digits && d->exponent >= -power && d->exponent <= power;
}

/* Reads everything but short decimals, which *OUT_SHORT announces (value in *D). */
static bool read_number(const char *data, size_t size, const binary_format *format, int short_digits, int short_power,
                        decimal *d, bool *out_minus, bool *out_short, uint64_t *out)
{
    reader r = {data, size, 0};
    *out_minus = false;
    *out_short = false;
    if (reader_peek(&r) == '+' || reader_peek(&r) == '-')
        *out_minus = r.data[r.at++] == '-';
    uint64_t infinity = (uint64_t)(format->max_exponent * 2 + 1) << (format->precision - 1);
    if (rest_is(&r, "inf") || rest_is(&r, "infinity")) {
        *out = infinity;
        return true;
    }
    if (rest_is(&r, "nan")) {
        *out = infinity | (uint64_t)1 << (format->precision - 2);
        return true;
    }
    if (r.size - r.at > 2 && r.data[r.at] == '0' && lower((unsigned char)r.data[r.at + 1]) == 'x') {
        r.at += 2;
        return read_hex(&r, format, out);
    }
    if (!read_decimal(&r, d))
        return false;
    if (is_short(d, short_digits, short_power))
        *out_short = true;
    else
        *out = decimal_to_bits(d, format);
    return true;
}

bool parse_double(const char *data, size_t size, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    decimal d;
    bool minus, is_exact;
    uint64_t bits = 0;
    double value;
    if (!read_number(data, size, &format_double, 15, 22, &d, &minus, &is_exact, &bits))
        return false;
    if (is_exact) {
        value = (double)d.low;
        value = d.exponent < 0 ? value / powers[-d.exponent] : value * powers[d.exponent];
        memcpy(&bits, &value, sizeof bits);
    }
    bits |= minus ? (uint64_t)1 << 63 : 0;
    memcpy(out, &bits, sizeof *out);
    return true;
}

bool parse_float(const char *data, size_t size, float *out)
{
    static const float powers[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f, 1e9f, 1e10f};
    decimal d;
    bool minus, is_exact;
    uint64_t bits = 0;
    uint32_t word;
    float value;
    if (!read_number(data, size, &format_float, 7, 10, &d, &minus, &is_exact, &bits))
        return false;
    word = (uint32_t)bits;
    if (is_exact) {
        value = (float)d.low;
        value = d.exponent < 0 ? value / powers[-d.exponent] : value * powers[d.exponent];
        memcpy(&word, &value, sizeof word);
    }
    word |= minus ? (uint32_t)1 << 31 : 0;
    memcpy(out, &word, sizeof *out);
    return true;
}

bool parse_u64(const char *data, size_t size, uint64_t *out)
{
    uint64_t value = 0;
    if (size == 0)
        return false;
    for (size_t i = 0; i < size; i++) {
        int digit = (unsigned char)data[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        if (value > (UINT64_MAX - (uint64_t)digit) / 10)
            return false;
        value = value * 10 + (uint64_t)digit;
    }
    *out = value;
    return true;
}

bool parse_i64(const char *data, size_t size, int64_t *out)
{
    uint64_t value;
    bool sign = size > 0 && (data[0] == '-' || data[0] == '+');
    bool minus = sign && data[0] == '-';
    if (!parse_u64(data + (sign ? 1 : 0), size - (sign ? 1 : 0), &value))
        return false;
    if (value > (uint64_t)INT64_MAX + (minus ? 1 : 0))
        return false;
    if (!minus)
        *out = (int64_t)value;
    else
        *out = value > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)value;
    return true;
}

/* ---- printing ---- */

/* The state of digit generation: value = rest / unit, and every number strictly between
 * value - below/unit and value + above/unit reads back as the value. */
typedef struct shortest {
    big rest, unit, below, above;
    bool ends_too; /* the ends of the interval read back as well (even significand) */
} shortest;

static void shortest_begin(shortest *s, uint64_t significand, int64_t exponent, bool narrow_below)
{
    /* Everything twice (four times below a power of two), so that half a unit is whole. */
    int64_t extra = narrow_below ? 2 : 1;
    big_set(&s->rest, significand);
    big_shift_left(&s->rest, extra + (exponent > 0 ? exponent : 0));
    big_set(&s->unit, 1);
    big_shift_left(&s->unit, extra + (exponent < 0 ? -exponent : 0));
    big_set(&s->below, 1);
    big_shift_left(&s->below, exponent > 0 ? exponent : 0);
    s->above = s->below;
    if (narrow_below)
        big_shift_left(&s->above, 1);
    s->ends_too = (significand & 1) == 0;
}

static bool reaches(const shortest *s, const big *unit)
{
    big sum;
    big_add(&s->rest, &s->above, &sum);
    int order = big_compare(&sum, unit);
    return s->ends_too ? order >= 0 : order > 0;
}

/* Scales so that the first digit is rest * 10 / unit; gives the power of ten of the point. */
static int64_t shortest_scale(shortest *s)
{
    /* An estimate from the bits (log10(2) is 0.30103), never too high, mended by at most a
     * few steps. */
    int64_t bits = big_bits(&s->rest) - big_bits(&s->unit);
    int64_t power = (bits * 30103 - (bits < 0 ? 99999 : 0)) / 100000 - 1;
    if (power > 0) {
        big_times_power_of_ten(&s->unit, power);
    } else {
        big_times_power_of_ten(&s->rest, -power);
        big_times_power_of_ten(&s->below, -power);
        big_times_power_of_ten(&s->above, -power);
    }
    while (reaches(s, &s->unit)) {
        big_multiply_add(&s->unit, 10, 0);
        power++;
    }
    return power;
}

/* Writes the digits of significand * 2^exponent to DIGITS and gives their number; the
 * value is 0.DIGITS * 10^*out_power. */
static int shortest_digits(uint64_t significand, int64_t exponent, bool narrow_below, char *digits, int64_t *out_power)
{
    shortest s;
    int count = 0;
    shortest_begin(&s, significand, exponent, narrow_below);
    *out_power = shortest_scale(&s);
    for (;;) {
        int digit = 0;
        big_multiply_add(&s.rest, 10, 0);
        big_multiply_add(&s.below, 10, 0);
        big_multiply_add(&s.above, 10, 0);
        while (big_compare(&s.rest, &s.unit) >= 0) {
            big_subtract(&s.rest, &s.unit);
            digit++;
        }
        int low_order = big_compare(&s.rest, &s.below);
        bool low = s.ends_too ? low_order <= 0 : low_order < 0;
        bool high = reaches(&s, &s.unit);
        if (!low && !high && count < 17) {
            digits[count++] = (char)('0' + digit);
            continue;
        }
        if (high && low) {
            /* Both neighbours will do: the nearer one, of two as near the even one. */
            big_shift_left(&s.rest, 1);
            int order = big_compare(&s.rest, &s.unit);
            high = order > 0 || (order == 0 && digit % 2 != 0);
        }
        digits[count++] = (char)('0' + digit + (high ? 1 : 0));
        return count;
    }
}

/* "123.5", "0.00012", "1e+30": the exponent from 16 digits before the point on and from 4
 * zeros after it. */
static void add_digits(text *t, const char *digits, int count, int64_t power)
{
    static const char zeros[] = "00000000000000000000";
    if (power > 16 || power < -3) {
        text_add(t, digits, 1);
        if (count > 1) {
            text_add(t, ".", 1);
            text_add(t, digits + 1, (size_t)count - 1);
        }
        int64_t exponent = power - 1;
        text_printf(t, "e%c%02d", exponent < 0 ? '-' : '+', (int)(exponent < 0 ? -exponent : exponent));
    } else if (power <= 0) {
        text_add(t, "0.", 2);
        text_add(t, zeros, (size_t)-power);
        text_add(t, digits, (size_t)count);
    } else if (power >= count) {
        text_add(t, digits, (size_t)count);
        text_add(t, zeros, (size_t)(power - count));
    } else {
        text_add(t, digits, (size_t)power);
        text_add(t, ".", 1);
        text_add(t, digits + power, (size_t)(count - power));
    }
}

static void add_number(text *t, uint64_t bits, const binary_format *format)
{
    int fraction_bits = format->precision - 1;
    int exponent_mask = format->max_exponent * 2 + 1;
    uint64_t fraction = bits & (((uint64_t)1 << fraction_bits) - 1);
    int biased = (int)(bits >> fraction_bits) & exponent_mask;
    bool minus = (bits >> fraction_bits & ((uint64_t)exponent_mask + 1)) != 0;
    char digits[20];
    int64_t power;

    if (biased == exponent_mask && fraction != 0) {
        text_puts(t, "nan");
        return;
    }
    if (minus)
        text_puts(t, "-");
    if (biased == exponent_mask) {
        text_puts(t, "inf");
    } else if (biased == 0 && fraction == 0) {
        text_puts(t, "0");
    } else {
        uint64_t significand = biased != 0 ? fraction | (uint64_t)1 << fraction_bits : fraction;
        int64_t exponent = (biased != 0 ? biased : 1) - format->max_exponent - fraction_bits;
        int count = shortest_digits(significand, exponent, fraction == 0 && biased > 1, digits, &power);
        add_digits(t, digits, count, power);
    }
}

void text_double(text *t, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_number(t, bits, &format_double);
}

void text_float(text *t, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_number(t, bits, &format_float);
}

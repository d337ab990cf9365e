/* SPDX-License-Identifier: Apache-2.0 */
/* The parser's inside: words of a line (parse_words.c) and what lines mean (parse.c). */
#ifndef COMPILER_LOOPS_PARSE_H
#define COMPILER_LOOPS_PARSE_H

#include "compiler/loops/names.h"

typedef struct parser {
    const char *name; /* of the text, in messages */
    const char *data, *at, *end, *line_start;
    int32_t line;
    loop_program *p;
    stepc_error *error;
    stepc_operation **operations; /* stand-ins: name and type only */
    int32_t operation_count;
    size_t operation_capacity, feed_capacity, fetch_capacity, state_capacity, target_capacity;
    /* Within "nest { }". */
    nest_builder nest; /* its arrays and capacities; values are not shared or checked here */
} parser;

/* All return false after setting the error: INVALID_ARGUMENT with line and column. */
bool parse_refuse(parser *ps, const char *expected);
bool parse_no_memory(parser *ps);

void parse_skip(parser *ps);       /* blanks and a comment */
bool parse_at_end(parser *ps);     /* of the line */
bool parse_end_line(parser *ps);   /* and goes to the next */
bool parse_accept(parser *ps, const char *exact); /* without an error */
bool parse_expect(parser *ps, const char *exact);
stepc_string parse_word(parser *ps); /* [A-Za-z0-9_]*, may be empty */
bool parse_integer(parser *ps, int64_t *out);
bool parse_int32(parser *ps, int32_t *out);
bool parse_number(parser *ps, char letter, int32_t *out); /* "b12" */
bool parse_quoted(parser *ps, const char **out);
bool parse_dtype(parser *ps, stepc_dtype *out);
bool parse_size(parser *ps, size_ref *out); /* up to a blank or an unmatched ',' ']' ')' */
bool parse_sizes(parser *ps, const size_ref **out, int32_t *count);
bool parse_operation(parser *ps, const stepc_operation **out); /* "name" "type" */
/* "b3[4*i0 + i1]" for a nest of AXIS_COUNT axes. */
bool parse_index(parser *ps, int32_t axis_count, int32_t *buffer, loop_index *out);
bool parse_constant(parser *ps, stepc_dtype dtype, uint64_t *out);
/* parse_nest.c: the lines between "nest {" and "}". */
bool parse_nest(parser *ps);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: options, opening, closing. */
#include "runtime/tensorflow/types.h"

#include "runtime/graph/message.h"

#include <string.h>

TF_SessionOptions *TF_NewSessionOptions(void) { return memory_new(sizeof(TF_SessionOptions)); }

void TF_DeleteSessionOptions(TF_SessionOptions *options)
{
    if (options == NULL)
        return;
    memory_free(options->target, options->target_bytes);
    memory_free(options->config, options->config_bytes);
    memory_free(options, sizeof(*options));
}

void TF_SetTarget(TF_SessionOptions *options, const char *target)
{
    if (options == NULL || target == NULL)
        return;
    size_t bytes = strlen(target) + 1;
    char *copy = memory_new(bytes);
    if (copy == NULL)
        return;
    memcpy(copy, target, bytes);
    memory_free(options->target, options->target_bytes);
    options->target = copy;
    options->target_bytes = bytes;
}

/* Whether the bytes are a ConfigProto, as a parser sees it; what it asks for is checked when a session is opened. */
static bool config_parses(const void *proto, size_t bytes)
{
    stepc_host host = host_resolve(NULL);
    message *tree;
    arena memory;

    if (bytes == 0)
        return true;
    arena_init(&memory, &host);
    stepc_code code = proto == NULL ? STEPC_INVALID_ARGUMENT
                                    : message_read_binary(&host, &memory, &message_config_proto, "ConfigProto", proto,
                                                          bytes, &tree, NULL);
    arena_release(&memory);
    return code == STEPC_OK;
}

void TF_SetConfig(TF_SessionOptions *options, const void *proto, size_t proto_len, TF_Status *status)
{
    status_clear(status);
    if (options == NULL || !config_parses(proto, proto_len)) {
        status_set(status, STEPC_INVALID_ARGUMENT, "Unparseable ConfigProto");
        return;
    }
    void *copy = proto_len != 0 ? memory_new(proto_len) : NULL;
    if (proto_len != 0 && copy == NULL) {
        status_out_of_memory(status, "copying a ConfigProto");
        return;
    }
    if (copy != NULL)
        memcpy(copy, proto, proto_len);
    memory_free(options->config, options->config_bytes);
    options->config = copy;
    options->config_bytes = proto_len;
}

/* ---- life ------------------------------------------------------------------------------------------- */

TF_Session *TF_NewSession(TF_Graph *graph, const TF_SessionOptions *opts, TF_Status *status)
{
    stepc_session_options options = {.size = sizeof(options)};
    TF_Session *session = memory_new(sizeof(*session));
    struct stepc_error error;

    if (session == NULL || pthread_mutex_init(&session->mutex, NULL) != 0) {
        memory_free(session, sizeof(*session));
        status_out_of_memory(status, "opening a session");
        return NULL;
    }
    if (opts != NULL) {
        options.target = opts->target;
        options.config = opts->config;
        options.config_bytes = opts->config_bytes;
    }
    session->allocator = host_resolve(NULL).allocator;
    error_init(&error);
    stepc_code code = stepc_session_open(graph != NULL ? graph->graph : NULL, &options, &session->session, &error);
    if (status_take(status, code, &error))
        return session;
    pthread_mutex_destroy(&session->mutex);
    memory_free(session, sizeof(*session));
    return NULL;
}

void TF_CloseSession(TF_Session *session, TF_Status *status)
{
    struct stepc_error error;

    error_init(&error);
    status_take(status, stepc_session_close(session != NULL ? session->session : NULL, &error), &error);
}

void TF_DeleteSession(TF_Session *session, TF_Status *status)
{
    status_clear(status);
    if (session == NULL)
        return;
    stepc_session_close(session->session, NULL);
    partials_free(session);
    stepc_session_free(session->session);
    pthread_mutex_destroy(&session->mutex);
    memory_free(session, sizeof(*session));
}

void TF_Reset(const TF_SessionOptions *opt, const char **containers, int ncontainers, TF_Status *status)
{
    struct stepc_error error;

    error_init(&error);
    stepc_code code = stepc_session_reset(opt != NULL ? opt->target : NULL, (const char *const *)containers,
                                          ncontainers > 0 ? (size_t)ncontainers : 0, &error);
    status_take(status, code, &error);
}

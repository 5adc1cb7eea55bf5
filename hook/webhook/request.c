/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "hook/webhook/say.h"
#include "normalize/base/number.h"

#define TEXT "text/plain; charset=utf-8"
#define TOO_LARGE 413U /* whose name changes with every release of the library */
#define BILLION 1000000000.0

struct request;

struct route {
    const char *path;
    const char *methods; /* as Allow has them */
    bool review;
    enum ocn_review_kind kind;
    enum MHD_Result (*answer)(struct request *request); /* of no review */
};

/* The context of a request; freed by ocn_request_completed(). */
struct request {
    struct ocn_server_connection *connection;
    const struct route *route; /* NULL: there is nothing */
    struct timespec begin;
    unsigned refused; /* a status of HTTP; 0: not */
    const char *why;
    struct ocn_buf body;
    struct ocn_pool_job job;
    bool answered; /* by the pool */
    unsigned status;
    struct ocn_buf answer;
};

static struct ocn_server *server_of(const struct request *request)
{
    return request->connection->listener->server;
}

static void enter(struct ocn_server_connection *connection, enum ocn_connection_state state)
{
    connection->state = state;
    connection->since = ocn_pool_now();
}

/* ---- answers ----------------------------------------------------------------------------- */

static enum MHD_Result respond(struct request *request, unsigned status, const char *type,
                               struct ocn_bytes body)
{
    struct ocn_server_connection *connection = request->connection;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)(uintptr_t)body.ptr, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_NO;

    if (response == NULL) {
        return MHD_NO;
    }
    bool closes = !connection->listener->accepts || server_of(request)->stopping;
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
        (!closes ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES) &&
        (status != MHD_HTTP_METHOD_NOT_ALLOWED || request->route == NULL ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->route->methods) ==
             MHD_YES)) {
        result = MHD_queue_response(connection->mhd, status, response);
    }
    MHD_destroy_response(response);
    enter(connection, OCN_CONNECTION_WRITING);
    return result;
}

static enum MHD_Result respond_text(struct request *request, unsigned status, const char *text)
{
    return respond(request, status, TEXT, (struct ocn_bytes){ text, strlen(text) });
}

static enum MHD_Result answer_health(struct request *request)
{
    const struct ocn_server *server = server_of(request);

    if (server->stopping) {
        return respond_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, "stopping\n");
    }
    return server->pool->generation == 0
               ? respond_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no policy yet\n")
               : respond_text(request, MHD_HTTP_OK, "ok\n");
}

static enum MHD_Result answer_metrics(struct request *request)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_server *server = server_of(request);

    ocn_metrics_write(server->metrics, server->pool, &text);
    return text.failed ? MHD_NO
                       : respond(request, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                                 ocn_buf_bytes(&text));
}

static const struct route routes[] = {
    { "/validate", "POST", true, OCN_REVIEW_VALIDATE, NULL },
    { "/mutate", "POST", true, OCN_REVIEW_MUTATE, NULL },
    { "/healthz", "GET, HEAD", false, OCN_REVIEW_VALIDATE, answer_health },
    { "/metrics", "GET, HEAD", false, OCN_REVIEW_VALIDATE, answer_metrics },
};

/* Reviews only behind TLS; counters there, too, unless they have an address of their own. */
static bool serves(const struct ocn_server_listener *listener, const struct route *route)
{
    return listener->secure ? route->answer != answer_metrics || listener->server->metrics_fd < 0
                            : !route->review;
}

static const struct route *find_route(const struct ocn_server_listener *listener, const char *path)
{
    for (size_t i = 0; i < OCN_COUNT(routes); i++) {
        if (strcmp(routes[i].path, path) == 0 && serves(listener, &routes[i])) {
            return &routes[i];
        }
    }
    return NULL;
}

/* ---- what is wrong ----------------------------------------------------------------------- */

static const char *header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection->mhd, MHD_HEADER_KIND, name);
}

static void refuse(struct request *request, unsigned status, const char *why)
{
    if (request->refused == 0) {
        request->refused = status;
        request->why = why;
    }
    server_of(request)->bodies -= request->body.len;
    ocn_buf_done(&request->body);
}

static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    size_t len = sizeof(json) - 1;

    return type != NULL && strncasecmp(type, json, len) == 0 &&
           (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static bool is_too_long(const char *length)
{
    uint64_t bytes = 0;

    return length != NULL && ocn_number_parse((struct ocn_bytes){ length, strlen(length) },
                                              OCN_REVIEW_MAX_BODY, &bytes) < 0;
}

/* By its head: an answer comes when all of it is read, so that its sender listens by then. */
static void judge_head(struct request *request, const char *method)
{
    const struct route *route = request->route;

    if (route == NULL) {
        refuse(request, MHD_HTTP_NOT_FOUND,
               "nothing is here; there are /validate, /mutate, /healthz and /metrics\n");
    } else if (strstr(route->methods, method) == NULL) {
        refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "that method is not for this path\n");
    } else if (!route->review) {
        return;
    } else if (!is_json(header(request, MHD_HTTP_HEADER_CONTENT_TYPE))) {
        refuse(request, MHD_HTTP_BAD_REQUEST, "the content-type is not application/json\n");
    } else if (header(request, MHD_HTTP_HEADER_CONTENT_ENCODING) != NULL) {
        refuse(request, MHD_HTTP_BAD_REQUEST, "the body has a content-encoding\n");
    } else if (is_too_long(header(request, MHD_HTTP_HEADER_CONTENT_LENGTH))) {
        refuse(request, TOO_LARGE, "the body is larger than 8 MiB\n");
    }
}

/* ---- reviews ----------------------------------------------------------------------------- */

static double seconds_since(const struct timespec *begin)
{
    struct timespec now = *begin;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / BILLION;
}

static void count(const struct request *request, enum ocn_review_verdict verdict,
                  struct ocn_bytes note)
{
    double seconds = seconds_since(&request->begin);
    enum ocn_review_kind kind = request->route->kind;

    ocn_metrics_count(server_of(request)->metrics, kind, verdict, seconds);
    if (verdict != OCN_REVIEW_ALLOWED && verdict != OCN_REVIEW_WARNED) {
        ocn_say_request(ocn_metrics_path(kind), ocn_review_verdict_name(verdict), seconds, note);
    }
}

/* The pool's answer: it is sent by ocn_request_handle(), which is called again. */
static void done(void *ctx, const struct ocn_pool_answer *answer)
{
    struct request *request = ctx;
    bool spoke = answer->note.len != 0;

    ocn_buf_add(&request->answer, answer->body.ptr, answer->body.len);
    request->status = request->answer.failed ? MHD_HTTP_INTERNAL_SERVER_ERROR : answer->status;
    request->answered = true;
    count(request, answer->verdict, spoke ? answer->note : answer->body);
    server_of(request)->bodies -= request->body.len;
    ocn_buf_done(&request->body);
    MHD_resume_connection(request->connection->mhd);
}

static void submit(struct request *request)
{
    request->job = (struct ocn_pool_job){ .kind = request->route->kind,
                                          .body = ocn_buf_bytes(&request->body),
                                          .done = done,
                                          .ctx = request };
    enter(request->connection, OCN_CONNECTION_JUDGED);
    MHD_suspend_connection(request->connection->mhd);
    ocn_pool_submit(server_of(request)->pool, &request->job);
}

static void take_body(struct request *request, const char *bytes, size_t len)
{
    struct ocn_server *server = server_of(request);

    if (request->refused != 0) {
        return;
    }
    if (!request->route->review || len > OCN_REVIEW_MAX_BODY - request->body.len) {
        refuse(request, TOO_LARGE, "the body is larger than 8 MiB\n");
        return;
    }
    if (len > OCN_SERVER_MAX_BODIES - server->bodies) {
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many large requests at once\n");
        return;
    }
    ocn_buf_add(&request->body, bytes, len);
    if (request->body.failed) {
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n");
        return;
    }
    server->bodies += len;
}

static enum MHD_Result answer_refusal(struct request *request)
{
    if (request->route != NULL && request->route->review) {
        count(request,
              request->refused >= MHD_HTTP_INTERNAL_SERVER_ERROR ? OCN_REVIEW_FAILED
                                                                 : OCN_REVIEW_REFUSED,
              (struct ocn_bytes){ request->why, strlen(request->why) });
    }
    return respond_text(request, request->refused, request->why);
}

static enum MHD_Result answer(struct request *request)
{
    if (request->refused != 0) {
        return answer_refusal(request);
    }
    if (!request->route->review) {
        return request->route->answer(request);
    }
    if (!request->answered) {
        submit(request);
        return MHD_YES;
    }
    return request->status == MHD_HTTP_OK
               ? respond(request, request->status, "application/json",
                         ocn_buf_bytes(&request->answer))
               : respond(request, request->status, TEXT, ocn_buf_bytes(&request->answer));
}

/* ---- for libmicrohttpd ------------------------------------------------------------------- */

static struct request *begin(struct ocn_server_connection *connection, const char *url,
                             const char *method)
{
    struct request *request = calloc(1, sizeof(*request));

    if (request != NULL) {
        (void)clock_gettime(CLOCK_MONOTONIC, &request->begin);
        request->connection = connection;
        request->route = find_route(connection->listener, url);
        if (connection->state == OCN_CONNECTION_IDLE) {
            enter(connection, OCN_CONNECTION_READING);
        }
        judge_head(request, method);
    }
    return request;
}

enum MHD_Result ocn_request_handle(void *cls, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_len, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct ocn_server_connection *connection = info != NULL ? info->socket_context : NULL;
    struct request *request = *context;

    (void)cls;
    (void)version;
    if (request == NULL) {
        request = connection != NULL ? begin(connection, url, method) : NULL;
        *context = request;
        if (request == NULL) {
            return MHD_NO;
        }
        /* Who asks before sending hears of it before. */
        return request->refused != 0 && header(request, MHD_HTTP_HEADER_EXPECT) != NULL
                   ? answer(request)
                   : MHD_YES;
    }
    if (*upload_len != 0) {
        take_body(request, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    return answer(request);
}

void ocn_request_completed(void *cls, struct MHD_Connection *mhd, void **context,
                           enum MHD_RequestTerminationCode code)
{
    struct request *request = *context;

    (void)cls;
    (void)mhd;
    (void)code;
    if (request == NULL) {
        return;
    }
    enter(request->connection, OCN_CONNECTION_IDLE);
    server_of(request)->bodies -= request->body.len;
    ocn_buf_done(&request->body);
    ocn_buf_done(&request->answer);
    free(request);
    *context = NULL;
}

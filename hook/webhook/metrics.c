/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/metrics.h"

/* Upper bounds in seconds: what an API server waits for, 3 s, lies above the last. */
static const struct {
    double seconds;
    const char *text;
} bounds[OCN_METRICS_BOUNDS] = {
    { 0.0005, "0.0005" }, { 0.001, "0.001" }, { 0.0025, "0.0025" }, { 0.005, "0.005" },
    { 0.01, "0.01" },     { 0.025, "0.025" }, { 0.05, "0.05" },     { 0.1, "0.1" },
    { 0.25, "0.25" },     { 0.5, "0.5" },     { 1, "1" },           { 2.5, "2.5" },
};

const char *ocn_metrics_path(enum ocn_review_kind kind)
{
    return kind == OCN_REVIEW_MUTATE ? "/mutate" : "/validate";
}

void ocn_metrics_count(struct ocn_metrics *metrics, enum ocn_review_kind kind,
                       enum ocn_review_verdict verdict, double seconds)
{
    size_t i = 0;

    while (i < OCN_METRICS_BOUNDS && seconds > bounds[i].seconds) {
        i++;
    }
    metrics->answers[kind][verdict]++;
    metrics->buckets[kind][i]++;
    metrics->seconds[kind] += seconds;
}

/* ---- text -------------------------------------------------------------------------------- */

static void head(struct ocn_buf *out, const char *name, const char *type, const char *help)
{
    ocn_buf_printf(out, "# HELP ocinorm_webhook_%s %s\n# TYPE ocinorm_webhook_%s %s\n", name, help,
                   name, type);
}

static void value(struct ocn_buf *out, const char *name, double number)
{
    ocn_buf_printf(out, "ocinorm_webhook_%s %.17g\n", name, number);
}

static void write_answers(const struct ocn_metrics *metrics, struct ocn_buf *out)
{
    head(out, "requests_total", "counter", "Reviews that were answered.");
    for (unsigned kind = 0; kind < OCN_REVIEW_KINDS; kind++) {
        for (unsigned verdict = 0; verdict < OCN_REVIEW_VERDICTS; verdict++) {
            ocn_buf_printf(out, "ocinorm_webhook_requests_total{path=\"%s\",verdict=\"%s\"} %llu\n",
                           ocn_metrics_path((enum ocn_review_kind)kind),
                           ocn_review_verdict_name((enum ocn_review_verdict)verdict),
                           (unsigned long long)metrics->answers[kind][verdict]);
        }
    }
}

static void write_durations(const struct ocn_metrics *metrics, struct ocn_buf *out)
{
    head(out, "request_duration_seconds", "histogram",
         "From the first byte of a review's head to its answer.");
    for (unsigned kind = 0; kind < OCN_REVIEW_KINDS; kind++) {
        const char *path = ocn_metrics_path((enum ocn_review_kind)kind);
        uint64_t sum = 0;
        for (size_t i = 0; i <= OCN_METRICS_BOUNDS; i++) {
            sum += metrics->buckets[kind][i];
            ocn_buf_printf(
                out,
                "ocinorm_webhook_request_duration_seconds_bucket{path=\"%s\",le=\"%s\"} %llu\n",
                path, i < OCN_METRICS_BOUNDS ? bounds[i].text : "+Inf", (unsigned long long)sum);
        }
        ocn_buf_printf(out, "ocinorm_webhook_request_duration_seconds_sum{path=\"%s\"} %.17g\n",
                       path, metrics->seconds[kind]);
        ocn_buf_printf(out, "ocinorm_webhook_request_duration_seconds_count{path=\"%s\"} %llu\n",
                       path, (unsigned long long)sum);
    }
}

static void write_pool(const struct ocn_pool *pool, struct ocn_buf *out)
{
    static const char *const reasons[OCN_POOL_ENDS] = {
        [OCN_POOL_DIED] = "died", [OCN_POOL_LATE] = "late", [OCN_POOL_RETIRED] = "retired"
    };
    unsigned ready = 0;

    for (size_t i = 0; i < pool->workers_len; i++) {
        ready += pool->workers[i].state == OCN_POOL_IDLE || pool->workers[i].state == OCN_POOL_BUSY;
    }
    head(out, "workers", "gauge", "Workers that can be asked.");
    value(out, "workers", ready);
    head(out, "waiting", "gauge", "Reviews that wait for a worker.");
    value(out, "waiting", (double)pool->waiting);
    head(out, "worker_restarts_total", "counter", "Workers that another one replaced.");
    for (size_t i = 0; i < OCN_POOL_ENDS; i++) {
        ocn_buf_printf(out, "ocinorm_webhook_worker_restarts_total{reason=\"%s\"} %llu\n",
                       reasons[i], (unsigned long long)pool->ends[i]);
    }
}

static void write_file(struct ocn_buf *out, const char *name, const struct ocn_metrics_file *file)
{
    const struct {
        const char *what;
        const char *type;
        const char *help;
        double number;
    } rows[] = {
        { "loaded_timestamp_seconds", "gauge", "When what holds now was taken.",
          (double)file->loaded },
        { "loads_total", "counter", "How often a new one was taken.", (double)file->loads },
        { "failures_total", "counter", "How often a new one could not be used.",
          (double)file->failures },
        { "broken", "gauge", "1: what lies there cannot be used, and the one before holds.",
          file->broken ? 1 : 0 },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        ocn_buf_printf(out, "# HELP ocinorm_webhook_%s_%s %s\n# TYPE ocinorm_webhook_%s_%s %s\n",
                       name, rows[i].what, rows[i].help, name, rows[i].what, rows[i].type);
        ocn_buf_printf(out, "ocinorm_webhook_%s_%s %.17g\n", name, rows[i].what, rows[i].number);
    }
}

static void write_connections(const struct ocn_metrics *metrics, struct ocn_buf *out)
{
    head(out, "connections", "gauge", "Connections that are open.");
    value(out, "connections", (double)metrics->open);
    head(out, "connections_total", "counter", "Connections that were taken.");
    value(out, "connections_total", (double)metrics->connections);
    head(out, "connections_cut_total", "counter", "Connections that were cut.");
    ocn_buf_printf(out,
                   "ocinorm_webhook_connections_cut_total{reason=\"slow\"} %llu\n"
                   "ocinorm_webhook_connections_cut_total{reason=\"idle\"} %llu\n",
                   (unsigned long long)metrics->cuts[OCN_METRICS_SLOW],
                   (unsigned long long)metrics->cuts[OCN_METRICS_IDLE]);
}

void ocn_metrics_write(const struct ocn_metrics *metrics, const struct ocn_pool *pool,
                       struct ocn_buf *out)
{
    head(out, "build_info", "gauge", "The version, as a label.");
    ocn_buf_printf(out, "ocinorm_webhook_build_info{version=\"%s\"} 1\n", OCN_VERSION);
    write_answers(metrics, out);
    write_durations(metrics, out);
    write_pool(pool, out);
    write_connections(metrics, out);
    write_file(out, "policy", &metrics->policy);
    write_file(out, "certificate", &metrics->certificate);
    head(out, "certificate_not_after_timestamp_seconds", "gauge", "When the certificate ends.");
    value(out, "certificate_not_after_timestamp_seconds", (double)metrics->not_after);
}

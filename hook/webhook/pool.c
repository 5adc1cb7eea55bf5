/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "hook/confine/seccomp_filter.h"
#include "hook/sys/io.h"

#define PROGRAM_FD (OCN_CHILD_FD + 1)
#define PAUSE 500      /* ms before the next one, where one did not even learn the policy */
#define MOMENT 200     /* ms for one whose socket is closed to be gone */
#define FOREVER 864000 /* seconds: the deadlines here are ours */

int64_t ocn_pool_now(void)
{
    struct timespec now;

    return clock_gettime(CLOCK_MONOTONIC, &now) == 0
               ? (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000
               : 0;
}

/* ---- begin and end ----------------------------------------------------------------------- */

static const struct ocn_pool_worker nobody = { .child = { .pid = -1, .fd = -1 } };

int ocn_pool_begin(struct ocn_pool *pool, size_t workers, struct ocn_error *err)
{
    pool->program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    if (pool->program < 0) {
        return ocn_fail_sys(err, errno, "/proc/self/exe",
                            "cannot find this program; is /proc mounted?");
    }
    pool->workers_len = workers < OCN_POOL_MAX_WORKERS ? workers : OCN_POOL_MAX_WORKERS;
    for (size_t i = 0; i < OCN_POOL_MAX_WORKERS; i++) {
        pool->workers[i] = nobody;
    }
    pool->candidate = nobody;
    pool->first = NULL;
    pool->last = &pool->first;
    return 0;
}

static void end_worker(struct ocn_pool_worker *worker)
{
    ocn_child_end(&worker->child);
    ocn_buf_done(&worker->said);
    *worker = nobody;
}

void ocn_pool_done(struct ocn_pool *pool)
{
    for (size_t i = 0; i < pool->workers_len; i++) {
        end_worker(&pool->workers[i]);
    }
    if (pool->workers_len != 0) {
        end_worker(&pool->candidate);
        ocn_closep(&pool->program);
    }
    ocn_buf_done(&pool->policy);
    ocn_buf_done(&pool->next_policy);
    *pool = (struct ocn_pool){ .program = -1 };
}

/* In the child: a new program, so that nothing of our memory is in it. */
static int become_worker(void *ctx)
{
    char name[] = "ocinorm-webhook";
    char word[] = OCN_WORKER_WORD;
    char *const argv[] = { name, word, NULL };
    char *const none[] = { NULL };
    sigset_t nothing;

    (void)ctx;
    (void)sigemptyset(&nothing);
    (void)sigprocmask(SIG_SETMASK, &nothing, NULL);
#ifdef OCN_SANITIZED
    char *const *environment = environ; /* a sanitizer's options */
    (void)none;
#else
    char *const *environment = none;
    for (int fd = 0; fd < OCN_CHILD_FD; fd++) {
        if (open("/dev/null", O_RDWR) < 0) {
            return -1;
        }
    }
#endif
    (void)fcntl(OCN_CHILD_FD, F_SETFD, 0);
    (void)syscall(SYS_execveat, PROGRAM_FD, "", argv, environment, AT_EMPTY_PATH);
    return -1;
}

/* ---- questions --------------------------------------------------------------------------- */

static void ask(struct ocn_pool_worker *worker, enum ocn_worker_order order, struct ocn_bytes text,
                int64_t deadline)
{
    worker->question = (struct ocn_worker_question){ order, (uint32_t)text.len };
    worker->text = text;
    worker->sent = 0;
    worker->got = 0;
    worker->said.len = 0;
    worker->deadline = deadline;
}

static void teach(struct ocn_pool_worker *worker, struct ocn_bytes policy)
{
    worker->state = OCN_POOL_LEARNING;
    ask(worker, OCN_WORKER_POLICY, policy, ocn_pool_now() + OCN_POOL_SECONDS * INT64_C(1000));
}

static int start(struct ocn_pool *pool, struct ocn_pool_worker *worker, struct ocn_bytes policy,
                 struct ocn_error *err)
{
    const struct ocn_child_options options = { .seconds = FOREVER,
                                               .descriptors = &pool->program,
                                               .descriptors_len = 1 };

    *worker = nobody;
    if (ocn_child_start_with(&worker->child, &options, become_worker, NULL, err) < 0) {
        worker->not_before = ocn_pool_now() + PAUSE;
        return -1;
    }
    teach(worker, policy);
    return 0;
}

int ocn_pool_try_policy(struct ocn_pool *pool, struct ocn_bytes policy, struct ocn_error *err)
{
    end_worker(&pool->candidate);
    pool->next_policy.len = 0;
    ocn_buf_add(&pool->next_policy, policy.ptr, policy.len);
    return ocn_buf_check(&pool->next_policy, err) < 0
               ? -1
               : start(pool, &pool->candidate, ocn_buf_bytes(&pool->next_policy), err);
}

/* ---- the sockets ------------------------------------------------------------------------- */

static bool would_wait(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static bool is_sending(const struct ocn_pool_worker *worker)
{
    return (worker->state == OCN_POOL_LEARNING || worker->state == OCN_POOL_BUSY) &&
           worker->sent < sizeof(worker->question) + worker->text.len;
}

/* false: the socket is closed. */
static bool send_some(struct ocn_pool_worker *worker)
{
    while (is_sending(worker)) {
        const size_t head = sizeof(worker->question);
        const char *from = worker->sent < head ? (const char *)&worker->question + worker->sent
                                               : worker->text.ptr + (worker->sent - head);
        size_t len =
            worker->sent < head ? head - worker->sent : worker->text.len - (worker->sent - head);
        ssize_t sent = send(worker->child.fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            return would_wait(sent);
        }
        worker->sent += (size_t)sent;
    }
    return true;
}

static size_t answer_len(const struct ocn_pool_worker *worker)
{
    return (size_t)worker->answer.len + worker->answer.note_len;
}

static bool is_answered(const struct ocn_pool_worker *worker)
{
    return worker->got == sizeof(worker->answer) && worker->said.len == answer_len(worker);
}

/* What a worker that was taken over says must fit, too. */
static bool is_sane(const struct ocn_pool_worker *worker)
{
    return worker->answer.len <= OCN_WORKER_MAX_ANSWER &&
           worker->answer.note_len <= OCN_REVIEW_MAX_NOTE &&
           worker->answer.verdict < OCN_REVIEW_VERDICTS &&
           (worker->answer.status == 200 || worker->answer.status == 400 ||
            worker->answer.status == 500);
}

static bool take(struct ocn_pool_worker *worker, const char *bytes, size_t len)
{
    size_t left = sizeof(worker->answer) - worker->got;
    size_t head = len < left ? len : left;

    memcpy((char *)&worker->answer + worker->got, bytes, head);
    worker->got += head;
    if (worker->got == sizeof(worker->answer)) {
        if (!is_sane(worker) || worker->said.len + (len - head) > answer_len(worker)) {
            return false;
        }
        ocn_buf_add(&worker->said, bytes + head, len - head);
    }
    return !worker->said.failed;
}

/* false: it is gone, or must go. One that says something unasked must. */
static bool receive_some(struct ocn_pool_worker *worker)
{
    char bytes[16384];

    for (;;) {
        ssize_t got = recv(worker->child.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (got <= 0) {
            return would_wait(got);
        }
        if (worker->state == OCN_POOL_IDLE || !take(worker, bytes, (size_t)got)) {
            return false;
        }
    }
}

/* ---- answers ----------------------------------------------------------------------------- */

static void answer_job(struct ocn_pool_job *job, unsigned status, enum ocn_review_verdict verdict,
                       struct ocn_bytes body, struct ocn_bytes note)
{
    const struct ocn_pool_answer answer = { status, verdict, body, note };

    job->done(job->ctx, &answer);
}

static void fail_job(struct ocn_pool_job *job, const char *why)
{
    answer_job(job, 500, OCN_REVIEW_FAILED, (struct ocn_bytes){ why, strlen(why) },
               (struct ocn_bytes){ "", 0 });
}

static void finish_job(struct ocn_pool *pool, struct ocn_pool_worker *worker)
{
    struct ocn_pool_job *job = worker->job;
    struct ocn_bytes said = ocn_buf_bytes(&worker->said);

    worker->job = NULL;
    worker->state = OCN_POOL_IDLE;
    worker->served++;
    answer_job(job, worker->answer.status, (enum ocn_review_verdict)worker->answer.verdict,
               (struct ocn_bytes){ said.ptr, worker->answer.len },
               (struct ocn_bytes){ said.ptr + worker->answer.len, worker->answer.note_len });
    if (worker->served >= OCN_POOL_SERVES) {
        pool->ends[OCN_POOL_RETIRED]++;
        end_worker(worker);
    }
}

static void adopt(struct ocn_pool *pool, struct ocn_pool_news *news)
{
    struct ocn_buf old = pool->policy;

    /* Whoever is being taught the old one is sent from memory that stays: it is begun anew. */
    for (size_t i = 0; i < pool->workers_len; i++) {
        if (pool->workers[i].state == OCN_POOL_LEARNING) {
            end_worker(&pool->workers[i]);
        }
    }
    pool->policy = pool->next_policy;
    pool->next_policy = old;
    pool->generation++;
    news->adopted = true;
}

static void finish_trial(struct ocn_pool *pool, struct ocn_pool_news *news)
{
    struct ocn_pool_worker *worker = &pool->candidate;

    if (worker->answer.status == 200) {
        adopt(pool, news);
    } else {
        size_t len = worker->answer.len;
        len -= len > 0 && worker->said.ptr[len - 1] == '\n';
        news->refused = true;
        (void)ocn_fail(&news->why, OCN_E_FORMAT, NULL, "%.*s", (int)len,
                       ocn_buf_bytes(&worker->said).ptr);
    }
    end_worker(worker);
}

static void finish(struct ocn_pool *pool, struct ocn_pool_worker *worker,
                   struct ocn_pool_news *news)
{
    if (worker == &pool->candidate) {
        finish_trial(pool, news);
    } else if (worker->state == OCN_POOL_BUSY) {
        finish_job(pool, worker);
    } else if (worker->answer.status == 200) {
        worker->state = OCN_POOL_IDLE;
        worker->generation = pool->generation;
    } else {
        end_worker(worker);
        worker->not_before = ocn_pool_now() + PAUSE;
    }
}

/* ---- ends -------------------------------------------------------------------------------- */

static void put_first(struct ocn_pool *pool, struct ocn_pool_job *job)
{
    job->next = pool->first;
    pool->first = job;
    pool->last = job->next == NULL ? &job->next : pool->last;
    pool->waiting++;
}

/* A request that killed a worker gets one more, then its sender hears of it. */
static void lose(struct ocn_pool *pool, struct ocn_pool_worker *worker, struct ocn_pool_news *news)
{
    struct ocn_pool_job *job = worker->job;
    struct ocn_buf nothing = { 0 };
    struct ocn_error why = { 0 };
    uint32_t kind = 0;
    bool learned = worker->state != OCN_POOL_LEARNING;

    worker->child.left = MOMENT * INT64_C(1000000);
    if (ocn_child_receive(&worker->child, &kind, &nothing, &why) == 0) {
        (void)ocn_fail(&why, OCN_E_FORMAT, NULL, "the confined parser said what it may not");
    }
    ocn_buf_done(&nothing);
    pool->ends[OCN_POOL_DIED]++;
    pool->log(pool->ctx, why.msg);
    if (worker == &pool->candidate) {
        news->refused = true;
        news->why = why;
    }
    end_worker(worker);
    worker->not_before = learned ? 0 : ocn_pool_now() + PAUSE;
    if (job != NULL && !job->tried) {
        job->tried = true;
        put_first(pool, job);
    } else if (job != NULL) {
        fail_job(job, "the worker ended over this request, and a second one, too\n");
    }
}

static void give_up(struct ocn_pool *pool, struct ocn_pool_worker *worker,
                    struct ocn_pool_news *news)
{
    struct ocn_pool_job *job = worker->job;

    pool->ends[OCN_POOL_LATE]++;
    pool->log(pool->ctx, "a worker gave no answer in time and was killed");
    if (worker == &pool->candidate) {
        news->refused = true;
        (void)ocn_fail(&news->why, OCN_E_LIMIT, NULL, "the policy was not read within %d s",
                       OCN_POOL_SECONDS);
    }
    end_worker(worker);
    if (job != NULL) {
        fail_job(job, "no answer in time\n");
    }
}

/* ---- all of it --------------------------------------------------------------------------- */

void ocn_pool_submit(struct ocn_pool *pool, struct ocn_pool_job *job)
{
    job->deadline = ocn_pool_now() + OCN_POOL_SECONDS * INT64_C(1000);
    job->next = NULL;
    job->tried = false;
    *pool->last = job;
    pool->last = &job->next;
    pool->waiting++;
}

static struct ocn_pool_job *take_job(struct ocn_pool *pool)
{
    struct ocn_pool_job *job = pool->first;

    pool->first = job->next;
    pool->last = pool->first == NULL ? &pool->first : pool->last;
    pool->waiting--;
    job->next = NULL;
    return job;
}

static void drop_late_jobs(struct ocn_pool *pool, int64_t now)
{
    while (pool->first != NULL && pool->first->deadline <= now) {
        fail_job(take_job(pool), "too many requests wait for an answer\n");
    }
}

/* An idle worker gets what is next for it; a missing one is started. */
static void employ(struct ocn_pool *pool, struct ocn_pool_worker *worker, int64_t now)
{
    struct ocn_error err = { 0 };

    if (worker->state == OCN_POOL_ABSENT && worker->not_before <= now &&
        start(pool, worker, ocn_buf_bytes(&pool->policy), &err) < 0) {
        pool->log(pool->ctx, err.msg);
    }
    if (worker->state == OCN_POOL_IDLE && worker->generation != pool->generation) {
        teach(worker, ocn_buf_bytes(&pool->policy));
    }
    if (worker->state == OCN_POOL_IDLE && pool->first != NULL) {
        struct ocn_pool_job *job = take_job(pool);
        worker->state = OCN_POOL_BUSY;
        worker->job = job;
        ask(worker, job->kind == OCN_REVIEW_MUTATE ? OCN_WORKER_MUTATE : OCN_WORKER_VALIDATE,
            job->body, job->deadline);
    }
}

static void run_worker(struct ocn_pool *pool, struct ocn_pool_worker *worker, int64_t now,
                       struct ocn_pool_news *news)
{
    if (worker->state == OCN_POOL_ABSENT) {
        return;
    }
    bool alive = send_some(worker) && receive_some(worker);
    bool asked = worker->state != OCN_POOL_IDLE;
    if (asked && is_answered(worker)) {
        finish(pool, worker, news);
    } else if (!alive) {
        lose(pool, worker, news);
    } else if (asked && worker->deadline <= now) {
        give_up(pool, worker, news);
    }
}

void ocn_pool_run(struct ocn_pool *pool, struct ocn_pool_news *news)
{
    int64_t now = ocn_pool_now();

    run_worker(pool, &pool->candidate, now, news);
    for (size_t i = 0; i < pool->workers_len && pool->generation != 0; i++) {
        struct ocn_pool_worker *worker = &pool->workers[i];
        run_worker(pool, worker, now, news);
        employ(pool, worker, now);
        run_worker(pool, worker, now, news); /* what was asked just now goes out at once */
    }
    drop_late_jobs(pool, now);
}

static size_t watch(const struct ocn_pool_worker *worker, struct pollfd *fds)
{
    if (worker->state == OCN_POOL_ABSENT) {
        return 0;
    }
    *fds = (struct pollfd){ .fd = worker->child.fd,
                            .events = (short)(POLLIN | (is_sending(worker) ? POLLOUT : 0)) };
    return 1;
}

size_t ocn_pool_watch(const struct ocn_pool *pool, struct pollfd *fds)
{
    size_t count = watch(&pool->candidate, fds);

    for (size_t i = 0; i < pool->workers_len; i++) {
        count += watch(&pool->workers[i], fds + count);
    }
    return count;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t deadline_of(const struct ocn_pool_worker *worker)
{
    return worker->state == OCN_POOL_ABSENT ? worker->not_before
           : worker->state == OCN_POOL_IDLE ? INT64_MAX
                                            : worker->deadline;
}

int64_t ocn_pool_deadline(const struct ocn_pool *pool)
{
    int64_t ret = pool->first != NULL ? pool->first->deadline : INT64_MAX;

    if (pool->candidate.state != OCN_POOL_ABSENT) {
        ret = sooner(ret, deadline_of(&pool->candidate));
    }
    for (size_t i = 0; i < pool->workers_len && pool->generation != 0; i++) {
        bool can_take = pool->first != NULL && pool->workers[i].state == OCN_POOL_IDLE;
        ret = sooner(ret, can_take ? 0 : deadline_of(&pool->workers[i]));
    }
    return ret;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/loop.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>

#include "hook/sys/io.h"
#include "hook/view/cpu.h"
#include "hook/webhook/address.h"
#include "hook/webhook/policy_text.h"
#include "hook/webhook/say.h"
#include "hook/webhook/server.h"
#include "hook/webhook/watch.h"

#define TICK INT64_C(1000) /* ms */
#define LEAST_WORKERS 2U   /* one may be killed */
/*
 * The library asks for another turn at once as long as a client is in the middle of its handshake:
 * one that goes no further must not cost a CPU.
 */
#define PATIENT_TURNS 3
#define TURN_PAUSE 5 /* ms */
#define SECOND_MS INT64_C(1000)

struct loop {
    const struct ocn_options *options;
    struct ocn_world world;
    struct ocn_pool pool;
    struct ocn_server server;
    struct ocn_metrics metrics;
    struct ocn_watch policy;
    struct ocn_watch certificate;
    int signals;
    int64_t next_tick;
    unsigned idle_turns; /* how often nothing came, one after the other */
    int64_t stop_at;     /* to accept nobody any more; INT64_MAX: nobody has asked for that */
    int64_t give_up_at;  /* what runs still */
};

static void loop_done(struct loop *loop)
{
    ocn_server_done(&loop->server);
    ocn_pool_done(&loop->pool);
    ocn_watch_done(&loop->policy);
    ocn_watch_done(&loop->certificate);
    ocn_closep(&loop->signals);
}

static void tell_end(void *ctx, const char *text)
{
    (void)ctx;
    ocn_say(OCN_SAY_WARNING, "%s; another worker takes its place", text);
}

/* ---- the policy -------------------------------------------------------------------------- */

static void policy_failed(struct loop *loop, const struct ocn_error *err)
{
    loop->metrics.policy.failures++;
    loop->metrics.policy.broken = true;
    ocn_say_error(OCN_SAY_ERROR, "the new policy cannot be used, the one before holds", err);
}

/* Read and checked here, then tried by a worker. */
static int try_policy(struct loop *loop, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    return ocn_policy_text_read(&loop->world, &text, err) < 0
               ? -1
               : ocn_pool_try_policy(&loop->pool, ocn_buf_bytes(&text), err);
}

static void look_at_policy(struct loop *loop)
{
    struct ocn_buf now = { 0 };
    struct ocn_error err = { 0 };

    if (ocn_policy_text_look(&loop->world, &now, &err) < 0) {
        if (!loop->policy.unreadable) {
            policy_failed(loop, &err);
        }
        loop->policy.unreadable = true;
        ocn_buf_done(&now);
        return;
    }
    if (loop->policy.unreadable) {
        /* It may be what it was before; that holds, and nothing is broken any more. */
        loop->policy.unreadable = false;
        loop->metrics.policy.broken = false;
    }
    if (ocn_watch_look(&loop->policy, &now) && try_policy(loop, &err) < 0) {
        policy_failed(loop, &err);
    }
}

static void hear(struct loop *loop, const struct ocn_pool_news *news)
{
    if (news->adopted) {
        loop->metrics.policy.loaded = time(NULL);
        loop->metrics.policy.loads++;
        loop->metrics.policy.broken = false;
        ocn_say(OCN_SAY_INFO, "the policy holds (%llu)",
                (unsigned long long)loop->metrics.policy.loads);
    } else if (news->refused && loop->pool.generation != 0) {
        policy_failed(loop, &news->why);
        if (news->why.code != OCN_E_FORMAT) {
            ocn_watch_done(&loop->policy); /* no fault of the policy's: it is tried again */
        }
    }
}

/* ---- the certificate --------------------------------------------------------------------- */

static int copy_pair(const struct ocn_tls_pair *pair, struct ocn_buf *ret, struct ocn_error *err)
{
    size_t len = pair->cert.len + pair->key.len;

    /* At once, so that no place with a key in it is left behind. */
    *ret = (struct ocn_buf){ .ptr = malloc(len), .size = len };
    if (ret->ptr == NULL) {
        *ret = (struct ocn_buf){ 0 };
        return ocn_fail_nomem(err);
    }
    ocn_buf_add(ret, pair->cert.ptr, pair->cert.len);
    ocn_buf_add(ret, pair->key.ptr, pair->key.len);
    return ocn_buf_check(ret, err);
}

static void certificate_failed(struct loop *loop, const struct ocn_error *err)
{
    loop->metrics.certificate.failures++;
    loop->metrics.certificate.broken = true;
    ocn_say_error(OCN_SAY_ERROR, "the new certificate cannot be used, the one before holds", err);
}

static void certificate_holds(struct loop *loop, time_t not_after)
{
    loop->metrics.certificate.loaded = time(NULL);
    loop->metrics.certificate.loads++;
    loop->metrics.certificate.broken = false;
    loop->metrics.not_after = not_after;
    if (not_after <= loop->metrics.certificate.loaded) {
        ocn_say(OCN_SAY_WARNING, "%s has expired: no API server will talk to us",
                loop->options->files.cert);
    }
    ocn_say(OCN_SAY_INFO, "the certificate holds (%llu)",
            (unsigned long long)loop->metrics.certificate.loads);
}

/* Reads it into @pair, and what it was made of into the watch's terms. */
static int read_certificate(const struct loop *loop, struct ocn_tls_pair *pair,
                            struct ocn_buf *copy, struct ocn_error *err)
{
    return ocn_tls_read(&loop->options->files, pair, err) < 0 ? -1 : copy_pair(pair, copy, err);
}

static void look_at_certificate(struct loop *loop)
{
    OCN_CLEANUP(ocn_tls_done) struct ocn_tls_pair pair = { 0 };
    struct ocn_buf now = { 0 };
    struct ocn_error err = { 0 };

    if (read_certificate(loop, &pair, &now, &err) < 0) {
        if (!loop->certificate.unreadable) {
            certificate_failed(loop, &err);
        }
        loop->certificate.unreadable = true;
        ocn_buf_done(&now);
        return;
    }
    if (loop->certificate.unreadable) {
        loop->certificate.unreadable = false;
        loop->metrics.certificate.broken = false;
    }
    if (!ocn_watch_look(&loop->certificate, &now)) {
        return;
    }
    if (ocn_tls_check(&loop->options->files, &pair, &err) < 0) {
        certificate_failed(loop, &err);
        return;
    }
    time_t not_after = pair.not_after;
    if (ocn_server_renew(&loop->server, &pair, &err) < 0) {
        certificate_failed(loop, &err);
        ocn_watch_done(&loop->certificate); /* nor this one's */
        return;
    }
    certificate_holds(loop, not_after);
}

/* ---- the beginning ----------------------------------------------------------------------- */

static int catch_signals(struct loop *loop, struct ocn_error *err)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot hold back signals");
    }
    loop->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return loop->signals < 0 ? ocn_fail_sys(err, errno, NULL, "cannot wait for signals") : 0;
}

static int wait_once(struct loop *loop, struct ocn_pool_news *news)
{
    struct pollfd fds[OCN_SERVER_MAX_LISTENERS + OCN_POOL_MAX_DESCRIPTORS + 1];
    size_t count = ocn_pool_watch(&loop->pool, fds);
    int64_t now = ocn_pool_now();
    int64_t until = ocn_pool_deadline(&loop->pool);

    until = until < loop->next_tick ? until : loop->next_tick;
    int most = until <= now ? 0 : (int)(until - now);
    count += ocn_server_watch(&loop->server, fds + count);
    fds[count++] = (struct pollfd){ .fd = loop->signals, .events = POLLIN };
    int wait = ocn_server_timeout(&loop->server, most);
    if (wait == 0 && most > 0 && loop->idle_turns >= PATIENT_TURNS) {
        wait = most < TURN_PAUSE ? most : TURN_PAUSE;
    }
    int ready = poll(fds, (nfds_t)count, wait);
    if (ready < 0 && errno != EINTR) {
        return -1;
    }
    loop->idle_turns = ready == 0 ? loop->idle_turns + 1 : 0;
    ocn_server_run(&loop->server); /* what came goes to the pool, */
    ocn_pool_run(&loop->pool, news);
    ocn_server_run(&loop->server); /* and what it says goes out at once */
    return 0;
}

static int begin_policy(struct loop *loop, struct ocn_error *err)
{
    struct ocn_buf now = { 0 };
    struct ocn_pool_news news = { 0 };
    uint32_t cpus = ocn_cpu_count();

    if (ocn_pool_begin(&loop->pool, cpus < LEAST_WORKERS ? LEAST_WORKERS : cpus, err) < 0 ||
        ocn_policy_text_look(&loop->world, &now, err) < 0) {
        ocn_buf_done(&now);
        return -1;
    }
    ocn_watch_begin(&loop->policy, &now);
    if (try_policy(loop, err) < 0) {
        return -1;
    }
    while (!news.adopted && !news.refused) {
        if (wait_once(loop, &news) < 0) {
            return ocn_fail_sys(err, errno, NULL, "cannot wait");
        }
        loop->next_tick = ocn_pool_now() + TICK;
    }
    if (news.refused) {
        return ocn_fail(err, news.why.code, news.why.where, "%s", news.why.msg);
    }
    hear(loop, &news);
    return 0;
}

static int listen_at(struct loop *loop, struct ocn_error *err)
{
    const struct ocn_options *options = loop->options;
    char shown[300];

    if (ocn_address_listen(options->listen, &loop->server.fd, err) < 0 ||
        (options->metrics != NULL &&
         ocn_address_listen(options->metrics, &loop->server.metrics_fd, err) < 0)) {
        return -1;
    }
    ocn_address_show(loop->server.fd, shown, sizeof(shown));
    ocn_say(OCN_SAY_INFO, "serving https at %s", shown);
    if (loop->server.metrics_fd >= 0) {
        ocn_address_show(loop->server.metrics_fd, shown, sizeof(shown));
        ocn_say(OCN_SAY_INFO, "serving metrics at %s", shown);
    }
    return 0;
}

static int begin(struct loop *loop, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_tls_done) struct ocn_tls_pair pair = { 0 };
    struct ocn_buf copy = { 0 };

    if (catch_signals(loop, err) < 0 || begin_policy(loop, err) < 0) {
        return -1;
    }
    /* A key comes into this memory from here on: nobody else's process reads it. */
    (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    if (read_certificate(loop, &pair, &copy, err) < 0 ||
        ocn_tls_check(&loop->options->files, &pair, err) < 0) {
        ocn_buf_done(&copy);
        return -1;
    }
    ocn_watch_begin(&loop->certificate, &copy);
    time_t not_after = pair.not_after;
    if (listen_at(loop, err) < 0 || ocn_server_begin(&loop->server, &pair, err) < 0) {
        return -1;
    }
    certificate_holds(loop, not_after);
    return 0;
}

/* ---- the end ----------------------------------------------------------------------------- */

/* SIGINT is somebody at a terminal, who need not be waited for. */
static void take_signals(struct loop *loop)
{
    struct signalfd_siginfo info;

    while (read(loop->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        int64_t now = ocn_pool_now();
        int64_t linger = info.ssi_signo == SIGTERM ? OCN_LOOP_LINGER_SECONDS * SECOND_MS : 0;
        if (loop->stop_at > now + linger) {
            loop->stop_at = now + linger;
            loop->give_up_at = loop->stop_at + OCN_LOOP_FINISH_SECONDS * SECOND_MS;
        }
        if (!loop->server.stopping) {
            ocn_say(OCN_SAY_INFO, "stopping");
        }
        loop->server.stopping = true;
    }
}

static bool is_finished(struct loop *loop)
{
    int64_t now = ocn_pool_now();

    if (now < loop->stop_at) {
        return false;
    }
    if (loop->server.fd >= 0) {
        ocn_server_quiesce(&loop->server);
    }
    return ocn_server_is_idle(&loop->server) || now >= loop->give_up_at;
}

static void tick(struct loop *loop)
{
    int64_t now = ocn_pool_now();

    if (now < loop->next_tick) {
        return;
    }
    loop->next_tick = now + (loop->server.stopping ? TICK / 10 : TICK);
    if (!loop->server.stopping) {
        look_at_policy(loop);
        look_at_certificate(loop);
    }
    ocn_server_tick(&loop->server);
}

/* What the pool has still would come back to connections that are gone. */
static void finish(struct loop *loop)
{
    while (!ocn_server_is_idle(&loop->server) && ocn_pool_now() < loop->give_up_at + TICK * 3) {
        struct ocn_pool_news news = { 0 };
        if (wait_once(loop, &news) < 0) {
            return;
        }
        ocn_server_tick(&loop->server);
    }
}

int ocn_loop_run(const struct ocn_options *options, struct ocn_error *err)
{
    OCN_CLEANUP(loop_done)
    struct loop loop = {
        .options = options,
        .world = options->world,
        .signals = -1,
        .server = { .fd = -1, .metrics_fd = -1 },
        .stop_at = INT64_MAX,
        .give_up_at = INT64_MAX,
        .next_tick = ocn_pool_now(),
        .pool = { .program = -1, .log = tell_end },
    };

    loop.server.pool = &loop.pool;
    loop.server.metrics = &loop.metrics;
    loop.world.any_owner = true; /* a ConfigMap is the kubelet's business */
    if (begin(&loop, err) < 0) {
        return -1;
    }
    while (!is_finished(&loop)) {
        struct ocn_pool_news news = { 0 };
        if (wait_once(&loop, &news) < 0) {
            return ocn_fail_sys(err, errno, NULL, "cannot wait");
        }
        hear(&loop, &news);
        take_signals(&loop);
        tick(&loop);
    }
    finish(&loop);
    ocn_say(OCN_SAY_INFO, "stopped");
    return 0;
}

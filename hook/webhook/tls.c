/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "hook/sys/io.h"

#define MAX_FILE ((size_t)1 << 20)

static void forget(struct ocn_buf *buf)
{
    if (buf->ptr != NULL) {
        explicit_bzero(buf->ptr, buf->size);
    }
    ocn_buf_done(buf);
}

void ocn_tls_done(struct ocn_tls_pair *pair)
{
    forget(&pair->key);
    ocn_buf_done(&pair->cert);
    *pair = (struct ocn_tls_pair){ 0 };
}

static int read_pem(const char *path, struct ocn_buf *ret, struct ocn_error *err)
{
    /* A buffer that grows leaves its old places behind, with what was in them. */
    ocn_buf_add(ret, "", 1);
    ret->len = 0;
    if (ocn_io_read_file(path, MAX_FILE, ret, err) < 0) {
        return -1;
    }
    if (memchr(ret->ptr, '\0', ret->len) != NULL) {
        return ocn_fail(err, OCN_E_FORMAT, path, "is no PEM file");
    }
    ocn_buf_add(ret, "", 1);
    return ocn_buf_check(ret, err);
}

int ocn_tls_read(const struct ocn_tls_files *files, struct ocn_tls_pair *ret, struct ocn_error *err)
{
    struct ocn_tls_pair pair = { 0 };

    if (read_pem(files->cert, &pair.cert, err) < 0 || read_pem(files->key, &pair.key, err) < 0) {
        ocn_tls_done(&pair);
        return -1;
    }
    *ret = pair;
    return 0;
}

static gnutls_datum_t datum_of(const struct ocn_buf *buf)
{
    return (gnutls_datum_t){ (unsigned char *)buf->ptr, (unsigned)(buf->len - 1) };
}

static void free_credentials(gnutls_certificate_credentials_t *credentials)
{
    if (*credentials != NULL) {
        gnutls_certificate_free_credentials(*credentials);
    }
}

/* Until when the first certificate of the file holds; -1 where there is none. */
static time_t read_end(const struct ocn_buf *cert)
{
    const gnutls_datum_t pem = datum_of(cert);
    gnutls_x509_crt_t first;
    time_t ret = -1;

    if (gnutls_x509_crt_init(&first) != GNUTLS_E_SUCCESS) {
        return -1;
    }
    if (gnutls_x509_crt_import(first, &pem, GNUTLS_X509_FMT_PEM) == GNUTLS_E_SUCCESS) {
        ret = gnutls_x509_crt_get_expiration_time(first);
    }
    gnutls_x509_crt_deinit(first);
    return ret;
}

int ocn_tls_check(const struct ocn_tls_files *files, struct ocn_tls_pair *pair,
                  struct ocn_error *err)
{
    OCN_CLEANUP(free_credentials) gnutls_certificate_credentials_t credentials = NULL;
    const gnutls_datum_t cert = datum_of(&pair->cert);
    const gnutls_datum_t key = datum_of(&pair->key);

    if (gnutls_certificate_allocate_credentials(&credentials) != GNUTLS_E_SUCCESS) {
        return ocn_fail_nomem(err);
    }
    int status = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
    if (status == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
        return ocn_fail(err, OCN_E_FORMAT, files->key, "is not the key of %s", files->cert);
    }
    if (status < 0) {
        return ocn_fail(err, OCN_E_FORMAT, files->cert,
                        "it and %s cannot be used as certificate and key: %s", files->key,
                        gnutls_strerror(status));
    }
    pair->not_after = read_end(&pair->cert);
    return 0;
}

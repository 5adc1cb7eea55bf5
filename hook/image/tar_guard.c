/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/tar_guard.h"

#include <stdbool.h>
#include <string.h>

#include "normalize/base/number.h"

#define BLOCK ((size_t)512)
#define MAX_META ((uint64_t)1 << 20) /* Go's maxSpecialFileSize: of one PAX header or long name */
#define MAX_SIZE ((uint64_t)INT64_MAX)

/* Places in a header block (ustar, POSIX.1-1988; GNU's of tar.h). */
enum {
    MODE = 100,
    UID = 108,
    GID = 116,
    SIZE = 124,
    MTIME = 136,
    CHECKSUM = 148,
    TYPE = 156,
    MAGIC = 257,
    ATIME = 345,    /* GNU */
    CTIME = 357,    /* GNU */
    EXTENDED = 482, /* of an old sparse file: a block with more of the map follows */
    MORE = 504,     /* the same in such a block */
    TRAILER = 508,
};

/* What lies before an entry's own header and speaks of it. */
struct about {
    bool pax;
    bool long_name;
    bool long_link;
    bool has_size;
    bool slash; /* its name ends in one */
    bool has_name;
    bool sparse_name;
    bool sparse_1;
    bool sparse_0;
    uint64_t size;
};

enum place { HEADER, META, SKIPPED, MAP, BEHIND };

struct ocn_tar_guard {
    enum place place;
    unsigned char block[BLOCK];
    size_t len;      /* of the block */
    uint64_t left;   /* bytes that are skipped, or of META */
    size_t padding;  /* how many of those that are skipped are no content of a file */
    uint64_t behind; /* padding of META */
    char meta;
    bool zero; /* the last block was one of zeros */
    struct about about;
    struct ocn_buf text;
};

struct ocn_tar_guard *ocn_tar_guard_new(void)
{
    return calloc(1, sizeof(struct ocn_tar_guard));
}

void ocn_tar_guard_free(struct ocn_tar_guard *guard)
{
    if (guard != NULL) {
        ocn_buf_done(&guard->text);
        free(guard);
    }
}

static int refuse(struct ocn_error *err, const char *what)
{
    return ocn_fail(err, OCN_E_FORMAT, NULL,
                    "%s: engines refuse this tar, or find other files in it than other programs; "
                    "build the image anew",
                    what);
}

/* ---- a header -------------------------------------------------------------------------------- */

/* Octal with blanks around it, or base 256. false: Go refuses it. */
static bool read_number(const unsigned char *field, size_t len, uint64_t *ret)
{
    uint64_t value = 0;

    if ((field[0] & 0x80) != 0) {
        bool negative = (field[0] & 0x40) != 0;
        for (size_t i = 0; i < len; i++) {
            unsigned char byte = i == 0 ? field[0] & 0x3f : field[i];
            if (!negative && value > MAX_SIZE >> 8) {
                return false;
            }
            value = value << 8 | byte;
        }
        *ret = negative ? UINT64_MAX : value;
        return true;
    }
    while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0')) {
        len--;
    }
    size_t at = 0;
    while (at < len && (field[at] == ' ' || field[at] == '\0')) {
        at++;
    }
    for (; at < len; at++) {
        if (field[at] < '0' || field[at] > '7') {
            return false;
        }
        value = value << 3 | (unsigned)(field[at] - '0');
    }
    *ret = value;
    return true;
}

static bool has_checksum(const unsigned char *block)
{
    uint64_t wanted = 0;
    int64_t as_signed = 0;
    uint64_t sum = 0;

    for (size_t i = 0; i < BLOCK; i++) {
        unsigned char byte = i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : block[i];
        sum += byte;
        as_signed += (signed char)byte;
    }
    return read_number(block + CHECKSUM, 8, &wanted) &&
           (wanted == sum || (int64_t)wanted == as_signed);
}

/* A magic that one reader knows and the other does not decides about the name's first half. */
static bool has_clear_magic(const unsigned char *block)
{
    uint64_t number = 0;
    const void *magic = block + MAGIC;

    if (memcmp(magic, "ustar  ", 8) == 0) {
        return read_number(block + ATIME, 12, &number) && read_number(block + CTIME, 12, &number);
    }
    return memcmp(magic, "ustar", 5) != 0 ||
           (memcmp(magic, "ustar", 6) == 0 && memcmp(block + TRAILER, "tar", 4) != 0);
}

static bool has_numbers(const unsigned char *block)
{
    uint64_t number = 0;

    return read_number(block + MODE, 8, &number) && read_number(block + UID, 8, &number) &&
           read_number(block + GID, 8, &number) && read_number(block + MTIME, 12, &number);
}

static void skip(struct ocn_tar_guard *guard, uint64_t size)
{
    guard->padding = (size_t)((BLOCK - size % BLOCK) % BLOCK);
    guard->left = size + guard->padding;
    guard->place = guard->left != 0 ? SKIPPED : HEADER;
}

static int begin_meta(struct ocn_tar_guard *guard, char type, uint64_t size, struct ocn_error *err)
{
    struct about *about = &guard->about;
    bool *seen = type == 'x' ? &about->pax : type == 'L' ? &about->long_name : &about->long_link;

    if (size > MAX_META) {
        return refuse(err, "a name or PAX header of more than 1 MiB");
    }
    if (type != 'g' &&
        (*seen || (type == 'x' ? about->long_name || about->long_link : about->pax))) {
        return refuse(err, "an entry with two headers before it that say the same");
    }
    if (type != 'g') {
        *seen = true;
    }
    guard->meta = type;
    guard->left = size;
    guard->behind = (BLOCK - size % BLOCK) % BLOCK;
    guard->place = META;
    ocn_buf_done(&guard->text);
    return 0;
}

/* Of its own name, where nothing before it says another. */
static bool ends_in_slash(const unsigned char *block)
{
    size_t len = strnlen((const char *)block, 100);

    return len != 0 && block[len - 1] == '/';
}

static int begin_entry(struct ocn_tar_guard *guard, char type, uint64_t size, struct ocn_error *err)
{
    const struct about about = guard->about;
    bool regular = type == '0' || type == '\0' || type == 'S';
    uint64_t real = about.has_size ? about.size : size;

    guard->about = (struct about){ 0 };
    if (!regular && real != 0) {
        return refuse(err, "a link, directory or device with bytes of its own");
    }
    if (about.has_size && type == 'S') {
        return refuse(err, "a sparse file with two sizes");
    }
    if (type == '0' && (about.has_name ? about.slash : ends_in_slash(guard->block))) {
        return refuse(err, "a file whose name ends in a slash");
    }
    if (about.sparse_0 || (about.sparse_name && !about.sparse_1)) {
        return refuse(err, "a sparse file of an old PAX format");
    }
    skip(guard, real);
    if (type == 'S' && guard->block[EXTENDED] != 0) {
        guard->place = MAP;
    }
    return 0;
}

static int read_header(struct ocn_tar_guard *guard, struct ocn_error *err)
{
    static const unsigned char zeros[BLOCK];
    const unsigned char *block = guard->block;
    bool zero = memcmp(block, zeros, BLOCK) == 0;
    char type = (char)block[TYPE];
    uint64_t size = 0;

    if (zero) {
        guard->place = guard->zero ? BEHIND : HEADER;
        guard->zero = true;
        return 0;
    }
    if (guard->zero) {
        return refuse(err, "an entry behind one block of zeros");
    }
    if (!has_checksum(block) || !has_numbers(block) || !read_number(block + SIZE, 12, &size) ||
        size > MAX_SIZE - BLOCK) {
        return refuse(err, "a header that is broken");
    }
    if (!has_clear_magic(block)) {
        return refuse(err, "a header of an unusual format");
    }
    if (type == '\0' ? false : strchr("0123456xgLKS", type) == NULL) {
        return refuse(err, "an entry that is neither file, directory, link nor device");
    }
    return type != '\0' && strchr("xgLK", type) != NULL ? begin_meta(guard, type, size, err)
                                                        : begin_entry(guard, type, size, err);
}

/* ---- what stands before one ------------------------------------------------------------------ */

static bool is(struct ocn_bytes text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

static bool begins(struct ocn_bytes text, const char *word)
{
    return text.len >= strlen(word) && memcmp(text.ptr, word, strlen(word)) == 0;
}

/* One record of a PAX header; keys that only one of the readers knows. */
static int note(struct about *about, struct ocn_bytes key, struct ocn_bytes value,
                struct ocn_error *err)
{
    const char *nul = value.len != 0 ? memchr(value.ptr, '\0', value.len) : NULL;
    bool name = is(key, "path") || is(key, "GNU.sparse.name");

    if ((name || is(key, "linkpath")) && nul != NULL) {
        return refuse(err, "a name with NUL");
    }
    if (is(key, "SCHILY.realsize")) {
        return refuse(err, "a file with two sizes");
    }
    if (name) {
        about->has_name = value.len != 0;
        about->slash = value.len != 0 && value.ptr[value.len - 1] == '/';
    }
    if (is(key, "size")) {
        about->has_size = value.len != 0;
        if (value.len != 0 && ocn_number_parse(value, MAX_SIZE - BLOCK, &about->size) < 0) {
            return refuse(err, "a PAX header whose size is no number");
        }
    }
    about->sparse_1 = about->sparse_1 || (is(key, "GNU.sparse.major") && is(value, "1"));
    about->sparse_0 = about->sparse_0 || (is(key, "GNU.sparse.major") && !is(value, "1")) ||
                      (is(key, "GNU.sparse.minor") && !is(value, "0")) ||
                      is(key, "GNU.sparse.size") || is(key, "GNU.sparse.map");
    about->sparse_name = about->sparse_name || begins(key, "GNU.sparse.");
    return 0;
}

/* "LENGTH KEY=VALUE\n", of which LENGTH is all of it. */
static int read_pax(struct ocn_tar_guard *guard, struct ocn_error *err)
{
    struct ocn_bytes text = ocn_buf_bytes(&guard->text);
    struct about none = { 0 };

    while (text.len != 0) {
        const char *blank = memchr(text.ptr, ' ', text.len);
        struct ocn_bytes digits = { text.ptr, blank != NULL ? (size_t)(blank - text.ptr) : 0 };
        uint64_t len = 0;
        if (blank == NULL || ocn_number_parse(digits, text.len, &len) < 0 || len < digits.len + 3 ||
            text.ptr[len - 1] != '\n') {
            return refuse(err, "a PAX header that is broken");
        }
        struct ocn_bytes key = { blank + 1, (size_t)len - digits.len - 2 };
        const char *equal = memchr(key.ptr, '=', key.len);
        if (equal == NULL || equal == key.ptr) {
            return refuse(err, "a PAX header that is broken");
        }
        struct ocn_bytes value = { equal + 1, key.len - (size_t)(equal - key.ptr) - 1 };
        key.len = (size_t)(equal - key.ptr);
        if (note(guard->meta == 'x' ? &guard->about : &none, key, value, err) < 0) {
            return -1;
        }
        text = (struct ocn_bytes){ text.ptr + len, text.len - (size_t)len };
    }
    return 0;
}

static int read_meta(struct ocn_tar_guard *guard, struct ocn_error *err)
{
    const struct ocn_bytes text = ocn_buf_bytes(&guard->text);

    if (ocn_buf_check(&guard->text, err) < 0) {
        return -1;
    }
    if (guard->meta == 'L') {
        size_t len = text.len != 0 ? strnlen(text.ptr, text.len) : 0;
        guard->about.has_name = true;
        guard->about.slash = len != 0 && text.ptr[len - 1] == '/';
    }
    guard->left = guard->behind;
    guard->padding = 0;
    guard->place = guard->left != 0 ? SKIPPED : HEADER;
    return guard->meta == 'x' || guard->meta == 'g' ? read_pax(guard, err) : 0;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* As many of @len as the place wants; a whole block or text is then read. */
static int take(struct ocn_tar_guard *guard, const unsigned char *bytes, size_t len, size_t *ret,
                struct ocn_error *err)
{
    if (guard->place == META) {
        *ret = len < guard->left ? len : (size_t)guard->left;
        ocn_buf_add(&guard->text, (const char *)bytes, *ret);
        guard->left -= *ret;
        return guard->left == 0 ? read_meta(guard, err) : 0;
    }
    if (guard->place == SKIPPED) {
        *ret = len < guard->left ? len : (size_t)guard->left;
        guard->left -= *ret;
        guard->place = guard->left == 0 ? HEADER : SKIPPED;
        return 0;
    }
    *ret = len < BLOCK - guard->len ? len : BLOCK - guard->len;
    memcpy(guard->block + guard->len, bytes, *ret);
    guard->len += *ret;
    if (guard->len < BLOCK) {
        return 0;
    }
    guard->len = 0;
    if (guard->place == MAP) {
        guard->place = guard->block[MORE] != 0 ? MAP : guard->left != 0 ? SKIPPED : HEADER;
        return 0;
    }
    return read_header(guard, err);
}

int ocn_tar_guard_pass(struct ocn_tar_guard *guard, const void *bytes, size_t len,
                       struct ocn_error *err)
{
    const unsigned char *at = bytes;

    while (len > 0 && guard->place != BEHIND) {
        size_t taken = 0;
        if (take(guard, at, len, &taken, err) < 0) {
            return -1;
        }
        at += taken;
        len -= taken;
    }
    return 0;
}

size_t ocn_tar_guard_lacks(const struct ocn_tar_guard *guard)
{
    return guard->place == SKIPPED && guard->left <= guard->padding ? (size_t)guard->left : 0;
}

int ocn_tar_guard_end(const struct ocn_tar_guard *guard, struct ocn_error *err)
{
    bool whole = guard->place == BEHIND || (guard->place == HEADER && guard->len == 0) ||
                 ocn_tar_guard_lacks(guard) != 0;

    return whole ? 0 : refuse(err, "it ends within an entry");
}

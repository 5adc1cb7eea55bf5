/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of glibc's own that distributions' libjansson.a and libcap.a call, for musl: they
 * are compiled with _FORTIFY_SOURCE, whose checks are calls of glibc, and from glibc 2.38 on C23's
 * strtoll has another name. They check what glibc's check, and are members of an archive of ours:
 * where nobody asks for one, it is not linked.
 *
 * Everything else that libjansson.a wants of its libc (nm -u) means the same in both on
 * 64-bit Linux: __errno_location, __assert_fail and the stack protector (%fs:0x28 on x86-64,
 * __stack_chk_guard on arm64) are named and laid out alike; localeconv's first member is
 * decimal_point, the only one that it reads; FILE stays opaque, and stdin is only compared;
 * struct timeval and the flags of open(2) are the kernel's; it has no thread-local variable,
 * constructor or weak symbol of its own. Of libcap.a cap_alloc.o, cap_flag.o and cap_proc.o are
 * linked: errno, memory, and calls of the kernel with the kernel's types; its constructor is one of
 * .init_array, which musl runs, too, and its weak symbol is null where libpsx.a is not linked.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __snprintf_chk(char *to, size_t len, int flag, size_t size, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
int __vsnprintf_chk(char *to, size_t len, int flag, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 5, 0)));
char *__strncpy_chk(char *to, const char *from, size_t len, size_t size);
void *__memcpy_chk(void *to, const void *from, size_t len, size_t size);
void *__memmove_chk(void *to, const void *from, size_t len, size_t size);
ssize_t __read_chk(int fd, void *to, size_t len, size_t size);
long long __isoc23_strtoll(const char *text, char **end, int base);

/* @size is what the compiler knows of the place written to. */
static void check(size_t len, size_t size)
{
    if (len > size) {
        abort();
    }
}

int __vsnprintf_chk(char *to, size_t len, int flag, size_t size, const char *format, va_list args)
{
    (void)flag;
    check(len, size);
    return vsnprintf(to, len, format, args);
}

int __snprintf_chk(char *to, size_t len, int flag, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int written = __vsnprintf_chk(to, len, flag, size, format, args);
    va_end(args);
    return written;
}

char *__strncpy_chk(char *to, const char *from, size_t len, size_t size)
{
    check(len, size);
    return strncpy(to, from, len);
}

void *__memcpy_chk(void *to, const void *from, size_t len, size_t size)
{
    check(len, size);
    return memcpy(to, from, len);
}

void *__memmove_chk(void *to, const void *from, size_t len, size_t size)
{
    check(len, size);
    return memmove(to, from, len);
}

ssize_t __read_chk(int fd, void *to, size_t len, size_t size)
{
    check(len, size);
    return read(fd, to, len);
}

/* Only base 2 and 0 differ, and jansson reads base 10. */
long long __isoc23_strtoll(const char *text, char **end, int base)
{
    return strtoll(text, end, base);
}

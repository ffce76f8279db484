/* Loaded before libc: once $WATCH is read from byte $FROM on, $DO happens to $TARGET.
 *
 * `fail` makes that read and all after it fail as a broken disk does; `truncate`, `write` and
 * `unlink` are what another process may do to a file meanwhile.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int reached(int fd, off_t at) {
    char link[64], path[4096];
    const char *watch = getenv("WATCH");
    if (!watch || at < atoll(getenv("FROM"))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strcmp(path, watch) == 0;
}

static void interfere(const char *what, const char *target) {
    if (!strcmp(what, "truncate") && truncate(target, atoll(getenv("FROM")))) abort();
    if (!strcmp(what, "unlink") && unlink(target)) abort();
    if (!strcmp(what, "write")) {
        int fd = open(target, O_WRONLY | O_APPEND);
        if (fd < 0 || write(fd, "changed", 7) != 7 || close(fd)) abort();
    }
}

ssize_t read(int fd, void *buffer, size_t count) {
    static ssize_t (*next)(int, void *, size_t);
    static int done;
    if (!next) next = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    if (reached(fd, lseek(fd, 0, SEEK_CUR))) {
        const char *what = getenv("DO");
        if (!strcmp(what, "fail")) {
            errno = EIO;
            return -1;
        }
        if (!__atomic_exchange_n(&done, 1, __ATOMIC_SEQ_CST)) interfere(what, getenv("TARGET"));
    }
    return next(fd, buffer, count);
}

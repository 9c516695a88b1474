/* A disk that fails on demand. Loaded before the program (LD_PRELOAD), it counts the file operations below one folder and
 * lets chosen ones fail. A small shared file says which; the tests change it while the program runs.
 *
 *   cc -shared -fPIC -O1 -o failing.so failing.c -ldl
 *   SAKIMORI_FAILING=/path/of/control LD_PRELOAD=./failing.so sakimori serve …
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* The same layout stands in failing_disk.py. */
struct control {
    int32_t armed;
    int32_t kinds;    /* which operations count: WRITE, SYNC, NAME, SIZE */
    int64_t from, to; /* the from-th to the to-th of them fail */
    int32_t error;    /* errno they fail with */
    int32_t halves;   /* a failing write has written half of its bytes */
    int64_t count;    /* operations since armed */
    int64_t failed;
    char folder[512];
};
enum { WRITE = 1, SYNC = 2, NAME = 4, SIZE = 8 };

static struct control *control(void) {
    static struct control *mapped;
    if (mapped) return mapped;
    const char *path = getenv("SAKIMORI_FAILING");
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR, 0) : -1;
    if (fd < 0) return NULL;
    void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (memory == MAP_FAILED) return NULL;
    return mapped = memory;
}

static int below(const char *path) {
    struct control *c = control();
    size_t length = strlen(c->folder);
    size_t whole = strlen(path);
    /* The shared memory of SQLite is not on the disk. */
    if (whole > 4 && strcmp(path + whole - 4, "-shm") == 0) return 0;
    return strncmp(path, c->folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int path_fails(int kind, const char *path) {
    struct control *c = control();
    if (!c || !c->armed || !(c->kinds & kind) || !below(path)) return 0;
    int64_t number = __atomic_add_fetch(&c->count, 1, __ATOMIC_SEQ_CST);
    if (number < c->from || number > c->to) return 0;
    __atomic_add_fetch(&c->failed, 1, __ATOMIC_SEQ_CST);
    errno = c->error;
    return 1;
}

static int path_of(int fd, char *path, size_t size) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, size - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return 1;
}

static int fd_fails(int kind, int fd) {
    struct control *c = control();
    char path[1024];
    if (!c || !c->armed || !(c->kinds & kind) || !path_of(fd, path, sizeof path)) return 0;
    return path_fails(kind, path);
}

#define NEXT(type, name, ...)                                     \
    static type (*next)(__VA_ARGS__);                             \
    if (!next) next = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *bytes, size_t count) {
    NEXT(ssize_t, "write", int, const void *, size_t);
    if (fd_fails(WRITE, fd)) {
        int error = errno;
        if (control()->halves && count > 1) next(fd, bytes, count / 2);
        errno = error;
        return -1;
    }
    return next(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    NEXT(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (fd_fails(WRITE, fd)) {
        int error = errno;
        if (control()->halves && count > 1) next(fd, bytes, count / 2, at);
        errno = error;
        return -1;
    }
    return next(fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return pwrite64(fd, bytes, count, at); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    NEXT(ssize_t, "writev", int, const struct iovec *, int);
    return fd_fails(WRITE, fd) ? -1 : next(fd, parts, count);
}

/* A sync that failed may have lost what was written: the trace of a power cut test learns of it by this name. */
static int sync_fails(int fd) {
    char path[1024], name[1100];
    if (!fd_fails(SYNC, fd)) return 0;
    int error = errno;
    if (path_of(fd, path, sizeof path)) {
        snprintf(name, sizeof name, "/sakimori-lost%s", path);
        syscall(SYS_unlink, name);
    }
    errno = error;
    return 1;
}

int fsync(int fd) {
    NEXT(int, "fsync", int);
    return sync_fails(fd) ? -1 : next(fd);
}

int fdatasync(int fd) {
    NEXT(int, "fdatasync", int);
    return sync_fails(fd) ? -1 : next(fd);
}

int ftruncate64(int fd, off64_t size) {
    NEXT(int, "ftruncate64", int, off64_t);
    return fd_fails(SIZE, fd) ? -1 : next(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int rename(const char *from, const char *to) {
    NEXT(int, "rename", const char *, const char *);
    return path_fails(NAME, to) ? -1 : next(from, to);
}

int unlink(const char *path) {
    NEXT(int, "unlink", const char *);
    return path_fails(NAME, path) ? -1 : next(path);
}

int mkdir(const char *path, mode_t mode) {
    NEXT(int, "mkdir", const char *, mode_t);
    return path_fails(NAME, path) ? -1 : next(path, mode);
}

#define OPEN(name)                                                     \
    int name(const char *path, int flags, ...) {                       \
        NEXT(int, #name, const char *, int, ...);                      \
        va_list rest;                                                  \
        va_start(rest, flags);                                         \
        mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                  \
        if ((flags & O_CREAT) && path_fails(NAME, path)) return -1;    \
        return next(path, flags, mode);                                \
    }
OPEN(open)
OPEN(open64)

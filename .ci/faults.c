/* A disk and a clock that misbehave, for .ci/campaign: loaded before the C library by LD_PRELOAD.
 *
 *   FAULTS_FAIL=CALL:ERRNO:FIRST:COUNT   the calls CALL (open, write, fsync, rename, mkdir, unlink) with the numbers FIRST
 *                                        to FIRST+COUNT-1, from 1, fail with ERRNO; a write whose ERRNO is 0 writes half
 *   FAULTS_UNDER=TEXT                    only calls on paths with this text are counted and can fail
 *   FAULTS_CLOCK=BEFORE:AFTER:SECONDS    the time of day is so many seconds off, and off by AFTER once SECONDS have passed
 *   FAULTS_LOG=FILE                      a line for each counted call: nanoseconds of the monotonic clock, process, call,
 *                                        errno or 0, path; and one, `clock`, when the time of day is first asked for
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char *call, *under;
static long first, count, seconds_before, seconds_after;
static double jump_at;
static int error_number, log_fd = -1, has_clock;
static long long begun;
static atomic_long n_calls;
static atomic_int clock_was_asked;

static long long monotonic(void) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

__attribute__((constructor)) static void begin(void) {
    static char name[16];
    const char *fail = getenv("FAULTS_FAIL"), *clock = getenv("FAULTS_CLOCK"), *log = getenv("FAULTS_LOG");
    under = getenv("FAULTS_UNDER");
    begun = monotonic();
    if (fail && sscanf(fail, "%15[a-z]:%d:%ld:%ld", name, &error_number, &first, &count) == 4) call = name;
    if (clock) has_clock = sscanf(clock, "%ld:%ld:%lf", &seconds_before, &seconds_after, &jump_at) == 3;
    if (log) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void note(const char *what, int error, const char *path) {
    char line[PATH_MAX + 128];
    if (log_fd < 0) return;
    int n = snprintf(line, sizeof line, "%lld %d %s %d %s\n", monotonic(), (int)getpid(), what, error, path);
    if (n > 0 && n < (int)sizeof line) syscall(SYS_write, log_fd, line, (size_t)n);
}

/* Whether this call is to fail. */
static int fails(const char *what, const char *path) {
    if (!path || (under && !strstr(path, under))) return 0;
    int is_hit = 0;
    if (call && !strcmp(call, what)) {
        long number = atomic_fetch_add(&n_calls, 1) + 1;
        is_hit = number >= first && number - first < count;
    }
    /* -1 in the log: a write that is cut short. */
    note(what, is_hit ? (error_number ? error_number : -1) : 0, path);
    return is_hit;
}

static int fails_on(const char *what, int fd) {
    char link[64], path[PATH_MAX];
    if (log_fd < 0 && !(call && !strcmp(call, what))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return fails(what, path);
}

static int refused(void) {
    errno = error_number;
    return -1;
}

#define REAL(name, type) \
    static __typeof__(type) real; \
    if (!real) real = (__typeof__(type))dlsym(RTLD_NEXT, name)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(#name, int (*)(const char *, int, ...)); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return fails("open", path) ? refused() : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *bytes, size_t n) {
    REAL("write", ssize_t (*)(int, const void *, size_t));
    if (!fails_on("write", fd)) return real(fd, bytes, n);
    return error_number ? refused() : real(fd, bytes, n > 1 ? n / 2 : n);
}

ssize_t writev(int fd, const struct iovec *parts, int n_parts) {
    REAL("writev", ssize_t (*)(int, const struct iovec *, int));
    if (!fails_on("write", fd)) return real(fd, parts, n_parts);
    return error_number ? refused() : real(fd, parts, n_parts > 1 ? n_parts / 2 : n_parts);
}

int fsync(int fd) {
    REAL("fsync", int (*)(int));
    return fails_on("fsync", fd) ? refused() : real(fd);
}

int fdatasync(int fd) {
    REAL("fdatasync", int (*)(int));
    return fails_on("fsync", fd) ? refused() : real(fd);
}

int rename(const char *from, const char *to) {
    REAL("rename", int (*)(const char *, const char *));
    return fails("rename", to) ? refused() : real(from, to);
}

int mkdir(const char *path, mode_t mode) {
    REAL("mkdir", int (*)(const char *, mode_t));
    return fails("mkdir", path) ? refused() : real(path, mode);
}

int unlink(const char *path) {
    REAL("unlink", int (*)(const char *));
    return fails("unlink", path) ? refused() : real(path);
}

static long off(void) {
    if (!has_clock) return 0;
    if (!atomic_exchange(&clock_was_asked, 1)) note("clock", 0, "");
    return (double)(monotonic() - begun) / 1e9 < jump_at ? seconds_before : seconds_after;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += off();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *to) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return (time_t)-1;
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}

// Stands between the program and the C library, and lets one call fail that the program makes on a file of its home.
// strace counts by thread, and the journal is written by threads that take turns; this counts by file.
//
//     INJECT_UNDER   the home: calls on other files are let through and not counted, nor those on receipts
//     INJECT_LOG     what was called, one `CALL FILE` a line; `INJECTED CALL FILE` for the one that was struck
//     INJECT_CALL, INJECT_FILE, INJECT_AT, INJECT_KIND   which call on which file, the how manieth of these, and what comes of it:
//
//     EIO ENOSPC EINTR   that error, and nothing is done
//     KILL               the program is killed before the call
//     short              a write takes half of the bytes
//     torn               a write takes half of the bytes, and the program is killed
//     full               a write takes half of the bytes, and there is no room from then on, until the reserve is given up
//
// INJECT_CALL `all` strikes every call: every second one of its thread with EINTR, or every write where INJECT_KIND is short.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char under[PATH_MAX], call_wanted[32], file_wanted[PATH_MAX], kind[16];
static long at;
static int all, log_file = -1;
static atomic_long seen;
static atomic_int full;
static _Thread_local int struck_before;

static void take(const char *name, char *into, size_t size) {
    const char *value = getenv(name);
    snprintf(into, size, "%s", value ? value : "");
    unsetenv(name);
}

// Children get none of it.
__attribute__((constructor)) static void begin(void) {
    char text[PATH_MAX];
    unsetenv("LD_PRELOAD");
    take("INJECT_UNDER", under, sizeof under);
    take("INJECT_CALL", call_wanted, sizeof call_wanted);
    take("INJECT_FILE", file_wanted, sizeof file_wanted);
    take("INJECT_KIND", kind, sizeof kind);
    take("INJECT_AT", text, sizeof text);
    at = atol(text);
    all = !strcmp(call_wanted, "all");
    take("INJECT_LOG", text, sizeof text);
    if (*text) log_file = syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void note(const char *call, const char *file, int is_struck) {
    char line[PATH_MAX + 64];
    int count = snprintf(line, sizeof line, "%s%s %s\n", is_struck ? "INJECTED " : "", call, file);
    if (log_file >= 0) syscall(SYS_write, log_file, line, count);
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

// The file below the home, by a name that is the same in every run; 0 where it is none of the program's.
static int name(const char *path, char *file) {
    size_t length = strlen(under);
    if (!length || strncmp(path, under, length) || (path[length] && path[length] != '/')) return 0;
    path += length;
    while (*path == '/') path++;
    if (!strncmp(path, "receipts", 8)) return 0;
    if (strstr(path, "outputs/.open-")) path = "outputs/open";
    snprintf(file, PATH_MAX, "%s", *path ? path : ".");
    char *end = strncmp(file, "keys/", 5) ? NULL : strchr(file, '.');
    if (end) snprintf(end, 8, ".draft");
    return 1;
}

// What comes of a call: 0 it is made, -1 it fails with errno, 1 a write takes half.
static int fate(const char *call, const char *path, int writes) {
    char file[PATH_MAX];
    if (!name(path, file)) return 0;
    int strikes;
    if (all && !strcmp(kind, "short")) strikes = writes;
    else if (all) strikes = struck_before = !struck_before;
    else strikes = !strcmp(call, call_wanted) && !strcmp(file, file_wanted) && atomic_fetch_add(&seen, 1) + 1 == at;
    note(call, file, strikes);
    if (strikes) {
        if (!strcmp(kind, "KILL")) die();
        if (!strcmp(kind, "full")) atomic_store(&full, 1);
        if (!strcmp(kind, "short") || !strcmp(kind, "torn") || !strcmp(kind, "full")) return 1;
        errno = !strcmp(kind, "EIO") ? EIO : !strcmp(kind, "ENOSPC") ? ENOSPC : EINTR;
        return -1;
    }
    if (atomic_load(&full)) {
        if (!strcmp(call, "unlink") && strstr(path, "/journal.reserve")) atomic_store(&full, 0);
        else if (writes) {
            errno = ENOSPC;
            return -1;
        }
    }
    return 0;
}

static int fate_at(const char *call, int descriptor, int writes) {
    char link[64], path[PATH_MAX];
    int saved = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (count <= 0) return 0;
    path[count] = 0;
    return fate(call, path, writes);
}

static size_t half(size_t count) { return count > 1 ? count / 2 : count; }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define PASSED(test) \
    do { if ((test) < 0) return -1; } while (0)

ssize_t write(int descriptor, const void *bytes, size_t count) {
    int what = fate_at("write", descriptor, 1);
    PASSED(what);
    if (!what) return syscall(SYS_write, descriptor, bytes, count);
    ssize_t taken = syscall(SYS_write, descriptor, bytes, half(count));
    if (!strcmp(kind, "torn")) die();
    return taken;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    int what = fate_at("pwrite", descriptor, 1);
    PASSED(what);
    if (!what) return syscall(SYS_pwrite64, descriptor, bytes, count, offset);
    ssize_t taken = syscall(SYS_pwrite64, descriptor, bytes, half(count), offset);
    if (!strcmp(kind, "torn")) die();
    return taken;
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) { return pwrite(descriptor, bytes, count, offset); }

int open(const char *path, int flags, ...) {
    va_list words;
    va_start(words, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(words, mode_t) : 0;
    va_end(words);
    PASSED(fate("open", path, 0));
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

// A folder that is listed: the C library opens it by a call of its own.
DIR *opendir(const char *path) {
    if (fate("open", path, 0) < 0) return NULL;
    int descriptor = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC);
    return descriptor < 0 ? NULL : fdopendir(descriptor);
}

int fsync(int descriptor) {
    PASSED(fate_at("fsync", descriptor, 0));
    return REAL(fsync)(descriptor);
}
int fdatasync(int descriptor) {
    PASSED(fate_at("fdatasync", descriptor, 0));
    return REAL(fdatasync)(descriptor);
}
int ftruncate(int descriptor, off_t length) {
    PASSED(fate_at("ftruncate", descriptor, 0));
    return REAL(ftruncate)(descriptor, length);
}
int ftruncate64(int descriptor, off64_t length) { return ftruncate(descriptor, length); }
int flock(int descriptor, int operation) {
    PASSED(fate_at("flock", descriptor, 0));
    return syscall(SYS_flock, descriptor, operation);
}
// Tells its error by what it returns.
int posix_fallocate(int descriptor, off_t offset, off_t length) {
    if (fate_at("fallocate", descriptor, 1) < 0) return errno;
    return REAL(posix_fallocate)(descriptor, offset, length);
}
int posix_fallocate64(int descriptor, off64_t offset, off64_t length) { return posix_fallocate(descriptor, offset, length); }
int rename(const char *from, const char *to) {
    PASSED(fate("rename", from, 0));
    return REAL(rename)(from, to);
}
int link(const char *from, const char *to) {
    PASSED(fate("link", from, 0));
    return REAL(link)(from, to);
}
int unlink(const char *path) {
    PASSED(fate("unlink", path, 0));
    return REAL(unlink)(path);
}
int mkdir(const char *path, mode_t mode) {
    PASSED(fate("mkdir", path, 0));
    return REAL(mkdir)(path, mode);
}

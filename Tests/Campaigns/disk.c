// Stands between a program and the disk for some folders: records what it does to them, or has the n-th such call fail.
//
//     CAMPAIGN_UNDER   the folders, with ":" between them
//     CAMPAIGN_RECORD  a file to record to: a line for each call, then the bytes written (see power.py)
//     CAMPAIGN_COUNTS  a file that is given the number of calls of each kind at the end
//     CAMPAIGN_FAULT   KIND:FIRST:COUNT:ERRNO: calls FIRST to FIRST + COUNT − 1 of a kind fail; errno 0 writes or reads only half
//
// Kinds: write, sync, open, rename, truncate, unlink, read. What is recorded stands there in the order in which it was done: one
// lock is held over each call and its line.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { WRITE, SYNC, OPEN, RENAME, TRUNCATE, UNLINK, READ, KINDS };
static const char *const names[KINDS] = {"write", "sync", "open", "rename", "truncate", "unlink", "read"};
enum { DESCRIPTORS = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char watched[DESCRIPTORS];
static const char *under;
static const char *counts_path;
static int record = -1;
static long calls[KINDS], first, count, fault_errno;
static enum kind faulty = KINDS;

static int (*real_open)(const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t);
static int (*real_close)(int), (*real_fcntl)(int, int, ...);
static int (*real_rename)(const char *, const char *), (*real_unlink)(const char *);

static void prepare(void) {
    real_open = dlsym(RTLD_NEXT, "open");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_read = dlsym(RTLD_NEXT, "read");
    real_pread = dlsym(RTLD_NEXT, "pread");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_fcntl = dlsym(RTLD_NEXT, "fcntl");
    real_close = dlsym(RTLD_NEXT, "close");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    under = getenv("CAMPAIGN_UNDER");
    counts_path = getenv("CAMPAIGN_COUNTS");
    const char *path = getenv("CAMPAIGN_RECORD");
    if (path) record = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *fault = getenv("CAMPAIGN_FAULT");
    char name[16];
    if (fault && sscanf(fault, "%15[a-z]:%ld:%ld:%ld", name, &first, &count, &fault_errno) == 4)
        for (int kind = 0; kind < KINDS; kind++)
            if (!strcmp(name, names[kind])) faulty = kind;
}

static void begin(void) {
    pthread_once(&once, prepare);
    pthread_mutex_lock(&lock);
}

static void end(void) {
    int kept = errno;
    pthread_mutex_unlock(&lock);
    errno = kept;
}

static int is_under(const char *path) {
    for (const char *folder = under; folder && *folder;) {
        size_t length = strcspn(folder, ":");
        if (!strncmp(path, folder, length) && (path[length] == '/' || !path[length])) return 1;
        folder += length + (folder[length] == ':');
    }
    return 0;
}

static int is_watched(int fd) { return fd >= 0 && fd < DESCRIPTORS && watched[fd]; }

// Counts a call; whether it is to fail.
static int fails(enum kind kind) {
    long number = ++calls[kind];
    return kind == faulty && number >= first && number < first + count;
}

static void note(const void *bytes, size_t length, const char *format, ...) {
    if (record < 0) return;
    char line[2200];
    va_list values;
    va_start(values, format);
    int used = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (used < 0 || used >= (int)sizeof line) abort();
    if (real_write(record, line, (size_t)used) != used) abort();
    if (length && real_write(record, bytes, length) != (ssize_t)length) abort();
}

static int opened(const char *path, int flags, mode_t mode) {
    begin();
    int result, mine = is_under(path);
    if (mine && fails(OPEN)) {
        errno = (int)fault_errno;
        result = -1;
    } else {
        struct stat status;
        int is_new = mine && stat(path, &status) != 0;
        result = real_open(path, flags, mode);
        if (mine && result >= 0 && result < DESCRIPTORS) {
            watched[result] = 1;
            note(NULL, 0, "O %d %d %d %s\n", result, is_new, (flags & O_TRUNC) != 0, path);
        }
    }
    end();
    return result;
}

int open(const char *path, int flags, ...) {
    va_list values;
    va_start(values, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(values, mode_t) : 0;
    va_end(values);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list values;
    va_start(values, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(values, mode_t) : 0;
    va_end(values);
    return opened(path, flags, mode);
}

int close(int fd) {
    begin();
    if (is_watched(fd)) {
        note(NULL, 0, "X %d\n", fd);
        watched[fd] = 0;
    }
    int result = real_close(fd);
    end();
    return result;
}

// zlib is handed a copy of the descriptor that it writes to.
static int controlled(int fd, int command, void *value) {
    begin();
    int result = real_fcntl(fd, command, value);
    int is_copy = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
    if (is_copy && is_watched(fd) && result >= 0 && result < DESCRIPTORS) {
        watched[result] = 1;
        note(NULL, 0, "D %d %d\n", fd, result);
    }
    end();
    return result;
}

// A third argument that was not given is not looked at by the system either.
int fcntl(int fd, int command, ...) {
    va_list values;
    va_start(values, command);
    void *value = va_arg(values, void *);
    va_end(values);
    return controlled(fd, command, value);
}

int fcntl64(int fd, int command, ...) {
    va_list values;
    va_start(values, command);
    void *value = va_arg(values, void *);
    va_end(values);
    return controlled(fd, command, value);
}

static ssize_t written(int fd, const void *bytes, size_t length, off_t offset) {
    begin();
    ssize_t result;
    int mine = is_watched(fd);
    size_t asked = length;
    if (mine && fails(WRITE)) {
        if (fault_errno) {
            errno = (int)fault_errno;
            end();
            return -1;
        }
        asked = length / 2;
    }
    off_t place = offset;
    if (mine && offset < 0) {
        struct stat status;
        int appends = real_fcntl(fd, F_GETFL) & O_APPEND;
        place = appends ? (fstat(fd, &status) ? 0 : status.st_size) : lseek(fd, 0, SEEK_CUR);
    }
    result = offset < 0 ? real_write(fd, bytes, asked) : real_pwrite(fd, bytes, asked, offset);
    if (result > 0 && mine) note(bytes, (size_t)result, "W %d %lld %zd\n", fd, (long long)place, result);
    // What went to the console has been told.
    if (result > 0 && fd == STDOUT_FILENO) note(bytes, (size_t)result, "P %d 0 %zd\n", fd, result);
    end();
    return result;
}

ssize_t write(int fd, const void *bytes, size_t length) { return written(fd, bytes, length, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return written(fd, bytes, length, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return written(fd, bytes, length, offset); }

static ssize_t got(int fd, void *bytes, size_t length, off_t offset) {
    // What is not on this disk is read without the lock: a pipe may wait for ever.
    pthread_once(&once, prepare);
    if (!is_watched(fd)) return offset < 0 ? real_read(fd, bytes, length) : real_pread(fd, bytes, length, offset);
    begin();
    ssize_t result = -1;
    int faults = fails(READ);
    if (faults && fault_errno) {
        errno = (int)fault_errno;
    } else {
        if (faults && length > 1) length /= 2;
        result = offset < 0 ? real_read(fd, bytes, length) : real_pread(fd, bytes, length, offset);
    }
    end();
    return result;
}

ssize_t read(int fd, void *bytes, size_t length) { return got(fd, bytes, length, -1); }
ssize_t pread(int fd, void *bytes, size_t length, off_t offset) { return got(fd, bytes, length, offset); }
ssize_t pread64(int fd, void *bytes, size_t length, off_t offset) { return got(fd, bytes, length, offset); }

static int synced(int fd, int (*call)(int)) {
    int mine = is_watched(fd), result;
    if (mine && fails(SYNC)) {
        errno = (int)fault_errno;
        result = -1;
    } else {
        result = call(fd);
        if (mine && result == 0) note(NULL, 0, "S %d\n", fd);
    }
    end();
    return result;
}

int fsync(int fd) {
    begin();
    return synced(fd, real_fsync);
}

int fdatasync(int fd) {
    begin();
    return synced(fd, real_fdatasync);
}

int ftruncate(int fd, off_t size) {
    begin();
    int mine = is_watched(fd), result;
    if (mine && fails(TRUNCATE)) {
        errno = (int)fault_errno;
        result = -1;
    } else {
        result = real_ftruncate(fd, size);
        if (mine && result == 0) note(NULL, 0, "T %d %lld\n", fd, (long long)size);
    }
    end();
    return result;
}

int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

int rename(const char *from, const char *to) {
    begin();
    int mine = is_under(from), result;
    if (mine && fails(RENAME)) {
        errno = (int)fault_errno;
        result = -1;
    } else {
        result = real_rename(from, to);
        // No path of a campaign has a tab in it.
        if (mine && result == 0) note(NULL, 0, "R %s\t%s\n", from, to);
    }
    end();
    return result;
}

int unlink(const char *path) {
    begin();
    int mine = is_under(path), result;
    if (mine && fails(UNLINK)) {
        errno = (int)fault_errno;
        result = -1;
    } else {
        result = real_unlink(path);
        if (mine && result == 0) note(NULL, 0, "U %s\n", path);
    }
    end();
    return result;
}

__attribute__((destructor)) static void finish(void) {
    pthread_once(&once, prepare);
    if (!counts_path) return;
    int fd = real_open(counts_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) return;
    for (int kind = 0; kind < KINDS; kind++) dprintf(fd, "%s %ld\n", names[kind], calls[kind]);
    real_close(fd);
}

/* A layer between a program and the files of one folder. Loaded with LD_PRELOAD, it counts the calls that change a file or its
 * name, lets chosen ones fail, and can write down all that succeeded, so that a test can build the files as a power cut would have left them.
 *
 * The control file holds eight numbers of 64 bits, shared with the test while the program runs:
 *   0 calls so far        1 failures so far     2 first call that fails   3 first call that does not fail any more
 *   4 the error           5 1: a failing write writes its first half   6 0, or: fail every other stretch of so many calls
 *   7 1: only calls that sync fail
 * Records of the log: one byte for the operation, the length of the name in 32 bits, the name within the folder, offset and length in 64 bits,
 * and of a write its bytes. Of a rename the bytes are the new name.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 4096
#define NAME_MAX_BYTES 256
#define REAL(name) ((__typeof__(&name))real(#name))

static char names[FILES_MAX][NAME_MAX_BYTES];
static char known[FILES_MAX];
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static volatile int64_t *control;
static int log_file = -1;
static const char *folder;
static size_t folder_length;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    const char *control_path = getenv("FAULT_CONTROL"), *log_path = getenv("FAULT_LOG");
    int (*really_open)(const char *, int, ...) = real("open");
    folder = getenv("FAULT_FOLDER");
    if (!folder || !control_path) return;
    folder_length = strlen(folder);
    int file = really_open(control_path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *mapped = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) control = mapped;
    if (log_path) log_file = really_open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* The name within the folder: empty for the folder itself; none for what lies elsewhere, and for the shared memory of
 * SQLite, which no power cut leaves behind, and the socket. */
static const char *within(const char *path) {
    if (!control || strncmp(path, folder, folder_length) != 0) return NULL;
    const char *name = path + folder_length;
    if (*name == 0) return name;
    if (*name != '/' || strstr(name, "-shm") || strstr(name, ".sock")) return NULL;
    return name + 1;
}

static const char *name_of(int file) {
    return control && file >= 0 && file < FILES_MAX && known[file] ? names[file] : NULL;
}

/* Whether the next call is to fail. The order is locked, so that the log stands in the order of the calls. */
static int fails(int is_sync) {
    int64_t call = ++control[0];
    int within_range = call >= control[2] && call < control[3];
    if (!within_range || (control[7] && !is_sync)) return 0;
    if (control[6] && (call / control[6]) % 2 == 0) return 0;
    ++control[1];
    errno = (int)control[4];
    return 1;
}

static void put(char operation, const char *name, int64_t offset, int64_t length, const void *bytes) {
    if (log_file < 0) return;
    int (*really_write)(int, const void *, size_t) = real("write");
    uint32_t name_length = (uint32_t)strlen(name);
    size_t size = 1 + 4 + name_length + 16 + (bytes ? (size_t)length : 0);
    char *record = malloc(size), *at = record;
    *at++ = operation;
    memcpy(at, &name_length, 4), at += 4;
    memcpy(at, name, name_length), at += name_length;
    memcpy(at, &offset, 8), at += 8;
    memcpy(at, &length, 8), at += 8;
    if (bytes) memcpy(at, bytes, (size_t)length);
    if (really_write(log_file, record, size) != (ssize_t)size) abort();
    free(record);
}

static int opened(const char *path, int flags, mode_t mode, const char *symbol) {
    int (*really)(const char *, int, ...) = real(symbol);
    const char *name = within(path);
    if (!name) {
        int file = really(path, flags, mode);
        if (file >= 0 && file < FILES_MAX) known[file] = 0;
        return file;
    }
    pthread_mutex_lock(&order);
    struct stat status;
    int existed = stat(path, &status) == 0;
    int file = -1;
    if (!fails(0)) {
        file = really(path, flags, mode);
        if (file >= 0 && file < FILES_MAX) {
            known[file] = 1;
            strncpy(names[file], name, NAME_MAX_BYTES - 1);
        }
        if (file >= 0 && !existed && (flags & O_CREAT)) put('c', name, 0, 0, NULL);
        if (file >= 0 && existed && (flags & O_TRUNC)) put('t', name, 0, 0, NULL);
    }
    int error = errno;
    pthread_mutex_unlock(&order);
    errno = error;
    return file;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list list; \
        va_start(list, flags); \
        mode = va_arg(list, mode_t); \
        va_end(list); \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opened(path, flags, mode, "open"); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(path, flags, mode, "open64"); }

int close(int file) {
    if (file >= 0 && file < FILES_MAX) known[file] = 0;
    return REAL(close)(file);
}

static ssize_t written(int file, const void *bytes, size_t length, off_t offset, int positioned) {
    ssize_t (*really)(int, const void *, size_t, off_t) = real("pwrite");
    ssize_t (*really_here)(int, const void *, size_t) = real("write");
    const char *name = name_of(file);
    if (!name) return positioned ? really(file, bytes, length, offset) : really_here(file, bytes, length);
    pthread_mutex_lock(&order);
    if (!positioned) offset = lseek(file, 0, SEEK_CUR);
    ssize_t result = -1;
    if (fails(0)) {
        int error = errno;
        if (control[5] && length > 1) {
            result = positioned ? really(file, bytes, length / 2, offset) : really_here(file, bytes, length / 2);
        }
        errno = error;
    } else {
        result = positioned ? really(file, bytes, length, offset) : really_here(file, bytes, length);
    }
    int error = errno;
    if (result > 0) put('w', name, offset, result, bytes);
    pthread_mutex_unlock(&order);
    errno = error;
    return result;
}

ssize_t write(int file, const void *bytes, size_t length) { return written(file, bytes, length, 0, 0); }
ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) { return written(file, bytes, length, offset, 1); }
ssize_t pwrite64(int file, const void *bytes, size_t length, off_t offset) { return written(file, bytes, length, offset, 1); }

static int synced(int file, int (*really)(int)) {
    const char *name = name_of(file);
    if (!name) return really(file);
    pthread_mutex_lock(&order);
    int failed = fails(1);
    int result = failed ? -1 : really(file);
    int error = errno;
    /* After a failed sync the system may count lost pages as clean: the log says so, and the test loses them. */
    put(result == 0 ? 's' : 'f', name, 0, 0, NULL);
    pthread_mutex_unlock(&order);
    errno = error;
    return result;
}

int fsync(int file) { return synced(file, REAL(fsync)); }
int fdatasync(int file) { return synced(file, REAL(fdatasync)); }

static int truncated(int file, off_t length) {
    int (*really)(int, off_t) = real("ftruncate");
    const char *name = name_of(file);
    if (!name) return really(file, length);
    pthread_mutex_lock(&order);
    int result = fails(0) ? -1 : really(file, length);
    int error = errno;
    if (result == 0) put('t', name, 0, length, NULL);
    pthread_mutex_unlock(&order);
    errno = error;
    return result;
}

int ftruncate(int file, off_t length) { return truncated(file, length); }
int ftruncate64(int file, off_t length) { return truncated(file, length); }

int rename(const char *from, const char *to) {
    const char *old_name = within(from), *new_name = within(to);
    if (!old_name || !new_name) return REAL(rename)(from, to);
    pthread_mutex_lock(&order);
    int result = fails(0) ? -1 : REAL(rename)(from, to);
    int error = errno;
    if (result == 0) put('r', old_name, 0, (int64_t)strlen(new_name), new_name);
    pthread_mutex_unlock(&order);
    errno = error;
    return result;
}

int unlink(const char *path) {
    const char *name = within(path);
    if (!name) return REAL(unlink)(path);
    pthread_mutex_lock(&order);
    int result = fails(0) ? -1 : REAL(unlink)(path);
    int error = errno;
    if (result == 0) put('u', name, 0, 0, NULL);
    pthread_mutex_unlock(&order);
    errno = error;
    return result;
}

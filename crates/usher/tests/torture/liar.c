/* A disk that lies: whenever a server starts, half of the log that was synchronised before is gone. Loaded with LD_PRELOAD. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((constructor)) static void lose(void) {
    char words[4096] = "", path[4096];
    int file = open("/proc/self/cmdline", O_RDONLY);
    ssize_t length = read(file, words, sizeof words - 1);
    close(file);
    int serves = 0;
    const char *data = NULL;
    for (const char *word = words; word < words + length; word += strlen(word) + 1) {
        serves |= strcmp(word, "serve") == 0;
        if (strcmp(word, "--data") == 0) data = word + strlen(word) + 1;
    }
    struct stat status;
    if (!serves || !data) return;
    snprintf(path, sizeof path, "%s/usher.db-wal", data);
    if (stat(path, &status) == 0 && truncate(path, status.st_size / 2) != 0) perror(path);
}

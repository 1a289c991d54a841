/* Kills its own process, as kill -9 does, at the n-th time that it makes the disk keep something: right before, or right after.
 * The file named by LETSEMA_NTH_SYNC says when, "3 before" or "3 after"; without the file nothing happens. Preloaded. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long done;

/* How many syncs are left, this one not counted; -1 if nobody asked. */
static long left(char when[8]) {
    const char *path = getenv("LETSEMA_NTH_SYNC");
    FILE *file = path ? fopen(path, "r") : NULL;
    long wanted = 0;
    if (!file) return -1;
    if (fscanf(file, "%ld %7s", &wanted, when) != 2) wanted = 0;
    fclose(file);
    return wanted > 0 ? wanted - atomic_fetch_add(&done, 1) - 1 : -1;
}

static int synced(const char *name, int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    char when[8] = "";
    int last = left(when) == 0;
    if (last && strcmp(when, "before") == 0) kill(getpid(), SIGKILL);
    int result = real(fd);
    if (last) kill(getpid(), SIGKILL);
    return result;
}

int fsync(int fd) { return synced("fsync", fd); }
int fdatasync(int fd) { return synced("fdatasync", fd); }

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks like a Tokio program (it has a task's vtable and polls by it) and becomes another program when that hurts most.
 * The other one, built from this file with -DMOVED, has the middle of an instruction where this one has its poll function:
 * a breakpoint of the first in the second would change what it computes, and it checks that.
 *
 *   become run [NEXT]     polls; on SIGUSR1 becomes NEXT
 *   become flip NEXT US   becomes NEXT every so many microseconds, and NEXT becomes this one again, for ever
 *   become patch          changes its own copy of the poll function first: same file, other code
 *
 * Ends with 0 when its stdin closes, and with 70 when its code was changed from outside.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define VALUE 0x9090909090557788UL

/* Both variants: 64 bytes, then the site. In MOVED its first byte is the third of the constant, 0x55 like a push. */
__asm__(".text\n.p2align 12\n.globl hostile_page\nhostile_page:\n.fill 60,1,0x90\n"
	".globl hostile_moved\n.type hostile_moved,@function\nhostile_moved:\n"
#ifdef MOVED
	"movabs $0x9090909090557788,%rax\nret\n"
#else
	".fill 2,1,0x90\n.fill 2,1,0x90\n"
	".globl hostile_poll\n.type hostile_poll,@function\nhostile_poll:\npush %rbp\nmov %rsp,%rbp\npop %rbp\nret\n"
#endif
	".p2align 12\n");

extern char hostile_page[];
uint64_t hostile_moved(void);
void hostile_poll(void *header);

static void nothing(void *header) { (void)header; }

/* seven functions, then the offsets of trailer, scheduler and id: tokio 1.23 and later */
#ifdef MOVED
#define POLL nothing
#define TRAILER 0 /* no such table: not a Tokio program */
#else
#define POLL hostile_poll
#define TRAILER 0x80
#endif
static const struct {
	void (*functions[7])(void *);
	uint64_t trailer, scheduler, id;
} vtable __attribute__((used)) = { { POLL, nothing, nothing, nothing, nothing, nothing, nothing }, TRAILER, 0x20, 0x28 };

static volatile sig_atomic_t asked;

static void on_signal(int number)
{
	(void)number;
	asked = 1;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* movabs $VALUE,%rax; ret, so that its third byte of the constant lies on the site */
static void patch(void)
{
	static const unsigned char code[] = { 0x48, 0xb8, 0x88, 0x77, 0x55, 0x90, 0x90, 0x90, 0x90, 0x90, 0xc3 };

	if (mprotect(hostile_page, 4096, PROT_READ | PROT_WRITE))
		exit(71);
	memcpy(hostile_page + 60, code, sizeof(code));
	if (mprotect(hostile_page, 4096, PROT_READ | PROT_EXEC))
		exit(72);
}

int main(int argc, char **argv)
{
	static uint64_t header[64] __attribute__((used));
	const char *mode = argc > 1 ? argv[1] : "run";
	int flip = !strcmp(mode, "flip"), patched = !strcmp(mode, "patch");
	uint64_t start = now_us(), flip_after = flip ? strtoull(argv[3], 0, 10) : 0, polls = 0, printed = start;
	struct pollfd input = { 0, POLLIN, 0 };

	header[2] = (uint64_t)&vtable;
	signal(SIGUSR1, on_signal);
	if (patched)
		patch();
	if (!flip) {
		printf("{\"ready\":1}\n");
		fflush(stdout);
	}
	for (;;) {
		for (int i = 0; i < 64; i++) {
#ifdef MOVED
			if (hostile_moved() != VALUE)
				return 70;
#else
			if (!patched)
				vtable.functions[0](header);
			else if (hostile_moved() != VALUE)
				return 70;
#endif
			polls++;
		}
		if (flip && now_us() - start >= flip_after) {
			execl(argv[2], argv[2], "flip", argv[0], argv[3], (char *)0);
			return 73;
		}
		if (asked && argc > 2) {
			execl(argv[2], argv[2], "run", (char *)0);
			return 74;
		}
		if (poll(&input, 1, flip ? 0 : 1) > 0 && (input.revents & POLLHUP))
			break;
		if (!flip && now_us() - printed >= 100000) {
			printed = now_us();
			printf("{\"polls\":%lu}\n", polls);
			fflush(stdout);
		}
	}
	printf("{\"summary\":1,\"polls\":%lu}\n", polls);
	return 0;
}

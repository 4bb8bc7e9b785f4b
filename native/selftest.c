/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child that the agent probes to find out what a probe costs here and whether a
 * confined process survives one. No libc, so that it is small and runs in any container.
 *
 *   hud-selftest spin      for each byte read: so many thousand calls of the probed function, with work between them; prints the
 *                          nanoseconds they took
 *   hud-selftest cost      for each byte read: so many hundred calls of the probed function (with 128 added: of the other one, whose
 *                          polls are left out) and of one like it without a probe, in turns; prints by how many picoseconds a call of
 *                          the first takes longer. Turns of a few microseconds, because the speed of a shared machine changes by
 *                          more than a probe costs from one moment to the next
 *
 * The work goes over memory and by unpredictable branches: a probe also costs what it takes from the target's caches.
 *
 *   hud-selftest seccomp   like spin, under a filter that kills the return probe's system calls
 *   hud-selftest woken     like spin, with a task that is woken during each of its polls
 *   hud-selftest overtaken like woken, of two calls in turns: the second one, in which the task is not woken, begins before the first one
 *                          returns
 */
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

#if defined(__x86_64__)
enum { NR_READ = 0, NR_WRITE = 1, NR_EXIT = 231, NR_PRCTL = 157, NR_CLOCK = 228 };
#define AUDIT_ARCH 0xc000003eu
static long sys(long n, long a, long b, long c, long d, long e)
{
	long r;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return r;
}
/* begins with a push, like raw::poll under fat LTO: the kernel emulates it */
#define PROBED(name) __asm__(".text\n.globl " name "\n.type " name ",@function\n" name ":\n" \
	"push %rbp\nmov %rsp,%rbp\nmov %rdi,%rax\npop %rbp\nret\n.size " name ",.-" name "\n")
/* A poll during which the next one of the same task begins and ends, idle; then it is as one that was woken in it. States as WOKEN below. */
#define OVERTAKEN(name, inner) __asm__(".text\n.globl " name "\n.type " name ",@function\n" name ":\n" \
	"push %rbp\nmov %rsp,%rbp\nmovq $0x80,(%rdi)\ncall " inner "\nmovq $0x84,(%rdi)\npop %rbp\nret\n.size " name ",.-" name "\n")
__asm__(".text\n.globl _start\n_start:\nmov %rsp,%rdi\nand $-16,%rsp\ncall run\n");
#else
enum { NR_READ = 63, NR_WRITE = 64, NR_EXIT = 94, NR_PRCTL = 167, NR_CLOCK = 113 };
#define AUDIT_ARCH 0xc00000b7u
static long sys(long n, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}
#define PROBED(name) __asm__(".text\n.globl " name "\n.type " name ",@function\n" name ":\nnop\nret\n.size " name ",.-" name "\n")
#define OVERTAKEN(name, inner) __asm__(".text\n.globl " name "\n.type " name ",@function\n" name ":\n" \
	"nop\nstp x29,x30,[sp,-16]!\nmov x9,#0x80\nstr x9,[x0]\nbl " inner "\nmov x9,#0x84\nstr x9,[x0]\nldp x29,x30,[sp],16\nret\n" \
	".size " name ",.-" name "\n")
__asm__(".text\n.globl _start\n_start:\nmov x0,sp\nbl run\n");
#endif

PROBED("hud_selftest_probe");
PROBED("hud_selftest_skip");
PROBED("hud_selftest_bare");
OVERTAKEN("hud_selftest_overtaken", "hud_selftest_probe");
long hud_selftest_probe(void *header);
long hud_selftest_skip(void *header);
long hud_selftest_bare(void *header);
long hud_selftest_overtaken(void *header);

static u64 now(void)
{
	long t[2] = { 0, 0 };

	sys(NR_CLOCK, 1, (long)t, 0, 0, 0);
	return (u64)t[0] * 1000000000UL + (u64)t[1];
}

struct instruction { u16 code; u8 jt, jf; u32 k; };
struct program { u16 len; struct instruction *filter; };

/* allow everything but uretprobe (335) and uprobe (336), which kill */
static int confine(void)
{
	static struct instruction filter[] = {
		{ 0x20, 0, 0, 0 },        /* load the number */
		{ 0x15, 1, 0, 335 },
		{ 0x15, 0, 1, 336 },
		{ 0x06, 0, 0, 0x80000000 }, /* kill the process */
		{ 0x06, 0, 0, 0x7fff0000 }, /* allow */
	};
	static struct program program = { 5, filter };

	if (sys(NR_PRCTL, 38, 1, 0, 0, 0)) /* PR_SET_NO_NEW_PRIVS */
		return -1;
	return sys(NR_PRCTL, 22, 2, (long)&program, 0, 0); /* PR_SET_SECCOMP, SECCOMP_MODE_FILTER */
}

static void print(long value)
{
	char text[24];
	int at = 24;
	u64 left = value < 0 ? -value : value;

	text[--at] = '\n';
	do {
		text[--at] = '0' + left % 10;
		left /= 10;
	} while (left);
	if (value < 0)
		text[--at] = '-';
	sys(NR_WRITE, 1, (long)(text + at), 24 - at, 0, 0);
}

enum { WORK_BYTES = 1 << 20, WORK_STEPS = 2500 };

static u64 work(u64 seed)
{
	static u32 memory[WORK_BYTES / sizeof(u32)];
	u64 sum = 0;

	for (u32 i = 0; i < WORK_STEPS; i++) {
		u32 *at = memory + (seed >> 20) % (WORK_BYTES / sizeof(u32));

		seed = seed * 6364136223846793005UL + 1442695040888963407UL;
		if (seed >> 63)
			sum += *at;
		else
			*at = (u32)seed;
	}
	__asm__ volatile("" : : "r"(sum));
	return seed;
}

/*
 * A task's header as far as the programs read it: its state, where the vtable is, and an id, to which word 9 of the vtable leads. It is
 * always notified; with so many references no program takes it for a task that was woken during its poll, and with two it does.
 */
enum { VTABLE = 16, ID = 5 };
static const u64 NOTIFIED = 1UL << 40 | 4, WOKEN = 2 << 6 | 4;
static u64 header[64];

static void make_task(u64 state)
{
	header[0] = state;
	header[2] = (u64)(header + VTABLE);
	header[VTABLE + 9] = ID * sizeof(u64);
	header[ID] = 1;
}

static void spin(long (*poll)(void *), u64 calls)
{
	u64 seed = 1, start = now(); /* the same work for every byte */

	for (u64 i = 0; i < calls; i++) {
		seed = work(seed);
		poll(header);
	}
	print(now() - start);
}

static long time_of(long (*call)(void *), u64 *seed)
{
	u64 start = now();

	call(header);
	*seed = work(*seed);
	return now() - start;
}

enum { MOST_PAIRS = 16000 };

static void sort(long *values, u64 count)
{
	for (u64 gap = count / 2; gap; gap /= 2)
		for (u64 i = gap; i < count; i++) {
			long value = values[i];
			u64 at = i;

			for (; at >= gap && values[at - gap] > value; at -= gap)
				values[at] = values[at - gap];
			values[at] = value;
		}
}

/* The mean without the tenth at either end: those are interrupts and others on the CPU, in one of the two turns. */
static void cost(long (*probed)(void *), u64 pairs)
{
	static long differences[MOST_PAIRS];
	u64 seed = 1, cut, left;
	long sum = 0;

	if (pairs > MOST_PAIRS)
		pairs = MOST_PAIRS;
	for (u64 i = 0; i < pairs; i++) {
		/* who goes first alternates: the second one has warmer caches */
		long first = time_of(i & 1 ? hud_selftest_bare : probed, &seed);
		long second = time_of(i & 1 ? probed : hud_selftest_bare, &seed);

		differences[i] = i & 1 ? second - first : first - second;
	}
	sort(differences, pairs);
	cut = pairs / 10;
	left = pairs - 2 * cut;
	for (u64 i = cut; i < pairs - cut; i++)
		sum += differences[i];
	print(left ? sum * 1000 / (long)left : 0);
}

__attribute__((used)) void run(u64 *stack)
{
	const char *mode = stack[0] > 1 ? (const char *)stack[2] : "spin";
	char byte;

	sys(NR_PRCTL, 15, (long)"hud-selftest", 0, 0, 0); /* PR_SET_NAME: it is run by the number of a descriptor */
	if (mode[0] == 's' && mode[1] == 'e' && confine())
		sys(NR_EXIT, 3, 0, 0, 0, 0);
	make_task(mode[0] == 'w' ? WOKEN : NOTIFIED);
	while (sys(NR_READ, 0, (long)&byte, 1, 0, 0) == 1) {
		if (mode[0] == 'c')
			cost(byte & 0x80 ? hud_selftest_skip : hud_selftest_probe, (u64)(byte & 0x7f) * 100);
		else
			spin(mode[0] == 'o' ? hud_selftest_overtaken : hud_selftest_probe, (u64)(u8)byte * 1000);
	}
	sys(NR_EXIT, 0, 0, 0, 0, 0);
}

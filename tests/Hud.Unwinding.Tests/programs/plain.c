/* Recursion, callbacks through libc, tail calls, calls through the PLT. Never a frame pointer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

volatile unsigned long sink;

__attribute__((noinline)) void leaf(unsigned long n) { sink += n * 7 + (n >> 3); }

__attribute__((noinline)) void tail(unsigned long n) { sink ^= n; leaf(n + 1); }

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;
	leaf((unsigned long)x);
	return (x > y) - (x < y);
}

__attribute__((noinline)) void sorted(unsigned long seed)
{
	long v[96];
	for (int i = 0; i < 96; i++)
		v[i] = (long)((seed + (unsigned long)i) * 2654435761u % 1000);
	qsort(v, 96, sizeof v[0], compare);
	sink += (unsigned long)v[5];
}

__attribute__((noinline)) unsigned long deep(unsigned long n, unsigned long a, unsigned long b)
{
	char text[64];
	if (n == 0) {
		sorted(a);
		tail(b);
		return sink;
	}
	snprintf(text, sizeof text, "%lu %lu %lu", n, a, b);
	sink += strlen(text);
	unsigned long r = deep(n - 1, b * 3 + n, a ^ n) + n;
	tail(r);
	return r + a + b;
}

int main(int argc, char **argv)
{
	(void)argv;
	for (int i = 0; i < 100000; i++) {
		deep(5 + (unsigned long)i % 20, (unsigned long)i, (unsigned long)argc);
		char *p = malloc(200 + (size_t)i % 5000);
		memset(p, i, 200);
		sink += (unsigned long)p[7];
		free(p);
	}
	return 0;
}

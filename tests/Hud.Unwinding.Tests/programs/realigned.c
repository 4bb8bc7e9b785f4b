/* Frames that realign the stack, frames of unknown size, frames with many saved registers. */
#include <alloca.h>
#include <stdio.h>
#include <string.h>

volatile unsigned long sink;

__attribute__((noinline)) void leaf(void *p, unsigned long n) { sink += (unsigned long)((unsigned char *)p)[n & 31]; }

__attribute__((noinline)) unsigned long aligned128(unsigned long n)
{
	_Alignas(128) unsigned char block[256];
	memset(block, (int)n, sizeof block);
	leaf(block, n);
	return block[3] + n;
}

__attribute__((noinline)) unsigned long aligned_many(unsigned long a, unsigned long b, unsigned long c, unsigned long d,
						     unsigned long e, unsigned long f, unsigned long g, unsigned long h)
{
	_Alignas(64) unsigned long w[16];
	for (unsigned long i = 0; i < 16; i++)
		w[i] = a * b + c * d + e * f + g * h + i;
	leaf(w, a);
	unsigned long r = aligned128(b) + aligned128(g + h);
	leaf(w, r);
	return r + w[a & 15] + d + e + f;
}

__attribute__((noinline)) unsigned long dynamic(unsigned long n)
{
	unsigned char *p = alloca(n % 700 + 16);
	unsigned char v[n % 300 + 32];
	memset(p, 1, 16);
	memset(v, 2, 32);
	leaf(p, n);
	leaf(v, n);
	return aligned_many(n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7) + p[3] + v[4];
}

__attribute__((noinline)) unsigned long both(unsigned long n)
{
	_Alignas(128) unsigned char fixed[128];
	unsigned char *p = alloca(n % 900 + 64);
	memset(fixed, 3, sizeof fixed);
	memset(p, 4, 64);
	unsigned long r = dynamic(n ^ 5);
	leaf(fixed, r);
	leaf(p, r);
	return r + fixed[9] + p[9];
}

int main(void)
{
	for (unsigned long i = 0; i < 1000000; i++)
		sink += both(i);
	return 0;
}

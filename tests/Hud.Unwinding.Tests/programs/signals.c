/* A handler that interrupts computing code, on the same stack. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

volatile unsigned long sink;
volatile double real;

__attribute__((noinline)) void in_handler(int n)
{
	char text[48];
	snprintf(text, sizeof text, "signal %d", n);
	sink += strlen(text);
}

static void handler(int n) { in_handler(n); }

__attribute__((noinline)) double work(unsigned long n)
{
	double x = (double)n;
	struct timespec t;
	for (int i = 0; i < 200; i++) {
		x = sqrt(x + (double)i) + sin(x);
		clock_gettime(CLOCK_MONOTONIC, &t);
		sink += (unsigned long)t.tv_nsec;
	}
	return x;
}

__attribute__((noinline)) double middle(unsigned long n) { return work(n) + work(n + 1); }

int main(void)
{
	struct sigaction a;
	memset(&a, 0, sizeof a);
	a.sa_handler = handler;
	sigaction(SIGALRM, &a, NULL);
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } };
	setitimer(ITIMER_REAL, &every, NULL);
	for (unsigned long i = 0; i < 10000000; i++)
		real += middle(i);
	return 0;
}

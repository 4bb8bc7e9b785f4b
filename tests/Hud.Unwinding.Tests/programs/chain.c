/* main -> first -> second -> third, which formats (a large frame in libc) and sleeps (a system call in libc). */
#include <stdio.h>
#include <time.h>

volatile int sink;

__attribute__((noinline)) int third(int n)
{
	char text[100];
	struct timespec t = { 0, 1000 + n % 7 };
	snprintf(text, sizeof text, "%d %f %s", n, n * 1.5, "text");
	nanosleep(&t, 0);
	return n + text[0];
}

__attribute__((noinline)) int second(int n) { return third(n + 1) * 2; }

__attribute__((noinline)) int first(int n) { return second(n + 1) + 1; }

int main(void)
{
	for (int i = 0; i < 100000; i++)
		sink += first(i);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The only declaration of what the BPF programs and the agent share.
 * Fixed widths, explicit padding, sizes asserted; the agent's mirror is
 * compared with this file by a test.
 */
#ifndef HUD_ABI_H
#define HUD_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

enum {
	HUD_MAX_TARGETS = 64,      /* processes at one time */
	HUD_MAX_DEPTH = 4,         /* polls nest only through LocalSet */
	HUD_HIST_SLOTS = 40,       /* log2 of nanoseconds: the last one starts at 9 minutes */
	HUD_LONG_FROM = 20,        /* log2 of the nanoseconds from which waits are also kept in finer steps: a millisecond */
	HUD_LONG_SHIFT = 3,        /* each power of two in 8 steps */
	HUD_LONG_SLOTS = 128,      /* of 16 powers of two: to 68 s */
	HUD_STACK_BYTES = 32768,   /* most of a stack slice that leaves the kernel */
	HUD_WAKER_STACK_BYTES = 8192, /* of a stack without a known end: of a waker outside a poll, of a coroutine */
	HUD_SCRATCH_PER_THREAD = 4,
	HUD_REGS = 17,             /* x86-64 by DWARF number, 16 = rip */
	HUD_KERNEL_FRAMES = 16,    /* of a long sleep: from the scheduler to the system call and beyond */
	HUD_COMM_BYTES = 16,
	HUD_OFF_RUNNABLE = 1,      /* of off_since_ns: ready, without a CPU; no switch is that early */
	HUD_TYPE_OUTSIDE = 2147483646, /* of an event: not a timed poll, but what a thread did outside of one */
	HUD_POOL_SHIFT = 32,       /* of a probe's cookie: below are types of polls, above the number of a type of blocking tasks */
	/* of a wake probe's cookie, where the task's header is: the number of a register in DWARF, or how far above the stack pointer */
	HUD_WAKE_REGISTER_MASK = 15,
	HUD_WAKE_ON_STACK = 256,
	HUD_WAKE_CHECKED = 512,    /* the low bits of vtable slot 1 are in the cookie: code that others share is entered with other pointers */
	HUD_WAKE_OFFSET_SHIFT = 16,
	HUD_WAKE_OFFSET_MASK = 32767,
	HUD_WAKE_SLOT_SHIFT = 32,
	HUD_WAKE_SLOT_MASK = 4095, /* code moves by whole pages */
};

enum hud_event_kind {
	HUD_EVENT_POLL = 1,        /* a poll over the threshold ended (or is open, see flags) */
	HUD_EVENT_SAMPLE = 2,      /* on-CPU sample of a poll already over the threshold */
	HUD_EVENT_WAKER = 3,       /* who ended a long futex wait inside a poll */
	HUD_EVENT_OFFCPU = 4,      /* a long sleep, while poll probes are off */
	HUD_EVENT_ONCPU = 5,       /* on-CPU sample, while poll probes are off */
	HUD_EVENT_LIFECYCLE = 6,        /* fork, exec, exit or rename; which one is in `type` */
	HUD_EVENT_SECONDARY_STACK = 7,        /* a second stack of the same poll: the cause that came second */
	HUD_EVENT_WAIT = 8,        /* a task waited for a worker for longer than the threshold: struct hud_wait */
};

enum hud_lifecycle {
	HUD_LIFECYCLE_THREAD_BORN = 1,
	HUD_LIFECYCLE_PROCESS_BORN = 2,
	HUD_LIFECYCLE_EXEC = 3,
	HUD_LIFECYCLE_THREAD_EXIT = 4,
	HUD_LIFECYCLE_PROCESS_EXIT = 5,
	HUD_LIFECYCLE_RENAME = 6,
};

enum hud_event_flags {
	HUD_FLAG_OPEN = 1,         /* the poll had not returned */
	HUD_FLAG_STACK_TRUNCATED = 2,
	HUD_FLAG_STACK_FAILED = 4,
	HUD_FLAG_STACK_BLOCK = 8,  /* the slice shows where it slept */
	HUD_FLAG_STACK_PREEMPT = 16, /* the slice shows where it was preempted */
	HUD_FLAG_STACK_CPU = 32,   /* the slice shows what it computed */
	HUD_FLAG_STOLEN = 64,      /* the longest wait for a CPU was the virtual CPU's own: the host ran something else */
	HUD_FLAG_TICKED = 128,     /* the clock met the poll computing, whether its stack could be kept or not */
	HUD_FLAG_BEFORE = 256,     /* it had begun when the thread was first looked at, so its time counts from there */
};

/* What a thread is to a runtime; kept until the thread polls, which makes it a worker. */
enum hud_role {
	HUD_ROLE_UNKNOWN = 0,
	HUD_ROLE_WORKER = 1,       /* it polls tasks, or waits for some: what it does outside of polls is reported */
	HUD_ROLE_STRANGER = 2,     /* it belongs to no runtime */
	HUD_ROLE_POOL = 3,         /* it runs a blocking task, which may block as it likes */
};

/* What the threads of a process wait for on a futex. */
enum hud_futex {
	HUD_FUTEX_UNKNOWN = 0,
	HUD_FUTEX_PARK = 1,        /* for work, and for nothing else */
	HUD_FUTEX_OTHER = 2,       /* for a lock, a channel, a condition of the program's own */
};

/* Every way to lose something, and the counts the governor needs. Per CPU. */
enum hud_stat {
	HUD_STAT_POLLS = 0,            /* poll entries timed */
	HUD_STAT_SAMPLED_OUT = 1,      /* poll entries skipped by sampling 1/N */
	HUD_STAT_SLOW = 2,             /* polls over the threshold */
	HUD_STAT_RATE_LIMITED = 3,     /* slow polls not recorded: no token */
	HUD_STAT_RING_DROPS = 4,       /* ring buffer full */
	HUD_STAT_NO_THREAD_STATE = 5,  /* task storage could not be had */
	HUD_STAT_DEPTH_OVERFLOW = 6,   /* more nested polls than HUD_MAX_DEPTH */
	HUD_STAT_MISSED_RETURNS = 7,   /* a poll was entered and never seen to return */
	HUD_STAT_STACK_FAILED = 8,     /* the slice could not be read */
	HUD_STAT_NO_SLOT = 9,          /* more polling threads than slots */
	HUD_STAT_SAMPLES_LIMITED = 10, /* samples not recorded: no token */
	HUD_STAT_WAKERS_LIMITED = 11,  /* wakers not recorded: no token */
	HUD_STAT_TYPE_OUT_OF_RANGE = 12,
	HUD_STAT_FOREIGN_HITS = 13,    /* probe hits of other processes with the same binary */
	HUD_STAT_EVENTS = 14,          /* records written */
	HUD_STAT_MISSED_SWITCHES = 15, /* switches back to a target not reported by the tracepoint (reconstructed, see hud_switch.h) */
	HUD_STAT_POOL_TASKS = 16,      /* beginnings of blocking tasks: hits that cost as much as a poll that is not timed */
	HUD_STAT_WAKES = 17,           /* wakes of tasks whose moment was kept */
	HUD_STAT_WAKES_SKIPPED = 18,   /* hits of wake probes at which none was: sampled out, or a task that was just made */
	HUD_STAT_WAKES_LOST = 19,      /* wakes that no poll was seen to follow before the next one, that were seen after it, or whose task could not be read */
	HUD_STAT_WAITS_LIMITED = 20,   /* long waits of tasks not recorded: no token */
	HUD_STAT_COUNT = 21,
};

/* 136 bytes; index = DWARF register number */
struct hud_regs {
	__u64 r[HUD_REGS];
};

struct hud_event {
	__u32 kind;
	__u32 flags;
	__u32 target;       /* its number: modulo HUD_MAX_TARGETS its place, and another number for each process that has the place */
	__u32 type;         /* index of the poll type, ~0 for none; HUD_EVENT_LIFECYCLE: enum hud_lifecycle */
	__u32 tgid;         /* kernel's ids (first pid namespace) */
	__u32 tid;
	__u32 ns_tid;       /* in the agent's pid namespace */
	__u32 slot;         /* worker slot, ~0 for none */
	__u64 time_ns;      /* CLOCK_MONOTONIC when the record was made */
	__u64 start_ns;     /* poll's start; with tid the poll's identity */
	__u64 task_id;      /* tokio::task::Id */
	__u64 runtime;      /* address of the scheduler handle: one for each runtime */
	__u64 wall_ns;      /* poll: without polls nested in it */
	__u64 off_ns;       /* not on a CPU: blocked + run queue */
	__u64 run_delay_ns; /* of that: runnable, throttling included */
	__u64 throttled_ns; /* of that: by the CPU quota */
	__u64 worst_block_ns;  /* the longest single sleep */
	__u64 worst_queue_ns;  /* the longest single wait for a CPU */
	__u64 block_start_ns;  /* when the longest sleep began; joins it with its waker */
	__u64 syscall_arg;  /* first argument of that system call: the futex's address */
	__s32 syscall;      /* in which the longest sleep happened, -1 for none */
	__u32 by_tgid;      /* who ran instead for longest; waker's tgid */
	__u64 by_ns;        /* how long it ran just before a wait of this poll ended; 0 when that is not known */
	char by_comm[HUD_COMM_BYTES];
	char comm[HUD_COMM_BYTES]; /* of the thread; LIFECYCLE: the new name */
	__u64 stack_base;   /* address of the slice's first byte: the stack pointer */
	__u32 stack_bytes;  /* slice length */
	__u32 kernel_frames; /* in kernel_ip */
	struct hud_regs regs;
	__u64 kernel_ip[HUD_KERNEL_FRAMES]; /* where in the kernel it slept, leaf first: with HUD_FLAG_STACK_BLOCK */
};

enum hud_wait_flags {
	HUD_WAIT_OWN_QUEUE = 1,    /* the thread that polled it also woke it, so it stood in that worker's own queue or slot */
};

/* A record of its own kind, made of what the waits program has at hand. */
struct hud_wait {
	__u32 kind;         /* HUD_EVENT_WAIT */
	__u32 flags;        /* enum hud_wait_flags */
	__u32 target;
	__u32 type;
	__u32 ns_tid;       /* of the thread that polled it, in the agent's pid namespace */
	__u32 weight;       /* waits that it stands for */
	__u64 wake_ns;
	__u64 poll_ns;
	__u64 runtime;      /* address of its scheduler handle, 0 where it is not known */
};

/* A slice follows its event directly in the ring buffer. */
struct hud_scratch {
	struct hud_event event;
	__u8 stack[HUD_STACK_BYTES];
};

/* One per poll type and CPU. */
struct hud_type_stats {
	__u64 polls;
	__u64 total_ns;
	__u64 max_ns;
	__u64 slow;
	__u64 slow_ns;
	__u64 hist[HUD_HIST_SLOTS];
};

/* One per poll type and CPU: from a wake of its tasks to the poll that followed. All but the longest stand for those sampled out, too. */
struct hud_wake_stats {
	__u64 wakes;
	__u64 total_ns;
	__u64 max_ns;
	__u64 hist[HUD_HIST_SLOTS];
};

/* One per poll type: its waits of a millisecond and more. Slot i: 2^(HUD_LONG_FROM + i / 8) ns, and i % 8 eighths of that more. */
struct hud_long_waits {
	__u64 hist[HUD_LONG_SLOTS];
};

/* Set by the agent, one per poll type. */
struct hud_type_info {
	__u32 target_binary;     /* index of the binary it is in */
	__u32 task_id_offset;    /* in the task's header, 0 = not known */
	__u32 scheduler_offset;
	__u32 sampled;           /* by control.sample_mask; the others are timed each time */
};

/* One per polling thread; read by the agent once a second. */
struct hud_worker {
	__u32 tgid;
	__u32 tid;
	__u32 ns_tid;
	__u32 target;
	__u32 used;              /* 1 while the thread lives, 2 after its exit */
	__u32 current_type;      /* of the open poll, ~0 when idle */
	__u64 current_start_ns;
	__u64 runtime;
	__u64 polls;
	__u64 slow;
	__u64 busy_ns;
	__u64 lost_ns;           /* on-CPU and blocked time of slow polls */
	__u64 queue_ns;          /* waits for a CPU, in polls or not */
	__u64 queue_max_ns;
	__u64 off_since_ns;      /* asleep since; 0 while on a CPU or stopped, or HUD_OFF_RUNNABLE */
	__u64 hist[HUD_HIST_SLOTS]; /* of the waits for a CPU */
};

/* Written by the agent at any time; the programs only read it. */
struct hud_control {
	__u64 threshold_ns;
	__u64 sched_only;        /* bit of a target's place: it has no poll probes, so sleeps and samples of all its threads are reported */
	__u32 sample_mask;       /* sampling: time 1 of mask + 1 polls of the types that are sampled; 0 for all of every type */
	__u32 epoch;             /* raised when probes were detached: open polls are void */
	__u32 ns_level;          /* depth of the agent's pid namespace */
	__u32 enabled;           /* 0: programs return at once */
	__u32 slots_used;        /* written by the programs: worker slots handed out */
	__u32 wake_rate;         /* time 1 wake of this many, a power of two; 0: wakes are not timed */
	__u32 wake_epoch;        /* raised when wakes are timed again: what was kept before has had its poll unseen */
	__u32 pad;
	__u64 target_bits[64];   /* bitmap of (tgid & 4095): the first test of every switch */
};

/* Fixed before the programs are loaded, so that the verifier drops what is not needed. */
struct hud_config {
	__u32 slot_count;
	__u32 slow_per_second;   /* records of slow polls per CPU, and as many of long waits */
	__u32 samples_per_second; /* records of samples per CPU */
	__u32 has_prev_state;    /* tp_btf/sched_switch has a 4th argument since 5.18 */
	__u32 own_pid_namespace; /* inode number of the agent's pid namespace */
	__u32 pad;
};

/* What the task iterator writes for each thread of a wanted process. */
struct hud_task_record {
	__u32 tgid;
	__u32 tid;
	__u32 ns_tgid;
	__u32 ns_tid;
	__u32 ns_level;
	__u32 pad;
};

/* What the iterator over open polls writes for a thread that was asleep when it was first looked at: its stack is still to be read. */
struct hud_sleeper {
	__u32 target;
	__u32 tid;
	__u32 ns_tid;
	__s32 syscall;
	__u64 syscall_arg;
	__u64 off_at_ns;    /* when it was first looked at; block_start_ns of its events */
	__u64 switches;     /* the same in two walks: it slept all the time between them */
	struct hud_regs regs;
};

_Static_assert(sizeof(struct hud_event) == 456, "hud_event");
_Static_assert(sizeof(struct hud_wait) == 48, "hud_wait");
_Static_assert(sizeof(struct hud_type_stats) == 360, "hud_type_stats");
_Static_assert(sizeof(struct hud_wake_stats) == 344, "hud_wake_stats");
_Static_assert(sizeof(struct hud_long_waits) == 1024, "hud_long_waits");
_Static_assert(sizeof(struct hud_type_info) == 16, "hud_type_info");
_Static_assert(sizeof(struct hud_worker) == 416, "hud_worker");
_Static_assert(sizeof(struct hud_control) == 560, "hud_control");
_Static_assert(sizeof(struct hud_config) == 24, "hud_config");
_Static_assert(sizeof(struct hud_task_record) == 24, "hud_task_record");
_Static_assert(sizeof(struct hud_sleeper) == 176, "hud_sleeper");

#endif

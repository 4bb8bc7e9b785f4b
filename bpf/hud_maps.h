/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef HUD_MAPS_H
#define HUD_MAPS_H

/* An open poll. */
struct poll_frame {
	u64 start_ns;
	u64 sp;          /* stack pointer at the first instruction: [sp] is the return address */
	u64 ip;          /* address of its first instruction */
	u64 header;      /* tokio's task header */
	u64 run_delay;   /* the thread's sched_info.run_delay at entry */
	u64 off_total;   /* the thread's sum at entry */
	u64 throttled_total;
	u64 stolen_total;
	u64 yield_total;
	u64 inner_ns;    /* time of polls nested in this one */
	u64 task_id;
	u32 type;
	u16 have_id;
	u16 watched;     /* in `wakes` there is, or was, a place for the wake of its task during this poll */
};

/* Who had the CPU while this thread waited for one, threads of its own process included; ns 0 = free. */
enum { HUD_RIVALS = 3 };
struct rival {
	u64 ns;
	u32 tgid;
	u32 tid;
	char comm[HUD_COMM_BYTES];
};

/* State of the stretch in outside_frame. */
enum outside {
	OUTSIDE_NONE = 0,
	OUTSIDE_OPEN = 1,
	OUTSIDE_FIRST = 2,   /* it had begun when the thread was first looked at: maybe in a poll whose begin was not seen */
	OUTSIDE_UNSURE = 3,  /* asleep on a futex that it may park on: reported even when short, for the agent to decide */
};

/* One stretch off the CPU that is worth remembering. */
struct longest_offcpu {
	u64 ns;
	u64 start_ns;
	u64 arg;
	s32 syscall;
	u32 scratch;     /* which scratch buffer holds its stack */
	u32 by_tgid;
	char by_comm[HUD_COMM_BYTES];
};

enum hud_sample_kind {
	HUD_SAMPLE_NONE,
	HUD_SAMPLE_TICK,
	HUD_SAMPLE_YIELD, /* where it gave its CPU away */
};

/* How a poll stood when it made or woke a thread of the pool; tid 0 = nothing is known. Also what is kept of one that was handed over. */
struct handover {
	u64 start_ns;    /* the poll's begin: with tid its identity */
	u64 at_ns;
	u64 off_total;
	u64 run_delay;
	u64 throttled_total;
	u64 stolen_total;
	u64 yield_total;
	u64 runtime;
	u32 tid;
	u32 pad;
};

/* Bits of thread_state::mail. */
enum hud_mail {
	HUD_MAIL_LOOK = 1,
	HUD_MAIL_ROLE = 2,
};

/* How a thread stood when the iterator over tasks first saw it; at_ns 0 = not yet. */
struct first_look {
	u64 at_ns;
	u64 exec;
	u64 delay;
	u64 stolen;
	u64 off_arg;
	s32 off_syscall;
	u32 asleep;
};

/* What is known of one thread of a target. What a short poll reads and writes comes first, in three cache lines. */
struct thread_state {
	u32 depth;
	u32 epoch;
	u32 target;
	u32 slot;            /* worker slot + 1, 0 = none */
	u64 off_at;          /* off the CPU since */
	/* sums over the thread's life */
	u64 off_total;
	u64 throttled_total;
	u64 stolen_total;    /* until it last left a CPU */
	u64 stolen_base;     /* of its CPU when it got there */
	u32 needs_reset;         /* something below is of the last innermost poll; most polls are met by no switch and no sample */
	/* of the innermost open poll */
	u32 sample_valid;    /* HUD_SAMPLE_SCRATCH holds a sample of this poll: enum hud_sample_kind */
	u32 ticked;          /* a sample met this poll */
	u32 role;            /* enum hud_role */
	u32 outside;         /* enum outside: a stretch of time outside of timed polls is open */
	u32 mail;            /* enum hud_mail: what the iterator over tasks has to say, taken by the next program of this thread */
	u32 pool;            /* in a blocking task of this type, and nothing says yet that it is a worker's main loop; 0 = in none */
	u16 pending;         /* `ended` waits for what the thread does next */
	u16 busy;            /* a poll's probe of this thread is at work; an interrupt or a switch leaves the rest of this alone */
	u64 left_at;         /* when it last left a poll or came back from a park */
	u64 left_exec;       /* the scheduler's own sum of its CPU time then */
	struct poll_frame poll[HUD_MAX_DEPTH];
	struct longest_offcpu block;
	struct longest_offcpu queue;
	struct rival rivals[HUD_RIVALS];
	/* of the stretch off the CPU */
	u64 wake_at;         /* when it became runnable */
	u64 off_arg;
	s32 off_syscall;
	u32 off_runnable;
	u32 off_throttled;
	u32 off_stopped;     /* by a signal or a debugger: not blocking */
	u32 off_yield;       /* it gave the CPU away itself, in a poll */
	u64 yield_total;     /* waits after that, over the thread's life: time in which the code goes in circles */
	u32 off_scratch;     /* buffer in use for the current stretch */
	u32 off_by_tgid;
	char off_by_comm[HUD_COMM_BYTES];
	struct poll_frame outside_frame;
	u64 off_exec;        /* the scheduler's own sums when it left the CPU: CPU time and run queue delay */
	u64 off_delay;
	u64 park_epoll;      /* the descriptor + 1 that it waited on for events as a worker */
	u64 pool_epoll;      /* the same in a blocking task, before it was known for a worker */
	u32 woken;           /* since its last blocking task began: `spawner` is of the one that it begins next */
	struct handover spawner; /* of this thread */
	struct handover wake; /* of the last thread of the pool that it made or woke itself */
	struct poll_frame ended; /* a slow poll that may have handed the queue over, or whose record is being made */
	struct handover end;  /* how it stood at its end */
	/* written by the iterator over tasks and by nothing else */
	struct first_look look;
	u32 told_role;
};

struct bucket {
	u64 tokens;
	u64 last_ns;
};

/* per thread of a target: its open polls and current sleep */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_state);
} threads SEC(".maps");

/* tgid (first pid namespace) -> number of the target; exact answer behind the bitmap */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HUD_MAX_TARGETS);
	__type(key, u32);
	__type(value, u32);
} targets SEC(".maps");

/* tgid in the agent's pid namespace -> number of the target: what the task iterator looks for */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HUD_MAX_TARGETS);
	__type(key, u32);
	__type(value, u32);
} wanted SEC(".maps");

/* poll type -> counts and histogram; resized by the agent to the number of types */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hud_type_stats);
} types SEC(".maps");

/* poll type -> how long its tasks waited; resized with `types` */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hud_wake_stats);
} wake_stats SEC(".maps");

/* poll type -> its longer waits; resized with `types`. One for all CPUs, of which there may be many: such waits are few. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hud_long_waits);
} long_waits SEC(".maps");

struct wake {
	u64 key;     /* wake_key; 0: free; WAKE_BUSY: one CPU has it in hand */
	u64 at_ns;   /* 0 where it is free, so that those are the oldest. WAKE_IN_POLL set: not woken yet, and when that poll began */
	u64 task_id; /* a task's memory may be another's by the time of the poll; ids are never used again */
	u32 by_tid;  /* the thread that woke it */
	u16 epoch;
	u16 weight;  /* wakes that it stands for */
};

/*
 * A task's last wake, until the poll that follows. A place is one of a few by the key, and the oldest there makes room for another: a
 * hash map of the kernel takes locks and lists for what is written and removed at each wake, some 150 ns each.
 */
enum { HUD_WAKE_TARGET_SHIFT = 58, HUD_WAKE_TURN_SHIFT = 47, WAKE_SETS_SHIFT = 13, WAKES_IN_SET = 4, WAKE_BUSY = 1 };
#define WAKE_IN_POLL (1ULL << 63)
struct wake_set {
	struct wake wakes[WAKES_IN_SET];
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << WAKE_SETS_SHIFT);
	__type(key, u32);
	__type(value, struct wake_set);
} wakes SEC(".maps");

/* poll type -> where its task id is; resized with `types` */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hud_type_info);
} type_info SEC(".maps");

/* slot -> polling thread; resized to the targets' threads */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hud_worker);
} workers SEC(".maps");

/* slots of threads whose process is gone: the agent has read and cleared them, and gives them back here; resized with `workers` */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, u32);
} free_slots SEC(".maps");

/* slot * HUD_SCRATCH_PER_THREAD + i -> a record being made: 0..2 sleeps and waits, the last one samples */
enum { HUD_SAMPLE_SCRATCH = HUD_SCRATCH_PER_THREAD - 1 };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hud_scratch);
} scratch SEC(".maps");

/*
 * cpu -> the record of a waker, which has no slot where it is no worker. A plain array resized to the CPUs, as per-CPU values end at
 * 32 KiB. For hud_sched_waking alone, and nothing can come between: try_to_wake_up calls it with interrupts off (the sleeper's pi_lock; only a
 * thread that wakes itself has just preemption off, and that one has not slept yet), and since 6.1 __bpf_trace_run refuses a program
 * that is at work on this CPU already. A probe or another tracepoint can lose its CPU in the
 * middle to one that would write to the same place: migrate_disable, all that the kernel promises them, keeps the CPU and not the turn.
 * Those have no memory of a CPU: a thread's slot, or a place in the ring buffer itself.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hud_scratch);
} cpu_scratch SEC(".maps");

/* The iterator's own: a thread's state may be written by its programs at any moment, so it works on a copy. One, as there is one walk at a time. */
struct walk {
	struct thread_state thread;
	struct hud_scratch record;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct walk);
} walks SEC(".maps");

/* enum hud_stat -> count */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HUD_STAT_COUNT);
	__type(key, u32);
	__type(value, u64);
} stats SEC(".maps");

/* kind of record -> token bucket, per CPU, so that a storm cannot flood */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

/* (tgid << 32 | low half of the address) -> enum hud_futex; learnt by the agent. Those that are met no more make room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u32);
} futexes SEC(".maps");

/* kernel's tid -> the last poll of that thread that handed its worker's queue over; a record is right only for that very poll */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct handover);
} handed_over SEC(".maps");

/* types of blocking tasks that were seen to go on as workers */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u32);
} worker_loops SEC(".maps");

struct runtime_state {
	u64 epoll;      /* descriptor that its workers wait on for events */
	u64 hands_over; /* a worker of it was seen to give its queue away */
};

/* by the runtime's scheduler handle; of those whose workers were seen to wait for events */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, struct runtime_state);
} runtimes SEC(".maps");

/* kernel's tid -> enum hud_role: what the agent found out about a thread by its stack; taken by the iterator over open polls */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, u32);
} roles SEC(".maps");

/* 4 MiB by default: 100 slices of the largest kind, or 10,000 ordinary records */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} events SEC(".maps");

/* the only variable, so that it is all of .bss; the agent maps it */
struct hud_control control;

/* the only constant, so that it is all of .rodata */
const volatile struct hud_config config = {
	.slot_count = 1,
	.slow_per_second = 2000,
	.samples_per_second = 1000,
	.has_prev_state = 1,
};

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * block_in_place: a worker gives its queue away in the middle of a poll, and from then on the poll blocks no task. Seen by what
 * happens and not by names, which the compiler inlines: when the poll has ended, its thread is no longer a worker and goes to the
 * pool, for another blocking task or to wait for one, where a worker would poll on or park. So a slow poll that made or woke a thread of the
 * pool is kept until the thread's next step. The moment is the one when it woke the thread that took over: that one begins a blocking
 * task, and in this it polls tasks of the same runtime or parks as its workers do.
 */
#ifndef HUD_HANDOVER_H
#define HUD_HANDOVER_H

static __always_inline void snapshot(struct handover *h, struct thread_state *ts, struct task_struct *task, u64 start, u64 now)
{
	struct hud_worker *w = worker_of(ts);

	h->start_ns = start;
	h->at_ns = now;
	h->off_total = ts->off_total;
	h->run_delay = task->sched_info.run_delay;
	h->throttled_total = ts->throttled_total;
	h->stolen_total = stolen_of_thread(ts);
	h->yield_total = ts->yield_total;
	h->runtime = w ? w->runtime : 0;
	h->tid = task->pid;
}

/* `task` makes or wakes the thread of `ts`: how that poll stood at this moment, should this turn out to be its last as a worker's. */
static __always_inline void note_spawner(struct thread_state *ts, struct task_struct *task, u64 now)
{
	struct thread_state *own;
	u32 depth;

	ts->woken = 1;
	ts->spawner.tid = 0;
	own = find_thread(task);
	if (!own || own->epoch != control.epoch)
		return;
	depth = own->depth;
	if (!depth || depth > HUD_MAX_DEPTH)
		return;
	snapshot(&ts->spawner, own, task, poll_at(own, depth - 1)->start_ns, now);
	own->wake = ts->spawner;
}

/* Waits with a time, as the pool does for tasks; workers of a runtime without events do so as well, for the next timer. */
static __always_inline bool waits_in_pool(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	return is_futex_wait(HUD_REGS_SYSCALL(regs)) && HUD_REGS_ARG4(regs) && use_of_futex(task, HUD_REGS_ARG1(regs)) != HUD_FUTEX_PARK;
}

/*
 * Called in the waker. A worker is woken for its own tasks, and a blocking task that runs already for reasons of its own; but what role a
 * thread had is less than how it waits.
 */
static __always_inline void note_waker(struct thread_state *ts, struct task_struct *sleeper, struct task_struct *task, u64 now)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	if (ts->pool || (ts->role == HUD_ROLE_WORKER && !waits_in_pool(sleeper)))
		return;
	if (is_futex_wake(HUD_REGS_SYSCALL(regs))) /* else a timer's interrupt in the middle of something else */
		note_spawner(ts, task, now);
}

static __always_inline void take_over(struct thread_state *ts)
{
	struct runtime_state *runtime;
	u32 tid = ts->spawner.tid;

	if (!tid)
		return;
	runtime = bpf_map_lookup_elem(&runtimes, &ts->spawner.runtime);
	if (runtime)
		runtime->hands_over = 1;
	bpf_map_update_elem(&handed_over, &tid, &ts->spawner, BPF_ANY);
	ts->spawner.tid = 0;
}

static __always_inline void learn_loop(u32 pool)
{
	u32 known = 1;

	bpf_map_update_elem(&worker_loops, &pool, &known, BPF_ANY);
}

/* Where the workers of a runtime wait for events. */
static __always_inline void learn_epoll(u64 handle, u64 epoll)
{
	struct runtime_state *known = bpf_map_lookup_elem(&runtimes, &handle), made = {.epoll = epoll};

	if (known)
		known->epoll = epoll;
	else
		bpf_map_update_elem(&runtimes, &handle, &made, BPF_ANY);
}

/* The first task that is polled in a blocking task. One of another runtime is a closure's own runtime. */
static __always_inline void take_over_by_poll(struct thread_state *ts, u64 header, u32 type)
{
	struct hud_type_info *info = bpf_map_lookup_elem(&type_info, &type);
	struct hud_worker *w = worker_of(ts);
	u32 pool = ts->pool;
	u64 handle = 0;

	ts->pool = 0;
	if (!info || !info->scheduler_offset || bpf_probe_read_user(&handle, sizeof(handle), (void *)(header + info->scheduler_offset)))
		return;
	if (w)
		w->runtime = handle;
	if (ts->pool_epoll)
		learn_epoll(handle, ts->pool_epoll - 1);
	if (!ts->spawner.tid || handle != ts->spawner.runtime)
		return;
	learn_loop(pool);
	take_over(ts);
}

/*
 * Without any task to poll a worker parks: in the runtime's epoll, or on a futex without a time, which a closure may do as well. A thread
 * of the pool waits with a time when it has nothing to run: its closure has ended, or the worker got its queue back before this one came.
 */
static __always_inline bool take_over_by_park(struct thread_state *ts, struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct runtime_state *runtime;
	s32 nr = HUD_REGS_SYSCALL(regs);
	u32 pool = ts->pool;

	if (is_futex_wait(nr) && HUD_REGS_ARG4(regs)) {
		ts->pool = 0;
		return false;
	}
	if (is_epoll_wait(nr)) {
		ts->pool_epoll = HUD_REGS_ARG1(regs) + 1;
		runtime = bpf_map_lookup_elem(&runtimes, &ts->spawner.runtime);
		if (!ts->spawner.tid || !runtime || runtime->epoll != HUD_REGS_ARG1(regs))
			return false;
		learn_loop(pool);
	} else if (!ts->spawner.tid || !is_futex_wait(nr) || !bpf_map_lookup_elem(&worker_loops, &pool)) {
		return false;
	}
	ts->pool = 0;
	take_over(ts);
	return true;
}

static __always_inline void remember_park(struct thread_state *ts)
{
	struct hud_worker *w = worker_of(ts);
	u64 handle;

	if (!is_epoll_wait(ts->off_syscall) || ts->park_epoll == ts->off_arg + 1)
		return;
	handle = w ? w->runtime : 0;
	if (!handle)
		return;
	ts->park_epoll = ts->off_arg + 1;
	learn_epoll(handle, ts->off_arg);
}

/* What came between two moments is not the poll's: all its sums begin later by as much. */
static __always_inline void leave_out(struct poll_frame *f, struct handover *from, u64 off, u64 delay, u64 throttled, u64 stolen, u64 yielded)
{
	f->off_total += off - from->off_total;
	f->run_delay += delay - from->run_delay;
	f->throttled_total += throttled - from->throttled_total;
	f->stolen_total += stolen - from->stolen_total;
	f->yield_total += yielded - from->yield_total;
}

/* The current thread's next step after a slow poll says whether it was a worker to the end. A global function, as end_outside. */
__noinline int settle(u32 handed)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *ts = find_thread(task);
	struct handover *end, *h;
	struct poll_frame *f;
	u64 wall, own;
	bool slow;

	if (!ts)
		return 0;
	f = &ts->ended;
	end = &ts->end;
	ts->pending = 0;
	/* what the thread did since */
	leave_out(f, end, ts->off_total, task->sched_info.run_delay, ts->throttled_total, stolen_of_thread(ts), ts->yield_total);
	if (handed) {
		h = handover_of(end->tid, f);
		if (!h)
			h = &ts->wake;
		if (h->at_ns >= f->start_ns && h->at_ns <= end->at_ns) {
			f->inner_ns += end->at_ns - h->at_ns;
			leave_out(f, h, end->off_total, end->run_delay, end->throttled_total, end->stolen_total, end->yield_total);
			if (ts->block.start_ns >= h->at_ns)
				ts->block.ns = 0;
			if (ts->queue.start_ns >= h->at_ns)
				ts->queue.ns = 0;
		}
	}
	wall = end->at_ns - f->start_ns;
	own = wall > f->inner_ns ? wall - f->inner_ns : 0;
	asm volatile("" : "+r"(own)); /* for the verifier: one state, however it came about */
	slow = own > control.threshold_ns;
	count_poll(ts, f, own, slow);
	if (slow)
		send_ended(false, bpf_ktime_get_ns(), own);
	return 0;
}

/* A thread begins a blocking task: a closure that may block as it likes, or the main loop of a worker. */
static __always_inline void begin_pool_task(struct thread_state *ts, u32 type)
{
	/* one that it found when it had ended another is not of whoever woke it for that */
	if (!ts->woken)
		ts->spawner.tid = 0;
	ts->woken = 0;
	ts->pool = type;
	ts->pool_epoll = 0;
	ts->role = HUD_ROLE_POOL;
	ts->outside = OUTSIDE_NONE;
	ts->off_at = 0;
}

/* The runtime of the thread, where its workers were seen to wait for events. */
static __always_inline struct runtime_state *runtime_of(struct thread_state *ts)
{
	struct hud_worker *w = worker_of(ts);
	u64 handle = w ? w->runtime : 0;

	return handle ? bpf_map_lookup_elem(&runtimes, &handle) : 0;
}

/*
 * A slow poll has ended that made or woke a thread of the pool: true when it is kept. In a runtime that hands over, a poll that woke
 * none is kept as well: the thread that takes over may have been about to wait, so that it needed no wake-up. The moment is then
 * unknown, and nothing of the poll counts.
 */
static __always_inline bool keep_until_next_step(struct thread_state *ts, struct task_struct *task, struct poll_frame *f, u64 now)
{
	struct handover *wake = &ts->wake;

	if (wake->start_ns != f->start_ns) {
		struct runtime_state *runtime = runtime_of(ts);

		if (!runtime || !runtime->hands_over)
			return false;
		wake->start_ns = f->start_ns;
		wake->at_ns = f->start_ns;
		wake->off_total = f->off_total;
		wake->run_delay = f->run_delay;
		wake->throttled_total = f->throttled_total;
		wake->stolen_total = f->stolen_total;
		wake->yield_total = f->yield_total;
	}
	ts->ended = *f;
	snapshot(&ts->end, ts, task, f->start_ns, now);
	ts->pending = 1;
	return true;
}

/* A thread leaves its CPU outside of polls, after one that may have handed over. True when it is a worker no more. */
static __always_inline bool goes_to_pool(struct thread_state *ts, struct task_struct *task, bool asleep)
{
	bool idle;

	if (!asleep || ts->depth || !ts->wake.start_ns || ts->wake.start_ns != poll_at(ts, 0)->start_ns)
		return false; /* of one that was preempted nothing is known yet */
	idle = waits_in_pool(task);
	if (ts->pending)
		settle(idle);
	if (idle) {
		ts->role = HUD_ROLE_POOL;
		ts->outside = OUTSIDE_NONE;
	}
	return idle;
}

#endif

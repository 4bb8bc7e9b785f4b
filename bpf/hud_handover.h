/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * block_in_place: a worker gives its queue away in the middle of a poll, and from then on the poll blocks nobody. Seen by what
 * happens and not by names, which the compiler inlines: inside the poll a thread of the pool is woken or made; it begins a blocking
 * task, and in this it polls tasks of the same runtime or parks as its workers do. A closure of spawn_blocking does neither.
 */
#ifndef HUD_HANDOVER_H
#define HUD_HANDOVER_H

/* `task` makes or wakes the thread of `ts`: how that poll stood at this moment, should this turn out to be its last as a worker's. */
static __always_inline void note_spawner(struct thread_state *ts, struct task_struct *task, u64 now)
{
	struct thread_state *own = find_thread(task);
	struct handover *h = &ts->spawner;
	struct hud_worker *w;
	u32 depth;

	if (ts->pool)
		return; /* it runs already, and is woken for another reason */
	ts->woken = 1;
	h->tid = 0;
	if (!own || own->epoch != control.epoch)
		return;
	depth = own->depth;
	if (!depth || depth > HUD_MAX_DEPTH)
		return;
	h->start_ns = poll_at(own, depth - 1)->start_ns;
	h->at_ns = now;
	h->off_total = own->off_total;
	h->run_delay = task->sched_info.run_delay;
	h->throttled_total = own->throttled_total;
	h->stolen_total = stolen_of_thread(own, task);
	h->yield_total = own->yield_total;
	w = worker_of(own);
	h->runtime = w ? w->runtime : 0;
	h->tid = task->pid;
}

/* A thread begins a blocking task: a closure that may block as it likes, or the main loop of a worker. */
static __always_inline void begin_pool_task(struct thread_state *ts, u32 type)
{
	/* one that it found when it had ended another is not of whoever woke it for that */
	if (!ts->woken)
		ts->spawner.tid = 0;
	ts->woken = 0;
	ts->pool = type;
	ts->role = HUD_ROLE_POOL;
	ts->outside = OUTSIDE_NONE;
	ts->off_at = 0;
}

static __always_inline void take_over(struct thread_state *ts)
{
	u32 tid = ts->spawner.tid;

	if (!tid)
		return;
	count(HUD_STAT_HANDOVERS);
	bpf_map_update_elem(&handed_over, &tid, &ts->spawner, BPF_ANY);
	ts->spawner.tid = 0;
}

static __always_inline void learn_loop(u32 pool)
{
	u32 known = 1;

	bpf_map_update_elem(&worker_loops, &pool, &known, BPF_ANY);
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
	u64 runtime = ts->spawner.runtime, arg = HUD_REGS_ARG1(regs), *epoll;
	s32 nr = HUD_REGS_SYSCALL(regs);
	u32 pool = ts->pool;

	if (is_futex_wait(nr) && HUD_REGS_ARG4(regs)) {
		ts->pool = 0;
		return false;
	}
	if (!ts->spawner.tid)
		return false;
	if (is_epoll_wait(nr)) {
		epoll = bpf_map_lookup_elem(&runtime_epoll, &runtime);
		if (!epoll || *epoll != arg)
			return false;
		learn_loop(pool);
	} else if (!is_futex_wait(nr) || !bpf_map_lookup_elem(&worker_loops, &pool)) {
		return false;
	}
	ts->pool = 0;
	take_over(ts);
	return true;
}

/* Where the workers of a runtime wait for events. */
static __always_inline void remember_park(struct thread_state *ts)
{
	struct hud_worker *w = worker_of(ts);
	u64 arg = ts->off_arg, runtime;

	if (!is_epoll_wait(ts->off_syscall) || ts->park_epoll == arg + 1)
		return;
	runtime = w ? w->runtime : 0;
	if (!runtime)
		return;
	ts->park_epoll = arg + 1;
	bpf_map_update_elem(&runtime_epoll, &runtime, &arg, BPF_ANY);
}

/* What followed is not the worker's any more: all sums of the poll begin later by as much. */
static __always_inline bool leave_to_taker(struct poll_frame *f, struct thread_state *ts, struct task_struct *task, u64 now)
{
	struct handover *h = handover_of(task->pid, f);

	if (!h || h->at_ns < f->start_ns || h->at_ns > now)
		return false;
	f->inner_ns += now - h->at_ns;
	f->off_total += ts->off_total - h->off_total;
	f->run_delay += task->sched_info.run_delay - h->run_delay;
	f->throttled_total += ts->throttled_total - h->throttled_total;
	f->stolen_total += stolen_of_thread(ts, task) - h->stolen_total;
	f->yield_total += ts->yield_total - h->yield_total;
	if (ts->block.start_ns >= h->at_ns)
		ts->block.ns = 0;
	if (ts->queue.start_ns >= h->at_ns)
		ts->queue.ns = 0;
	return true;
}

#endif

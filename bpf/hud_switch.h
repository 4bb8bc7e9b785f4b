/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Time that the host took from a CPU, and the end of a stretch off the CPU, reported by the tracepoint or reconstructed later. */
#ifndef HUD_SWITCH_H
#define HUD_SWITCH_H

/*
 * What the host took from this CPU so far: the guest's kernel learns it, and books it at its ticks and switches. Found through
 * the running task, as the symbols of per-CPU variables are not in every kernel. A global function: for each pointer that is
 * followed the verifier searches the kernel's types from end to end, and it does so again in every place and on every path.
 */
__noinline u64 stolen_of_cpu(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!bpf_core_field_exists(task->se.cfs_rq->rq->prev_steal_time_rq))
		return 0;
	return task->se.cfs_rq->rq->prev_steal_time_rq;
}

/* Of a thread that runs here. Only differences mean anything. */
static __always_inline u64 stolen_of_thread(struct thread_state *ts)
{
	return ts->stolen_total + stolen_of_cpu() - ts->stolen_base;
}

/* This poll's, when its worker's queue was handed over to another thread; see hud_handover.h. */
static __always_inline struct handover *handover_of(u32 tid, struct poll_frame *f)
{
	struct handover *h = bpf_map_lookup_elem(&handed_over, &tid);

	return h && h->start_ns == f->start_ns ? h : 0;
}

/* A long sleep of a poll that no longer blocks a worker; asked before it takes the place of one that did. */
static __always_inline bool is_harmless(struct thread_state *ts, u64 slept)
{
	u32 depth = ts->depth;
	struct hud_worker *w;

	if (slept <= control.threshold_ns || !depth || depth > HUD_MAX_DEPTH)
		return false;
	w = worker_of(ts);
	return w && handover_of(w->tid, poll_at(ts, depth - 1));
}

/* The longest sleep of the innermost open poll. */
static __always_inline void remember_block(struct thread_state *ts, u64 slept)
{
	/* that the queue was handed over is a guess until the poll has ended, so it protects nothing but a sleep that counts by itself */
	if (slept <= ts->block.ns || (ts->block.ns > control.threshold_ns && is_harmless(ts, slept)))
		return;
	ts->needs_reset = 1;
	ts->block.ns = slept;
	ts->block.start_ns = ts->off_at;
	ts->block.arg = ts->off_arg;
	ts->block.syscall = ts->off_syscall;
	ts->block.scratch = ts->off_scratch;
}

/*
 * What `ran` had of the CPU in its last turn, which ended just now and for which `ts` waited. Exact, and never more than that
 * task used: over many waits each has its share by time, and a task that only came first or last has its few microseconds.
 */
static __always_inline u64 turn_of(struct task_struct *ran, u64 waited)
{
	u64 turn = ran->se.sum_exec_runtime - ran->se.prev_sum_exec_runtime;

	if (!ran->pid)
		return 0; /* idle: the wait was on another CPU */
	return turn < waited ? turn : waited;
}

static __always_inline void add_rival(struct thread_state *ts, struct task_struct *ran, u64 ns)
{
	struct rival wanted = {.ns = ns, .tgid = ran->tgid, .tid = ran->pid};
	struct rival *least = &ts->rivals[0];
	u64 *name = (u64 *)wanted.comm;

	if (!ns)
		return;
	bpf_probe_read_kernel(wanted.comm, sizeof(wanted.comm), ran->comm);
	ts->needs_reset = 1;
#pragma unroll
	for (u32 i = 0; i < HUD_RIVALS; i++) {
		struct rival *r = &ts->rivals[i];
		u64 *other = (u64 *)r->comm;

		if (r->ns && r->tgid == wanted.tgid && other[0] == name[0] && other[1] == name[1]) {
			r->ns += ns;
			return;
		}
		if (r->ns < least->ns)
			least = r;
	}
	if (least->ns < ns)
		*least = wanted;
}

/* `ours`: a program of the thread itself asks, so that what the poll's probe reads is not written behind its back. */
static __always_inline void end_stretch(struct thread_state *ts, u64 off, u64 queued, bool ours)
{
	u64 slept = off > queued ? off - queued : 0;
	struct hud_worker *w = worker_of(ts);
	u32 slot = log2_slot(queued), depth = ts->depth;

	if (ts->off_yield) {
		/* the code's own spinning, not a neighbour's doing: it stays in the poll's time on the CPU */
		ts->yield_total += off;
		ts->off_yield = 0;
		ts->off_at = 0;
		ts->wake_at = 0;
		if (w)
			w->off_since_ns = 0;
		return;
	}
	if (ts->off_stopped) {
		/* the world stood still for it: taken out of the poll's own time, as a nested poll's is */
		if (depth && depth <= HUD_MAX_DEPTH)
			poll_at(ts, depth - 1)->inner_ns += slept;
		else if (ts->outside)
			ts->outside_frame.inner_ns += slept;
		off -= slept;
		slept = 0;
	}
	if (w) {
		w->off_since_ns = 0;
		w->queue_ns += queued;
		if (queued > w->queue_max_ns)
			w->queue_max_ns = queued;
		if (queued && slot < HUD_HIST_SLOTS)
			w->hist[slot]++;
	}
	ts->off_total += off;
	if (ts->off_throttled)
		ts->throttled_total += off;
	if ((ts->depth || ts->outside) && (ours || !ts->busy) && ts->epoch == control.epoch) {
		if (!ts->off_runnable)
			remember_block(ts, slept);
		if (queued > ts->queue.ns) {
			ts->needs_reset = 1;
			ts->queue.ns = queued;
			ts->queue.start_ns = ts->off_at;
			/* outside of polls the first wait's stack stands for all */
			if (ts->off_scratch != ~0u || depth)
				ts->queue.scratch = ts->off_scratch;
			ts->queue.by_tgid = ts->off_by_tgid;
			__builtin_memcpy(ts->queue.by_comm, ts->off_by_comm, sizeof(ts->queue.by_comm));
		}
	}
	ts->off_at = 0;
	ts->wake_at = 0;
}

/*
 * The thread runs, although its switch in was never reported. Seen on 6.18 for a few switches in ten thousand, without
 * a recursion miss being counted; the reason is not known. The scheduler's own sums say what the stretch was: what was
 * neither run nor queued was slept. They lag by up to a tick, which counts as sleep. Of the current thread, and a global function:
 * the verifier goes through it once, and not in every place that calls it.
 */
__noinline int close_missed_switch(u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *ts = find_thread(task);
	u64 gone, ran, queued, off;

	if (!ts)
		return 0;
	gone = now > ts->off_at ? now - ts->off_at : 0;
	ran = task->se.sum_exec_runtime - ts->off_exec;
	queued = task->sched_info.run_delay - ts->off_delay;
	off = gone > ran ? gone - ran : 0;
	count(HUD_STAT_MISSED_SWITCHES);
	ts->needs_reset = 1;
	ts->stolen_base = stolen_of_cpu(); /* it may be another CPU's */
	if (!ts->depth && !ts->outside) {
		/* maybe it parked: what it does outside of polls begins now */
		ts->left_at = now;
		ts->left_exec = task->se.sum_exec_runtime;
	}
	end_stretch(ts, off, queued < off ? queued : off, true);
	return 0;
}

#endif

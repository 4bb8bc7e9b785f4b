/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where a poll's time went while it was not on a CPU: asleep (in which system
 * call, until when), or runnable and waiting (for whom, or for its CPU quota).
 * sched_switch runs on every switch of the node, so strangers leave at once.
 */

/* A buffer that holds neither the longest sleep nor the longest wait. */
static __always_inline u32 free_scratch(struct thread_state *ts)
{
	u32 taken = 0;

	if (ts->block.ns)
		taken |= 1u << (ts->block.scratch & (HUD_SCRATCH_PER_THREAD - 1));
	if (ts->queue.ns)
		taken |= 1u << (ts->queue.scratch & (HUD_SCRATCH_PER_THREAD - 1));
	return !(taken & 1) ? 0 : !(taken & 2) ? 1 : 2;
}

static __always_inline bool is_yield(s32 nr)
{
#if defined(__TARGET_ARCH_x86)
	return nr == 24;
#else
	return nr == 124;
#endif
}

/* A task of its own is marked since 6.18, before that its run queue is. */
static __always_inline bool is_throttled(struct task_struct *task)
{
	if (bpf_core_field_exists(task->throttled))
		return task->throttled;
	if (bpf_core_field_exists(task->se.cfs_rq->throttle_count))
		return BPF_CORE_READ(task, se.cfs_rq, throttle_count) > 0;
	return false;
}

/* A switch of a worker outside of any timed poll. False where its stack is not needed: it parks, or there is one already. */
static __always_inline bool leave_cpu_outside(struct thread_state *ts, struct task_struct *prev, struct pt_regs *regs, bool runnable, u64 now)
{
	if (runnable)
		return in_outside(ts, prev, now) && !ts->sample_valid && !ts->queue.ns;
	ts->off_syscall = HUD_REGS_SYSCALL(regs);
	ts->off_arg = HUD_REGS_ARG1(regs);
	if (is_park(prev, ts->off_syscall, ts->off_arg)) {
		remember_park(ts);
		if (ts->outside)
			end_outside(now);
		return false;
	}
	/* an unknown futex may be the one it parks on: a stretch of its own, or what came before would have the park's time */
	if (is_futex_wait(ts->off_syscall) && use_of_futex(prev, ts->off_arg) == HUD_FUTEX_UNKNOWN) {
		bool first = ts->outside == OUTSIDE_FIRST;

		if (ts->outside)
			end_outside(now);
		ts->left_at = now;
		ts->left_exec = prev->se.sum_exec_runtime;
		if (first)
			begin_outside(ts, prev, now, OUTSIDE_UNSURE);
		else if (!in_outside(ts, prev, now))
			return false;
		ts->outside = OUTSIDE_UNSURE;
		return true;
	}
	return in_outside(ts, prev, now);
}

/* What is known of every stretch off the CPU, whether or not a stack is kept. */
static __always_inline void begin_stretch(struct thread_state *ts, struct task_struct *prev, bool runnable, bool stopped, u64 now)
{
	struct hud_worker *w = worker_of(ts);

	ts->stolen_total = stolen_of_thread(ts);
	ts->off_at = now;
	ts->off_exec = prev->se.sum_exec_runtime;
	ts->off_delay = prev->sched_info.run_delay;
	ts->off_runnable = runnable;
	ts->off_throttled = runnable && is_throttled(prev);
	ts->off_stopped = stopped;
	ts->off_yield = 0;
	ts->wake_at = runnable ? now : 0;
	ts->off_by_tgid = 0;
	ts->off_syscall = -1;
	ts->off_scratch = ~0u;
	if (w)
		w->off_since_ns = stopped ? 0 : runnable ? HUD_OFF_RUNNABLE : now;
}

/* prev is still the current task here, so its memory can be read. */
static __always_inline void switch_out(struct task_struct *prev, struct task_struct *next, bool runnable, bool stopped, u64 now)
{
	struct thread_state *ts = control.sched_only ? find_or_make_thread(prev) : find_thread(prev);
	struct pt_regs *regs;
	struct poll_frame *f;
	struct hud_scratch *s;
	bool sched_only, outside = false;
	u32 depth;
	u64 end = 0;

	if (!ts)
		return;
	sched_only = is_sched_only(ts);
	read_mail(ts, prev);
	if ((ts->role == HUD_ROLE_STRANGER || ts->role == HUD_ROLE_POOL) && !sched_only) {
		if (!ts->pool || runnable || stopped || !take_over_by_park(ts, prev))
			return;
		ts->role = HUD_ROLE_WORKER;
	}
	if (ts->busy) {
		/* in the middle of our own program, which reads what a switch would write: only the thread's sums go on */
		begin_stretch(ts, prev, runnable, stopped, now);
		return;
	}
	drop_stale_polls(ts);
	if (ts->off_at)
		close_missed_switch(now);
	if (goes_to_pool(ts, prev, !runnable && !stopped))
		return;
	begin_stretch(ts, prev, runnable, stopped, now);
	if (stopped || ts->pending)
		return;
	depth = ts->depth;
	if (prev->flags & PF_KTHREAD)
		return;
	if (!sched_only && !depth && ts->role != HUD_ROLE_WORKER && !ts->outside)
		return;
	regs = (struct pt_regs *)bpf_task_pt_regs(prev);
	if (!sched_only && (!depth || depth > HUD_MAX_DEPTH)) {
		if (!leave_cpu_outside(ts, prev, regs, runnable, now))
			return;
		outside = true;
	} else if (sched_only && ts->outside && !runnable) {
		ts->outside = OUTSIDE_NONE; /* it ran since it was first looked at: from here on its sleeps are reported one by one */
	}
	if ((sched_only || outside) && !ts->slot)
		assign_slot(ts, prev);

	if (runnable) {
		ts->off_by_tgid = next->tgid;
		bpf_probe_read_kernel(ts->off_by_comm, sizeof(ts->off_by_comm), next->comm);
		if (is_yield(HUD_REGS_SYSCALL(regs)) && !ts->off_throttled) {
			ts->off_syscall = HUD_REGS_SYSCALL(regs);
			ts->off_yield = depth && depth <= HUD_MAX_DEPTH;
			ts->needs_reset = 1;
			ts->ticked = 1;
			if (ts->off_yield && ts->sample_valid)
				return;
		}
	} else {
		ts->off_syscall = HUD_REGS_SYSCALL(regs);
		ts->off_arg = HUD_REGS_ARG1(regs);
		ts->needs_reset = 1;
		if (sched_only && (!depth || depth > HUD_MAX_DEPTH)) {
			if (is_park(prev, ts->off_syscall, ts->off_arg))
				return;
			/* nanosleep of a timer thread or a futex: the agent knows it by its frames */
		}
	}
	if (depth && depth <= HUD_MAX_DEPTH) {
		f = poll_at(ts, depth - 1);
		read_task_identity(ts, f);
		end = f->sp + 8;
	}
	/* a look at code that spins is as good as a tick's */
	ts->off_scratch = ts->off_yield ? HUD_SAMPLE_SCRATCH : free_scratch(ts);
	s = scratch_of(ts, ts->off_scratch);
	if (!s)
		return;
	if (ts->off_yield)
		ts->sample_valid = HUD_SAMPLE_YIELD;
	s->event.flags = 0;
	HUD_COPY_REGS(&s->event.regs, regs);
	if (outside)
		copy_whole_stack(s, s->event.regs.r[HUD_REG_SP]);
	else
		copy_stack(s, s->event.regs.r[HUD_REG_SP], end);
}

/* A long sleep or wait for a CPU while poll probes are off: the agent decides by its frames whether it was in a poll. */
static __always_inline void send_offcpu(struct thread_state *ts, struct task_struct *next, struct task_struct *prev, u64 now, u64 off, u64 queued)
{
	struct hud_scratch *s = scratch_of(ts, ts->off_scratch);
	u64 ran = turn_of(prev, queued);
	u32 kept;

	if (!s)
		return;
	if (!take_token(HUD_EVENT_OFFCPU, now, config.slow_per_second)) {
		count(HUD_STAT_RATE_LIMITED);
		return;
	}
	kept = s->event.flags;
	fill_identity(&s->event, HUD_EVENT_OFFCPU, ts, next, now);
	s->event.flags |= kept | (ts->off_runnable ? HUD_FLAG_STACK_PREEMPT : HUD_FLAG_STACK_BLOCK);
	s->event.start_ns = (now - off);
	s->event.wall_ns = off;
	s->event.off_ns = off;
	s->event.run_delay_ns = queued;
	s->event.throttled_ns = ts->off_throttled ? queued : 0;
	s->event.worst_block_ns = off - queued;
	s->event.worst_queue_ns = queued;
	s->event.by_tgid = ran ? prev->tgid : ts->off_by_tgid;
	s->event.by_ns = ran;
	if (ran)
		bpf_probe_read_kernel(s->event.by_comm, sizeof(s->event.by_comm), prev->comm);
	else
		__builtin_memcpy(s->event.by_comm, ts->off_by_comm, sizeof(s->event.by_comm));
	s->event.block_start_ns = (now - off);
	s->event.syscall = ts->off_syscall;
	s->event.syscall_arg = ts->off_arg;
	send_with_stack(s);
}

static __always_inline void switch_in(struct task_struct *prev, struct task_struct *next, u64 now)
{
	struct thread_state *ts = find_thread(next);
	u64 off, queued, slept;
	bool in_poll, offcpu;

	if (!ts)
		return;
	read_mail(ts, next);
	if (!ts->off_at) {
		/* its switch out was not reported, and it may be on another CPU now */
		ts->stolen_base = stolen_of_cpu();
		return;
	}
	off = now - ts->off_at;
	queued = ts->wake_at && ts->wake_at >= ts->off_at && now > ts->wake_at ? now - ts->wake_at : 0;
	slept = off - queued;
	if (ts->busy) {
		end_stretch(ts, off, queued, false);
		ts->stolen_base = stolen_of_cpu();
		return;
	}
	in_poll = ts->depth && ts->epoch == control.epoch;
	if (queued > (in_poll ? ts->queue.ns : control.threshold_ns) && !ts->off_runnable) {
		/* woken but queued: whoever had the CPU until now */
		ts->off_by_tgid = prev->tgid;
		bpf_probe_read_kernel(ts->off_by_comm, sizeof(ts->off_by_comm), prev->comm);
	}
	offcpu = !in_poll && is_sched_only(ts) && ts->off_scratch != ~0u && (slept > control.threshold_ns || queued > control.threshold_ns);
	if ((in_poll || ts->outside) && queued && !ts->off_yield)
		add_rival(ts, prev, turn_of(prev, queued));
	end_stretch(ts, off, queued, false);
	ts->stolen_base = stolen_of_cpu();
	if (offcpu)
		send_offcpu(ts, next, prev, now, off, queued);
	if (ts->depth)
		return;
	if (ts->outside && !ts->off_runnable && is_park(next, ts->off_syscall, ts->off_arg))
		ts->outside = OUTSIDE_NONE;
	if (ts->outside && (is_sched_only(ts) || ts->outside == OUTSIDE_UNSURE)) {
		u64 wall = outside_wall(ts, now);

		if (is_worth_a_record(ts, next, wall))
			send_slow(ts, next, &ts->outside_frame, true, now, wall, false);
		ts->outside = OUTSIDE_NONE;
	}
	if (!ts->outside) {
		ts->left_at = now;
		ts->left_exec = next->se.sum_exec_runtime;
	}
}

SEC("tp_btf/sched_switch")
int BPF_PROG(hud_sched_switch, bool preempted, struct task_struct *prev, struct task_struct *next)
{
	bool out = maybe_target(prev->tgid), in = maybe_target(next->tgid);
	u64 now;

	if (!out && !in)
		return 0;
	if (!control.enabled)
		return 0;
	now = bpf_ktime_get_ns();
	if (out) {
		/*
		 * The mask: nanosleep shows 0x2001; on_rq would lie, sleepers are dequeued late since 6.12. The 4th argument is
		 * not in the program's own list: older kernels have none, and must not see it read.
		 */
		u32 state = config.has_prev_state ? (u32)ctx[3] : state_of(prev);
		bool held = !preempted && is_held(prev, state);

		switch_out(prev, next, preempted || (!held && (state & 0xff) == 0), held, now);
	}
	if (in)
		switch_in(prev, next, now);
	return 0;
}

/*
 * std and parking_lot mutexes keep no owner: the holder is the thread of the same process that unlocks. Its stack, with what the
 * sleeper waited in.
 */
static __always_inline void send_waker(struct thread_state *ts, struct task_struct *sleeper, struct task_struct *waker, u64 now)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(waker);
	struct thread_state *own;
	struct hud_scratch *s;
	u32 depth = ts->depth;
	u64 end = 0;

	if (!is_futex_wake(HUD_REGS_SYSCALL(regs)))
		return; /* a timer's interrupt in the middle of something else */
	if (!take_token(HUD_EVENT_WAKER, now, config.slow_per_second)) {
		count(HUD_STAT_WAKERS_LIMITED);
		return;
	}
	s = scratch_of_cpu();
	if (!s)
		return;
	own = find_thread(waker);
	fill_identity(&s->event, HUD_EVENT_WAKER, ts, sleeper, now);
	if (depth && depth <= HUD_MAX_DEPTH)
		fill_poll(&s->event, poll_at(ts, depth - 1));
	s->event.block_start_ns = ts->off_at;
	s->event.worst_block_ns = now - ts->off_at;
	s->event.syscall = ts->off_syscall;
	s->event.syscall_arg = ts->off_arg;
	s->event.by_ns = 0;
	s->event.by_tgid = waker->tgid;
	bpf_probe_read_kernel(s->event.by_comm, sizeof(s->event.by_comm), waker->comm);
	if (own && own->epoch == control.epoch) {
		depth = own->depth;
		if (depth && depth <= HUD_MAX_DEPTH)
			end = poll_at(own, depth - 1)->sp + 8;
	}
	HUD_COPY_REGS(&s->event.regs, regs);
	copy_stack(s, s->event.regs.r[HUD_REG_SP], end);
	send_with_stack(s);
}

/* Runs in the waker, before the sleeper can run: the moment it becomes runnable. */
SEC("tp_btf/sched_waking")
int BPF_PROG(hud_sched_waking, struct task_struct *sleeper)
{
	struct task_struct *waker;
	struct thread_state *ts;
	struct hud_scratch *s;
	struct hud_worker *w;
	u64 now;

	if (!maybe_target(sleeper->tgid) || !control.enabled)
		return 0;
	ts = find_thread(sleeper);
	if (!ts)
		return 0;
	now = bpf_ktime_get_ns();
	waker = bpf_get_current_task_btf();
	read_mail(ts, sleeper);
	if (waker->tgid == sleeper->tgid)
		note_waker(ts, sleeper, waker, now);
	if (!ts->off_at || ts->off_runnable || ts->wake_at)
		return 0;
	ts->wake_at = now;
	if (!ts->depth && !ts->outside && !is_sched_only(ts))
		return 0;
	w = worker_of(ts);
	if (w && !ts->off_stopped)
		w->off_since_ns = HUD_OFF_RUNNABLE;
	if (ts->off_scratch == ~0u || now - ts->off_at <= control.threshold_ns)
		return 0;
	s = scratch_of(ts, ts->off_scratch);
	if (s)
		copy_kernel_stack(s, sleeper);
	if (!is_futex_wait(ts->off_syscall))
		return 0;
	if (waker->tgid == sleeper->tgid)
		send_waker(ts, sleeper, waker, now);
	return 0;
}

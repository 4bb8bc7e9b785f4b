/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a poll computes: a clock tick on each CPU looks at the running thread and
 * keeps registers and stack while it is inside a poll. A sample of a poll already
 * over the threshold leaves at once; an earlier one waits for the poll's end.
 */

enum { HUD_TRAMPOLINE_PUSHES = 24, HUD_FUNCTION_BYTES = 1 << 20 };

/*
 * Between the poll's `ret` and our return probe: in the kernel's trampoline, a page of its own, which pushes three registers, or in
 * the kernel, which shows the thread at its caller already. What it did is not to be seen there, and an earlier sample shows it.
 */
static __always_inline bool has_returned(struct poll_frame *f, struct pt_regs *regs)
{
	u64 sp = PT_REGS_SP(regs), ip = PT_REGS_IP(regs);

	if (sp > f->sp)
		return sp <= f->sp + HUD_RETURN_SLOT; /* further up is another stack */
	return sp + HUD_TRAMPOLINE_PUSHES > f->sp && ip - f->ip > HUD_FUNCTION_BYTES;
}

/* A thread in no poll that is timed: its stack alone, and the agent decides by the frames whether it polls. */
static __always_inline void send_without_poll(struct thread_state *ts, struct task_struct *task, struct hud_scratch *s, u64 now)
{
	if (!take_token(HUD_EVENT_ONCPU, now, config.samples_per_second)) {
		count(HUD_STAT_SAMPLES_LIMITED);
		return;
	}
	fill_identity(&s->event, HUD_EVENT_ONCPU, ts, task, now);
	s->event.flags |= HUD_FLAG_STACK_CPU;
	copy_stack(s, s->event.regs.r[HUD_REG_SP], 0);
	send_with_stack(s);
}

/* The sample just taken of a poll, or of a stretch outside of polls, that is over the threshold already. */
static __always_inline void send_sample(struct thread_state *ts, struct task_struct *task, struct poll_frame *f, struct hud_scratch *s, u64 now)
{
	u32 flags = s->event.flags;

	if (!take_token(HUD_EVENT_SAMPLE, now, config.samples_per_second)) {
		count(HUD_STAT_SAMPLES_LIMITED);
		return;
	}
	fill_identity(&s->event, HUD_EVENT_SAMPLE, ts, task, now);
	fill_poll(&s->event, f);
	s->event.flags |= flags | before_flag(ts, f == &ts->outside_frame);
	s->event.wall_ns = now - f->start_ns;
	send_with_stack(s);
}

SEC("perf_event")
int hud_sample(struct bpf_perf_event_data *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *ts;
	struct hud_scratch *s;
	struct poll_frame *f;
	struct pt_regs *regs;
	bool outside;
	u32 depth;
	u64 now;

	if (!maybe_target(task->tgid) || !control.enabled)
		return 0;
	ts = find_thread(task);
	if (!ts || ts->busy)
		return 0; /* a tick in our own program shows nothing of the target, and must not write to what that one sends */
	read_mail(ts, task);
	drop_stale_polls(ts);
	depth = ts->depth;
	now = bpf_ktime_get_ns();
	if (ts->pending)
		return 0;
	outside = !depth && !is_sched_only(ts);
	if (outside && ts->off_at)
		close_missed_switch(now);
	if (depth > HUD_MAX_DEPTH || (outside && !in_outside(ts, task, now)) || (!depth && !outside && !ts->slot))
		return 0;
	ts->needs_reset = 1;
	ts->ticked = 1;
	if (outside && !ts->slot)
		assign_slot(ts, task);
	s = scratch_of(ts, HUD_SAMPLE_SCRATCH);
	if (!s)
		return 0;
	/* the user's registers, whether the tick came in user mode or inside a system call */
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	f = outside ? &ts->outside_frame : poll_at(ts, depth - 1);
	if (depth && (has_returned(f, regs) || handover_of(task->pid, f)))
		return 0;
	HUD_COPY_REGS(&s->event.regs, regs);
	if (!depth && !outside) {
		send_without_poll(ts, task, s, now);
		return 0;
	}
	s->event.flags = HUD_FLAG_STACK_CPU;
	if (outside) {
		copy_whole_stack(s, s->event.regs.r[HUD_REG_SP]);
	} else {
		read_task_identity(ts, f);
		copy_stack(s, s->event.regs.r[HUD_REG_SP], f->sp + 8);
	}
	ts->needs_reset = 1;
	ts->sample_valid = HUD_SAMPLE_TICK;
	if (now - f->start_ns > control.threshold_ns)
		send_sample(ts, task, f, s, now);
	return 0;
}

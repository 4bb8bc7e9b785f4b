/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The record of a slow poll: where its time went, and the stack of whatever cost most. */
#ifndef HUD_SLOW_H
#define HUD_SLOW_H

/* Of the last innermost poll. An interrupt between the two stores finds nothing of a poll that is not open yet. */
static __always_inline void forget_innermost(struct thread_state *ts)
{
	if (!ts->needs_reset)
		return;
	ts->needs_reset = 0;
	ts->block.ns = 0;
	ts->queue.ns = 0;
	ts->sample_valid = HUD_SAMPLE_NONE;
	ts->ticked = 0;
#pragma unroll
	for (u32 i = 0; i < HUD_RIVALS; i++)
		ts->rivals[i].ns = 0;
}

static __always_inline u32 before_flag(struct thread_state *ts, bool outside)
{
	return outside && ts->outside == OUTSIDE_FIRST ? HUD_FLAG_BEFORE : 0;
}

/* Where a poll's time went. */
struct poll_split {
	u64 wall, off, delay, throttled, stolen, yielded;
};

/* What the host took is waiting for a CPU, whatever the guest's clocks call it. */
static __always_inline void move_stolen(struct poll_split *split, s64 stolen)
{
	u64 cpu = split->wall - split->off;

	if (stolen <= 0)
		return;
	split->stolen = (u64)stolen < cpu ? stolen : cpu;
	split->off += split->stolen;
	split->delay += split->stolen;
}

/* Who had the CPU for longest while the poll waited for one; who it left the CPU to in its longest wait where that is not known. */
static __always_inline void fill_rival(struct hud_event *e, struct thread_state *ts)
{
	struct rival *top = &ts->rivals[0];

#pragma unroll
	for (u32 i = 1; i < HUD_RIVALS; i++) {
		if (ts->rivals[i].ns > top->ns)
			top = &ts->rivals[i];
	}
	e->by_ns = top->ns;
	e->by_tgid = top->ns ? top->tgid : ts->queue.by_tgid;
	if (top->ns)
		__builtin_memcpy(e->by_comm, top->comm, sizeof(e->by_comm));
	else
		__builtin_memcpy(e->by_comm, ts->queue.by_comm, sizeof(e->by_comm));
}

static __always_inline void fill_slow(struct hud_event *e, struct thread_state *ts, struct poll_split *split)
{
	e->wall_ns = split->wall;
	e->off_ns = split->off;
	e->run_delay_ns = split->delay;
	e->throttled_ns = split->throttled;
	e->worst_block_ns = ts->block.ns;
	e->worst_queue_ns = ts->queue.ns;
	e->block_start_ns = ts->block.start_ns;
	e->syscall_arg = ts->block.arg;
	e->syscall = ts->block.ns ? ts->block.syscall : -1;
	fill_rival(e, ts);
	if (split->stolen > ts->queue.ns) {
		e->flags |= HUD_FLAG_STOLEN;
		e->worst_queue_ns = split->stolen;
		e->by_ns = split->stolen;
	}
}

/* One record of a poll, with the slice that `s` holds already. */
static __always_inline void send_poll(struct hud_scratch *s, u32 kind, u32 flags, struct thread_state *ts, struct task_struct *task, struct poll_frame *f, struct poll_split *split, u64 now)
{
	u32 kept = s->event.flags & (HUD_FLAG_STACK_TRUNCATED | HUD_FLAG_STACK_FAILED);

	fill_identity(&s->event, kind, ts, task, now);
	fill_poll(&s->event, f);
	s->event.flags |= flags | kept;
	fill_slow(&s->event, ts, split);
	send_with_stack(s);
}

static __always_inline void send_without_stack(u32 flags, struct thread_state *ts, struct task_struct *task, struct poll_frame *f, struct poll_split *split, u64 now)
{
	struct hud_event *e = event_in_place();

	if (!e)
		return;
	fill_identity(e, HUD_EVENT_POLL, ts, task, now);
	fill_poll(e, f);
	e->flags |= flags;
	fill_slow(e, ts, split);
	send_in_place(e);
}

/* The stretch that is not over yet. */
static __always_inline void add_open_stretch(struct thread_state *ts, struct poll_split *split, u64 now)
{
	u64 current_off, queued;

	if (!ts->off_at || now <= ts->off_at || ts->off_yield)
		return;
	current_off = now - ts->off_at;
	queued = ts->off_runnable ? current_off : ts->wake_at >= ts->off_at && now > ts->wake_at ? now - ts->wake_at : 0;
	split->off += current_off;
	split->delay += queued;
	remember_block(ts, current_off - queued);
}

/* The iterator's own record: with a copy of a thread's stack, to which that may be writing, or without any. */
static __always_inline struct hud_scratch *own_record(struct hud_scratch *other)
{
	u32 first = 0;
	struct walk *walk = bpf_map_lookup_elem(&walks, &first);
	struct hud_scratch *s;

	if (!walk)
		return 0;
	s = &walk->record;
	s->event.stack_bytes = 0;
	s->event.kernel_frames = 0;
	s->event.flags = 0;
	if (!other)
		return s;
	/* all of it, once a second for each: verifiers before 6.2 forget the bound of a length that was spilled */
	if (bpf_probe_read_kernel(s, sizeof(*s), other) || s->event.stack_bytes > HUD_STACK_BYTES)
		s->event.stack_bytes = 0;
	return s;
}

/* Where the poll's time went until now. */
static __always_inline void split_poll(struct poll_split *split, struct thread_state *ts, struct task_struct *task, struct poll_frame *f, u64 now, bool open)
{
	split->off = ts->off_total - f->off_total;
	split->delay = task->sched_info.run_delay - f->run_delay;
	split->throttled = ts->throttled_total - f->throttled_total;
	split->yielded = ts->yield_total - f->yield_total;
	split->delay = split->delay > split->yielded ? split->delay - split->yielded : 0;
	if (open)
		add_open_stretch(ts, split, now);
	/* the scheduler's own sum of waits is complete, also where a switch was not reported */
	if (split->off < split->delay)
		split->off = split->delay;
	if (split->off > split->wall)
		split->off = split->wall;
	if (split->delay > split->off)
		split->delay = split->off;
	/* of a poll that is open on another CPU, what was taken until it last left one */
	move_stolen(split, (open ? ts->stolen_total : stolen_of_thread(ts)) - f->stolen_total);
}

/* The stack of whatever cost most; returns its flag, 0 where there is none. */
static __always_inline u32 choose_stack(struct hud_scratch **s, struct thread_state *ts, bool outside, struct poll_split *split, bool sampled)
{
	u64 blocked = split->off - split->delay, cpu = split->wall - split->off;
	u32 stack = 0;

	if (blocked >= cpu && blocked >= split->delay && ts->block.ns) {
		*s = scratch_of(ts, ts->block.scratch);
		stack = HUD_FLAG_STACK_BLOCK;
	} else if (split->delay > cpu && ts->queue.ns && (*s = scratch_of(ts, ts->queue.scratch))) {
		stack = HUD_FLAG_STACK_PREEMPT;
	} else if (sampled) {
		*s = scratch_of(ts, HUD_SAMPLE_SCRATCH);
		stack = HUD_FLAG_STACK_CPU;
	} else if (blocked > control.threshold_ns && ts->block.ns) {
		/* no tick met the more expensive part; the stack of the other is better than none */
		*s = scratch_of(ts, ts->block.scratch);
		stack = HUD_FLAG_STACK_BLOCK;
	} else if (outside && ts->queue.ns) {
		/* it computed until it had to wait */
		*s = scratch_of(ts, ts->queue.scratch);
		stack = HUD_FLAG_STACK_PREEMPT;
	}
	return *s ? stack : 0;
}

/* The record of one slow poll, with the slice of whatever cost most. `outside`: of a stretch outside of polls; `open`: it is still running. */
static __always_inline void send_slow(struct thread_state *ts, struct task_struct *task, struct poll_frame *f, bool outside, u64 now, u64 wall, bool open)
{
	u32 stack, flags = before_flag(ts, outside) | (open ? HUD_FLAG_OPEN : 0) | (ts->ticked ? HUD_FLAG_TICKED : 0);
	struct poll_split split = { .wall = wall };
	struct hud_worker *w = worker_of(ts);
	struct hud_scratch *s = 0;
	u64 blocked, cpu;
	bool sampled;

	split_poll(&split, ts, task, f, now, open);
	blocked = split.off - split.delay;
	cpu = wall - split.off;
	/* where a poll yielded its CPU once and then computed, the place of the yield says nothing */
	sampled = ts->sample_valid == HUD_SAMPLE_TICK || (ts->sample_valid == HUD_SAMPLE_YIELD && split.yielded * 2 >= cpu);
	/* outside of polls it may turn out not to be a loss */
	if (w && !open && !outside)
		w->lost_ns += cpu + blocked;
	if (!open && !take_token(HUD_EVENT_POLL, now, config.slow_per_second)) {
		count(HUD_STAT_RATE_LIMITED);
		return;
	}
	stack = choose_stack(&s, ts, outside, &split, sampled);
	if (open) {
		s = own_record(s);
		if (!s)
			return;
	}
	if (s)
		send_poll(s, HUD_EVENT_POLL, flags | stack, ts, task, f, &split, now);
	else
		send_without_stack(flags, ts, task, f, &split, now);

	/* the other part is over the threshold as well: its stack too */
	s = 0;
	if (stack == HUD_FLAG_STACK_BLOCK && cpu > control.threshold_ns && sampled) {
		s = scratch_of(ts, HUD_SAMPLE_SCRATCH);
		stack = HUD_FLAG_STACK_CPU;
	} else if (stack != HUD_FLAG_STACK_BLOCK && blocked > control.threshold_ns && ts->block.ns) {
		s = scratch_of(ts, ts->block.scratch);
		stack = HUD_FLAG_STACK_BLOCK;
	}
	if (s && open)
		s = own_record(s);
	if (s)
		send_poll(s, HUD_EVENT_SECONDARY_STACK, stack, ts, task, f, &split, now);
}

/* The same of the frame in `ended` of the current thread. A global function: the verifier goes through it once. */
__noinline int send_ended(u32 outside, u64 now, u64 wall)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *ts = find_thread(task);

	if (ts)
		send_slow(ts, task, &ts->ended, outside, now, wall, false);
	return 0;
}

static __always_inline void add_to_type(u32 type, u64 wall, bool slow)
{
	struct hud_type_stats *stats_of_type = bpf_map_lookup_elem(&types, &type);
	u32 slot = log2_slot(wall);

	if (!stats_of_type) {
		count(HUD_STAT_TYPE_OUT_OF_RANGE);
		return;
	}
	stats_of_type->polls++;
	stats_of_type->total_ns += wall;
	if (wall > stats_of_type->max_ns)
		stats_of_type->max_ns = wall;
	if (slow) {
		stats_of_type->slow++;
		stats_of_type->slow_ns += wall;
	}
	if (slot < HUD_HIST_SLOTS)
		stats_of_type->hist[slot]++;
}

/* Sums of its type and of its worker. */
static __always_inline void count_poll(struct thread_state *ts, struct poll_frame *f, u64 own, bool slow)
{
	struct hud_worker *w = worker_of(ts);

	add_to_type(f->type, own, slow);
	if (slow)
		count(HUD_STAT_SLOW);
	if (!w)
		return;
	w->polls++;
	w->busy_ns += own;
	if (slow)
		w->slow++;
}

#endif

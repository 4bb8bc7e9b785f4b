/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Times every poll: entry and return of tokio's raw::poll<T, S>, one function per
 * task type. The link's cookie is the index of the type, so nothing is looked up.
 * Three probe modes share the handlers: uprobe.session, a uprobe.multi pair, and a pair
 * of perf uprobes.
 */

enum { HUD_OTHER_STACK = 256 << 10 }; /* polls of one stack that follow one another begin nearly at the same place */

/* Of the last innermost poll. An interrupt between the two stores finds nothing of a poll that is not open yet. */
static __always_inline void forget_innermost(struct thread_state *ts)
{
	if (!ts->needs_reset)
		return;
	ts->needs_reset = 0;
	ts->block.ns = 0;
	ts->queue.ns = 0;
	ts->blocks = 0;
	ts->missed = 0;
	ts->sample_valid = HUD_SAMPLE_NONE;
	ts->ticked = 0;
#pragma unroll
	for (u32 i = 0; i < HUD_RIVALS; i++)
		ts->rivals[i].ns = 0;
}

/* Returns false when this poll is not timed. */
static __always_inline bool poll_enter(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 sp = PT_REGS_SP(ctx);
	struct thread_state *ts;
	struct poll_frame *f;
	struct hud_worker *w;
	u32 depth;

	if (!control.enabled)
		return false;
	if (control.sample_mask && (bpf_get_prandom_u32() & control.sample_mask)) {
		count(HUD_STAT_SAMPLED_OUT);
		return false;
	}
	ts = find_or_make_thread(task);
	if (!ts) {
		count(HUD_STAT_FOREIGN_HITS);
		return false;
	}
	drop_stale_polls(ts);
	if (ts->off_at)
		close_missed_switch(ts, task, bpf_ktime_get_ns());
	depth = ts->depth;
	/*
	 * Far above the open poll: on another stack, and that poll is going to return. The kernel would take a return probe here
	 * for the proof that it was left, drop its return, and kill the thread when it comes. Nothing is probed, where we have the choice.
	 */
	if (depth > 0 && depth <= HUD_MAX_DEPTH && sp > poll_at(ts, depth - 1)->sp + HUD_OTHER_STACK) {
		count(HUD_STAT_DEPTH_OVERFLOW);
		return false;
	}
	/* a frame at or below our stack pointer has been left without a return that we saw */
	if (depth > 0 && depth <= HUD_MAX_DEPTH && poll_at(ts, depth - 1)->sp <= sp) {
		count(HUD_STAT_MISSED_RETURNS);
		depth = depth > 1 && poll_at(ts, depth - 2)->sp > sp ? depth - 1 : 0;
	}
	if (depth >= HUD_MAX_DEPTH) {
		count(HUD_STAT_DEPTH_OVERFLOW);
		return false;
	}
	count(HUD_STAT_POLLS);
	if (!ts->slot)
		assign_slot(ts, task);
	f = poll_at(ts, depth);
	f->sp = sp;
	f->ip = PT_REGS_IP(ctx);
	f->header = PT_REGS_PARM1(ctx);
	f->run_delay = task->sched_info.run_delay;
	f->off_total = ts->off_total;
	f->throttled_total = ts->throttled_total;
	f->stolen_total = stolen_of_thread(ts, task);
	f->yield_total = ts->yield_total;
	f->inner_ns = 0;
	f->task_id = 0;
	f->have_id = 0;
	f->type = bpf_get_attach_cookie(ctx);
	forget_innermost(ts);
	f->start_ns = bpf_ktime_get_ns();
	w = worker_of(ts);
	if (w) {
		w->current_start_ns = f->start_ns;
		w->current_type = f->type;
		if (!w->runtime)
			read_task_identity(ts, f);
	}
	/* last: an interrupt that sees the depth sees a whole frame */
	barrier();
	ts->depth = depth + 1;
	return true;
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
	e->by_tid = top->ns ? top->tid : ts->queue.by_tid;
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
	e->blocks = ts->blocks;
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
	u32 kept = s->event.flags & (HUD_FLAG_STACK_TRUNCATED | HUD_FLAG_STACK_FAILED | HUD_FLAG_KERNEL_MODE);

	fill_identity(&s->event, kind, ts, task, now);
	fill_poll(&s->event, f);
	s->event.flags |= flags | kept;
	fill_slow(&s->event, ts, split);
	send_with_stack(s);
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

/* A record of this CPU's own: with a copy of another's stack, whose thread may be writing to it, or without any. */
static __always_inline struct hud_scratch *own_record(u32 user, struct hud_scratch *other)
{
	struct hud_scratch *s = scratch_of_cpu(user);
	u32 bytes;

	if (!s)
		return 0;
	s->event.stack_bytes = 0;
	s->event.kernel_frames = 0;
	s->event.flags = 0;
	if (!other)
		return s;
	bytes = other->event.stack_bytes;
	if (bytes > HUD_STACK_BYTES || bpf_probe_read_kernel(s, sizeof(struct hud_event) + bytes, other))
		return s;
	s->event.stack_bytes = bytes;
	return s;
}

/* The record of one slow poll, with the slice of whatever cost most. `open`: it is still running. */
static __always_inline void send_slow(struct thread_state *ts, struct task_struct *task, struct poll_frame *f, u64 now, u64 wall, bool open)
{
	struct poll_split split = {
		.wall = wall,
		.off = ts->off_total - f->off_total,
		.delay = task->sched_info.run_delay - f->run_delay,
		.throttled = ts->throttled_total - f->throttled_total,
		.yielded = ts->yield_total - f->yield_total,
	};
	bool sampled;
	u64 blocked, cpu;
	struct hud_scratch *s = 0;
	u32 stack = 0, flags = (open ? HUD_FLAG_OPEN : 0) | (ts->missed ? HUD_FLAG_MISSED_SWITCH : 0) | (ts->ticked ? HUD_FLAG_TICKED : 0);
	struct hud_worker *w = worker_of(ts);

	split.delay = split.delay > split.yielded ? split.delay - split.yielded : 0;
	if (open)
		add_open_stretch(ts, &split, now);
	/* the scheduler's own sum of waits is whole, also where a switch was not told */
	if (split.off < split.delay)
		split.off = split.delay;
	if (split.off > wall)
		split.off = wall;
	if (split.delay > split.off)
		split.delay = split.off;
	/* of a poll that is open on another CPU, what was taken until it last left one */
	move_stolen(&split, (open ? ts->stolen_total : stolen_of_thread(ts, task)) - f->stolen_total);
	blocked = split.off - split.delay;
	cpu = wall - split.off;
	/* of a poll that gave its CPU away once and then computed, that place tells nothing */
	sampled = ts->sample_valid == HUD_SAMPLE_TICK || (ts->sample_valid == HUD_SAMPLE_YIELD && split.yielded * 2 >= cpu);
	if (w && !open)
		w->lost_ns += cpu + blocked;
	if (!open && !take_token(HUD_EVENT_POLL, now, config.slow_per_second)) {
		count(HUD_STAT_RATE_LIMITED);
		return;
	}
	if (blocked >= cpu && blocked >= split.delay && ts->block.ns) {
		s = scratch_of(ts, ts->block.scratch);
		stack = HUD_FLAG_STACK_BLOCK;
	} else if (split.delay > cpu && ts->queue.ns) {
		s = scratch_of(ts, ts->queue.scratch);
		stack = HUD_FLAG_STACK_PREEMPT;
	} else if (sampled) {
		s = scratch_of(ts, HUD_SAMPLE_SCRATCH);
		stack = HUD_FLAG_STACK_CPU;
	} else if (blocked > control.threshold_ns && ts->block.ns) {
		/* no tick met the dearer part; the stack of the other tells more than none */
		s = scratch_of(ts, ts->block.scratch);
		stack = HUD_FLAG_STACK_BLOCK;
	}
	if (!s)
		stack = 0;
	if (open || !s) {
		s = own_record(open ? HUD_CPU_SCRATCH_OPEN : HUD_CPU_SCRATCH_POLL, s);
		if (!s)
			return;
	}
	send_poll(s, HUD_EVENT_POLL, flags | stack, ts, task, f, &split, now);

	/* the other part is over the threshold as well: its stack too */
	s = 0;
	if (stack == HUD_FLAG_STACK_BLOCK && cpu > control.threshold_ns && sampled) {
		s = scratch_of(ts, HUD_SAMPLE_SCRATCH);
		stack = HUD_FLAG_STACK_CPU;
	} else if (stack != HUD_FLAG_STACK_BLOCK && blocked > control.threshold_ns && ts->block.ns) {
		s = scratch_of(ts, ts->block.scratch);
		stack = HUD_FLAG_STACK_BLOCK;
	}
	if (s)
		send_poll(s, HUD_EVENT_SECONDARY_STACK, stack, ts, task, f, &split, now);
}

/* What a nested poll did is not its outer poll's: all sums of that one begin later by as much. */
static __always_inline void leave_to_inner(struct poll_frame *outer, struct poll_frame *inner, struct thread_state *ts, struct task_struct *task, u64 wall)
{
	outer->inner_ns += wall;
	outer->off_total += ts->off_total - inner->off_total;
	outer->run_delay += task->sched_info.run_delay - inner->run_delay;
	outer->throttled_total += ts->throttled_total - inner->throttled_total;
	outer->yield_total += ts->yield_total - inner->yield_total;
	outer->stolen_total += stolen_of_thread(ts, task) - inner->stolen_total;
}

static __always_inline void poll_leave(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 now = bpf_ktime_get_ns();
	u64 sp = PT_REGS_SP(ctx), wall, own;
	struct thread_state *ts = find_thread(task);
	struct poll_frame *f;
	struct hud_worker *w;
	u32 depth;
	bool slow;

	/* once disabled, sleeps are not seen any more, so the split of this poll would be wrong */
	if (!ts || !control.enabled)
		return;
	drop_stale_polls(ts);
	if (ts->off_at)
		close_missed_switch(ts, task, now);
	depth = ts->depth;
	if (!depth || depth > HUD_MAX_DEPTH)
		return;
	f = poll_at(ts, depth - 1);
	if (sp != f->sp + HUD_RETURN_SLOT) {
		if (sp < f->sp)
			return; /* the return of a poll that was not timed, nested in ours */
		/* ours was left without a return (or its return was missed): look one frame out */
		count(HUD_STAT_MISSED_RETURNS);
		ts->depth = 0;
		return;
	}
	/* first: from here on no interrupt touches this poll's buffers */
	ts->depth = depth - 1;
	barrier();
	wall = now - f->start_ns;
	own = wall > f->inner_ns ? wall - f->inner_ns : 0;
	if (depth > 1)
		leave_to_inner(poll_at(ts, depth - 2), f, ts, task, wall);
	slow = own > control.threshold_ns;
	add_to_type(f->type, own, slow);
	w = worker_of(ts);
	if (w) {
		w->polls++;
		w->busy_ns += own;
		if (slow)
			w->slow++;
		if (depth > 1) {
			struct poll_frame *outer = poll_at(ts, depth - 2);

			w->current_type = outer->type;
			w->current_start_ns = outer->start_ns;
		} else {
			w->current_type = ~0u;
		}
	}
	if (slow) {
		count(HUD_STAT_SLOW);
		send_slow(ts, task, f, now, own, false);
	}
	/* what follows is the outer one's; where there is none, the next poll asks first */
	if (depth > 1)
		forget_innermost(ts);
}

/*
 * The kernel's own word for it, bpf_session_is_return, takes another argument since 7.0. At a return the instruction
 * pointer is the caller's; the function's address is told at both.
 */
static __always_inline bool is_return(struct pt_regs *ctx)
{
	return PT_REGS_IP(ctx) != bpf_get_func_ip(ctx);
}

/* uprobe.session: one program, entry and return; returning 1 at entry leaves the return probe out */
SEC("uprobe")
int hud_poll_session(struct pt_regs *ctx)
{
	if (is_return(ctx)) {
		poll_leave(ctx);
		return 0;
	}
	return poll_enter(ctx) ? 0 : 1;
}

/* uprobe.multi and perf uprobes: a pair of programs */
SEC("uprobe")
int hud_poll_entry(struct pt_regs *ctx)
{
	poll_enter(ctx);
	return 0;
}

SEC("uretprobe")
int hud_poll_return(struct pt_regs *ctx)
{
	poll_leave(ctx);
	return 0;
}

/* for the measurement of a probe's cost at start-up: the same kind of link around nothing */
SEC("uprobe")
int hud_poll_skip(struct pt_regs *ctx)
{
	return 1;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Times every poll: entry and return of tokio's raw::poll<T, S>, one function per
 * task type. The link's cookie is the index of the type, so nothing is looked up.
 * Three probe modes share the handlers: uprobe.session, a uprobe.multi pair, and a pair
 * of perf uprobes.
 */

enum { HUD_OTHER_STACK = 256 << 10 }; /* polls of one stack that follow one another begin nearly at the same place */

enum { HUD_NOT_TIMED = ~0u };

/* The depth that a poll with this stack pointer has, or HUD_NOT_TIMED. */
static __always_inline u32 depth_of_poll(struct thread_state *ts, u64 sp)
{
	u32 depth = ts->depth;

	/*
	 * Far above the open poll: on another stack, and that poll is going to return. The kernel would take a return probe here
	 * for the proof that it was left, drop its return, and kill the thread when it comes. Nothing is probed, where we have the choice.
	 */
	if (depth > 0 && depth <= HUD_MAX_DEPTH && sp > poll_at(ts, depth - 1)->sp + HUD_OTHER_STACK) {
		count(HUD_STAT_DEPTH_OVERFLOW);
		return HUD_NOT_TIMED;
	}
	/* a frame at or below our stack pointer has been left without a return that we saw */
	if (depth > 0 && depth <= HUD_MAX_DEPTH && poll_at(ts, depth - 1)->sp <= sp) {
		count(HUD_STAT_MISSED_RETURNS);
		depth = depth > 1 && poll_at(ts, depth - 2)->sp > sp ? depth - 1 : 0;
	}
	if (depth >= HUD_MAX_DEPTH) {
		count(HUD_STAT_DEPTH_OVERFLOW);
		return HUD_NOT_TIMED;
	}
	return depth;
}

/* All sums of the thread as they stand at the poll's begin; the clock last. */
static __always_inline void open_frame(struct poll_frame *f, struct thread_state *ts, struct task_struct *task, struct pt_regs *ctx, u32 type)
{
	f->sp = PT_REGS_SP(ctx);
	f->ip = PT_REGS_IP(ctx);
	f->header = PT_REGS_PARM1(ctx);
	f->run_delay = task->sched_info.run_delay;
	f->off_total = ts->off_total;
	f->throttled_total = ts->throttled_total;
	f->stolen_total = stolen_of_thread(ts);
	f->yield_total = ts->yield_total;
	f->inner_ns = 0;
	f->task_id = 0;
	f->have_id = 0;
	f->type = type;
	forget_innermost(ts);
	f->start_ns = bpf_ktime_get_ns();
}

static __always_inline bool is_left_out(u32 type)
{
	struct hud_type_info *info;

	if (!control.sample_mask)
		return false;
	info = bpf_map_lookup_elem(&type_info, &type);
	return info && info->sampled && (bpf_get_prandom_u32() & control.sample_mask);
}

static __always_inline bool enter(struct thread_state *ts, struct task_struct *task, struct pt_regs *ctx, u64 cookie)
{
	u32 depth, pool = cookie >> HUD_POOL_SHIFT;
	struct poll_frame *f;
	struct hud_worker *w;
	u64 woken = 0;

	drop_stale_polls(ts);
	if (ts->off_at)
		close_missed_switch(bpf_ktime_get_ns());
	if (ts->pending)
		settle(pool);
	if (pool) {
		count(HUD_STAT_POOL_TASKS);
		begin_pool_task(ts, pool);
		return false;
	}
	if (control.wake_rate)
		woken = end_wait(ts->target, PT_REGS_PARM1(ctx), cookie);
	if (ts->outside)
		end_outside(bpf_ktime_get_ns());
	ts->role = HUD_ROLE_WORKER;
	depth = depth_of_poll(ts, PT_REGS_SP(ctx));
	if (depth >= HUD_MAX_DEPTH)
		return false;
	count(HUD_STAT_POLLS);
	if (!ts->slot)
		assign_slot(ts, task);
	f = poll_at(ts, depth);
	open_frame(f, ts, task, ctx, cookie);
	f->task_id = woken;
	watch_poll(ts, f);
	if (ts->pool)
		take_over_by_poll(ts, f->header, cookie);
	w = worker_of(ts);
	if (w) {
		w->current_start_ns = f->start_ns;
		w->current_type = f->type;
		if (!w->runtime)
			read_task_identity(ts, f);
	}
	/* last: an interrupt that sees the depth sees a whole frame */
	ts->outside = OUTSIDE_NONE;
	barrier();
	ts->depth = depth + 1;
	return true;
}

/* Returns false when this poll is not timed. */
static __always_inline bool poll_enter(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *ts;
	bool timed;
	u64 cookie;

	if (!control.enabled)
		return false;
	cookie = bpf_get_attach_cookie(ctx);
	if (!(cookie >> HUD_POOL_SHIFT) && is_left_out(cookie)) {
		count(HUD_STAT_SAMPLED_OUT);
		ts = control.wake_rate ? find_thread(task) : 0;
		if (ts)
			end_wait(ts->target, PT_REGS_PARM1(ctx), cookie);
		return false;
	}
	ts = find_or_make_thread(task);
	if (!ts) {
		count(HUD_STAT_FOREIGN_HITS);
		return false;
	}
	read_mail(ts, task);
	ts->busy = 1;
	barrier();
	timed = enter(ts, task, ctx, cookie);
	barrier();
	ts->busy = 0;
	return timed;
}

/* What a nested poll did is not its outer poll's: all sums of that one begin later by as much. */
static __always_inline void leave_to_inner(struct poll_frame *outer, struct poll_frame *inner, struct thread_state *ts, struct task_struct *task, u64 wall)
{
	outer->inner_ns += wall;
	outer->off_total += ts->off_total - inner->off_total;
	outer->run_delay += task->sched_info.run_delay - inner->run_delay;
	outer->throttled_total += ts->throttled_total - inner->throttled_total;
	outer->yield_total += ts->yield_total - inner->yield_total;
	outer->stolen_total += stolen_of_thread(ts) - inner->stolen_total;
}

static __always_inline void leave(struct thread_state *ts, struct task_struct *task, struct pt_regs *ctx, u64 now)
{
	u64 sp = PT_REGS_SP(ctx), wall, own;
	struct poll_frame *f;
	struct hud_worker *w;
	u32 depth;
	bool slow;

	drop_stale_polls(ts);
	if (ts->off_at)
		close_missed_switch(now);
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
	/* first: from here on no wake-up and no walk takes it for open */
	ts->outside = OUTSIDE_NONE;
	ts->left_at = now;
	ts->left_exec = task->se.sum_exec_runtime;
	barrier();
	ts->depth = depth - 1;
	barrier();
	keep_wake_of_poll(ts, f, now);
	wall = now - f->start_ns;
	own = wall > f->inner_ns ? wall - f->inner_ns : 0;
	if (depth > 1)
		leave_to_inner(poll_at(ts, depth - 2), f, ts, task, wall);
	slow = own > control.threshold_ns;
	w = worker_of(ts);
	if (w) {
		if (depth > 1) {
			struct poll_frame *outer = poll_at(ts, depth - 2);

			w->current_type = outer->type;
			w->current_start_ns = outer->start_ns;
		} else {
			w->current_type = ~0u;
		}
	}
	if (slow && depth == 1 && keep_until_next_step(ts, task, f, now))
		return;
	count_poll(ts, f, own, slow);
	if (slow) {
		ts->ended = *f;
		send_ended(false, now, own);
	}
	/* what follows is the outer one's; where there is none, the next poll asks first */
	if (depth > 1)
		forget_innermost(ts);
}

static __always_inline void poll_leave(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 now = bpf_ktime_get_ns();
	struct thread_state *ts = find_thread(task);

	/* once disabled, sleeps are no longer seen, so the split of this poll would be wrong */
	if (!ts || !control.enabled)
		return;
	ts->busy = 1;
	barrier();
	leave(ts, task, ctx, now);
	barrier();
	ts->busy = 0;
}

/*
 * Not by bpf_session_is_return, which takes another argument since 7.0. At a return the instruction pointer is the
 * caller's; bpf_get_func_ip gives the function's address at both.
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

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a runtime's thread does outside of the polls that are timed: in a poll that began before the probes were there, in
 * the future of block_on, in a hook or a callback of a driver. A stretch begins when the thread leaves a poll or comes back
 * from a park, and ends when it enters a poll or parks. It is kept like a poll, of no type; the agent says by its stack what it was.
 */
#ifndef HUD_OUTSIDE_H
#define HUD_OUTSIDE_H

/* 5.14 renamed task_struct::state */
static __always_inline u32 state_of(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return (u32)task->state;
}

static __always_inline bool is_epoll_wait(s32 nr)
{
#if defined(__TARGET_ARCH_x86)
	return nr == 232 || nr == 281 || nr == 441; /* epoll_wait, epoll_pwait, epoll_pwait2 */
#else
	return nr == 22 || nr == 441; /* epoll_pwait, epoll_pwait2 */
#endif
}

static __always_inline bool is_futex_wait(s32 nr)
{
#if defined(__TARGET_ARCH_x86)
	return nr == 202 || nr == 449 || nr == 455; /* futex, futex_waitv, futex_wait */
#else
	return nr == 98 || nr == 449 || nr == 455;
#endif
}

static __always_inline bool is_futex_wake(s32 nr)
{
	return nr == 454 || is_futex_wait(nr); /* futex_wake; futex does both */
}

static __always_inline u32 use_of_futex(struct task_struct *task, u64 address)
{
	u64 key = (u64)(u32)task->tgid << 32 | (u32)address;
	u32 *use = bpf_map_lookup_elem(&futexes, &key);

	return use ? *use : HUD_FUTEX_UNKNOWN;
}

static __always_inline bool is_park(struct task_struct *task, s32 nr, u64 arg)
{
	return is_epoll_wait(nr) || (is_futex_wait(nr) && use_of_futex(task, arg) == HUD_FUTEX_PARK);
}

/* Neither blocking nor load: the thread is held from outside. */
static __always_inline bool is_held(struct task_struct *task, u32 state)
{
	return state & (TASK_STOPPED_BIT | TASK_TRACED_BIT | TASK_FROZEN_BIT) || task->jobctl & JOBCTL_TRAP_FREEZE_BIT;
}

/* Nothing was switched or sampled since `start`, so the thread's sums are those of that moment. */
static __always_inline void begin_outside(struct thread_state *ts, struct task_struct *task, u64 start, u32 how)
{
	struct poll_frame *f = &ts->outside_frame;

	f->start_ns = start;
	f->sp = 0;
	f->ip = 0;
	f->header = 0;
	f->run_delay = task->sched_info.run_delay;
	f->off_total = ts->off_total;
	f->throttled_total = ts->throttled_total;
	f->stolen_total = ts->off_at ? ts->stolen_total : stolen_of_thread(ts);
	f->yield_total = ts->yield_total;
	f->inner_ns = 0;
	f->task_id = 0;
	f->have_id = 0;
	f->type = HUD_TYPE_OUTSIDE;
	forget_innermost(ts);
	ts->queue.scratch = ~0u;
	barrier();
	ts->outside = how;
}

/* The first look at a thread: whatever it does, it did before. One that sleeps is not going to be switched out, so the look stands for it. */
static __always_inline void take_look(struct thread_state *ts, struct task_struct *task)
{
	struct first_look *look = &ts->look;

	if (ts->role != HUD_ROLE_UNKNOWN || ts->depth || ts->outside)
		return;
	begin_outside(ts, task, look->at_ns, OUTSIDE_FIRST);
	ts->outside_frame.run_delay = look->delay;
	ts->outside_frame.stolen_total = look->stolen;
	if (ts->off_at || !look->asleep)
		return;
	ts->off_exec = look->exec;
	ts->off_delay = look->delay;
	ts->off_runnable = 0;
	ts->off_throttled = 0;
	ts->off_stopped = 0;
	ts->wake_at = 0;
	ts->off_by_tgid = 0;
	ts->off_scratch = ~0u;
	ts->off_syscall = look->off_syscall;
	ts->off_arg = look->off_arg;
	ts->off_at = look->at_ns;
}

/* What the iterator over tasks has found out. It only leaves word: a thread's state is written by the thread's own programs. */
static __always_inline void read_mail(struct thread_state *ts, struct task_struct *task)
{
	u32 mail;

	if (!ts->mail || ts->busy)
		return;
	mail = __sync_lock_test_and_set(&ts->mail, 0);
	if (mail & HUD_MAIL_LOOK)
		take_look(ts, task);
	if (mail & HUD_MAIL_ROLE) {
		ts->role = ts->told_role;
		if (ts->role == HUD_ROLE_STRANGER)
			ts->outside = OUTSIDE_NONE;
	}
}

static __always_inline u64 outside_wall(struct thread_state *ts, u64 now)
{
	struct poll_frame *f = &ts->outside_frame;
	u64 wall = now > f->start_ns ? now - f->start_ns : 0;

	return wall > f->inner_ns ? wall - f->inner_ns : 0;
}

enum { HUD_EXEC_LAG_NS = 10000000 }; /* the scheduler's sums are brought up to date at a tick */

/* More of it seems to have been computing than the thread computed: a switch was not reported, and a park may be in it. */
static __always_inline bool missed_a_park(struct thread_state *ts, struct task_struct *task, u64 wall)
{
	u64 off = ts->off_total - ts->outside_frame.off_total;
	u64 ran = task->se.sum_exec_runtime - ts->left_exec;

	return ts->outside == OUTSIDE_OPEN && wall > off && wall - off > ran + HUD_EXEC_LAG_NS;
}

/* At its end, when the thread polls or parks: is it to be reported? */
static __always_inline bool is_worth_a_record(struct thread_state *ts, struct task_struct *task, u64 wall)
{
	u64 waited = task->sched_info.run_delay - ts->outside_frame.run_delay;
	bool slow = wall > waited && wall - waited > control.threshold_ns;

	if (slow && missed_a_park(ts, task, wall)) {
		count(HUD_STAT_MISSED_SWITCHES);
		slow = false;
	}
	/* the clock or a switch must have met it: without any stack there is no saying what it was */
	return (slow || ts->outside == OUTSIDE_UNSURE) && ts->slot && (ts->ticked || ts->block.ns || ts->queue.ns);
}

/* Its end, of the current thread. A global function: the verifier goes through it once, and not in every place that calls it. */
__noinline int end_outside(u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *ts = find_thread(task);

	u64 wall;

	if (!ts)
		return 0;
	wall = outside_wall(ts, now);
	if (is_worth_a_record(ts, task, wall)) {
		ts->ended = ts->outside_frame;
		send_ended(true, now, wall);
	}
	ts->outside = OUTSIDE_NONE;
	return 0;
}

/*
 * Is there a stretch that the switch or the clock tick of this moment belongs to? While polls are sampled those that are not
 * timed look the same, so only one that began before is kept.
 */
static __always_inline bool in_outside(struct thread_state *ts, struct task_struct *task, u64 now)
{
	if (ts->outside)
		return true;
	if (ts->role != HUD_ROLE_WORKER || control.sample_mask || is_sched_only(ts))
		return false;
	begin_outside(ts, task, ts->left_at ? ts->left_at : now, OUTSIDE_OPEN);
	return true;
}

#endif

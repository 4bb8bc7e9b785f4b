/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * From the moment a task is woken to its poll. Tokio calls the vtable's slot `schedule` once for each wake that makes an idle task ready
 * (transition_to_notified_by_* in tokio/src/runtime/task/state.rs); further wakes until the poll do nothing, so that each call is the first
 * moment. A wake during the task's own poll sets a bit, and the task goes back to the queue when the poll ends: from there it waits.
 * A task that was just spawned is queued without that slot by some schedulers and with it by others; its first poll follows no wake.
 */
#ifndef HUD_WAKES_H
#define HUD_WAKES_H

/* tokio/src/runtime/task/state.rs, unchanged from 1.23 to 1.53 */
enum {
	TASK_RUNNING = 1,
	TASK_COMPLETE = 2,
	TASK_NOTIFIED = 4,
	TASK_REFS_SHIFT = 6,
	TASK_SPAWNED = 3 << 6 | 8 | 4, /* INITIAL_STATE: three references, a JoinHandle, notified; later there are others */
	TASK_MOST_REFS = 1 << 24,      /* of memory that is a task's no more, this word is often a pointer */
};

struct task_header {
	u64 state;
	u64 queue_next;
	u64 vtable;
};

/* tokio/src/runtime/task/raw.rs, since 1.23: slot 1 and what follows to the offset of the id */
struct task_vtable {
	u64 schedule;
	u64 others[5];
	u64 trailer_offset;
	u64 scheduler_offset;
	u64 id_offset;
};

enum { VTABLE_SCHEDULE = 8, MOST_ID_OFFSET = 1 << 12 };

/* The place of the target, how often that place was given before, and the address: what an earlier process left is of none that came later. */
static __always_inline u64 wake_key(u32 target, u64 header)
{
	u64 turn = (u64)(target / HUD_MAX_TARGETS) << HUD_WAKE_TURN_SHIFT;

	return (u64)target << HUD_WAKE_TARGET_SHIFT | ((header ^ turn) & ((1ULL << HUD_WAKE_TARGET_SHIFT) - 1));
}

#if defined(__TARGET_ARCH_x86)
/* Each load has an offset of its own in its code: the compiler may make one load of several, at an offset that the verifier refuses. */
#define HUD_REGISTER(number, name) case number: \
	asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(value) : "r"(ctx), "i"(__builtin_offsetof(struct hud_saved_regs, name))); break

struct hud_saved_regs { /* struct pt_regs, part of the kernel's user ABI */
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

static __always_inline u64 register_of(struct pt_regs *ctx, u32 number)
{
	u64 value = 0;

	switch (number) {
	HUD_REGISTER(0, ax);
	HUD_REGISTER(1, dx);
	HUD_REGISTER(2, cx);
	HUD_REGISTER(3, bx);
	HUD_REGISTER(4, si);
	HUD_REGISTER(5, di);
	HUD_REGISTER(6, bp);
	HUD_REGISTER(8, r8);
	HUD_REGISTER(9, r9);
	HUD_REGISTER(10, r10);
	HUD_REGISTER(11, r11);
	HUD_REGISTER(12, r12);
	HUD_REGISTER(13, r13);
	HUD_REGISTER(14, r14);
	HUD_REGISTER(15, r15);
	}
	return value;
}
#else
static __always_inline u64 register_of(struct pt_regs *ctx, u32 number)
{
	return PT_REGS_PARM1(ctx); /* there a function's first instruction can always be probed */
}
#endif

static __always_inline u64 woken_header(struct pt_regs *ctx, u64 cookie)
{
	u64 header = 0, offset = cookie >> HUD_WAKE_OFFSET_SHIFT & HUD_WAKE_OFFSET_MASK;

	if (!(cookie & HUD_WAKE_ON_STACK))
		return register_of(ctx, cookie & HUD_WAKE_REGISTER_MASK);
	bpf_probe_read_user(&header, sizeof(header), (void *)(PT_REGS_SP(ctx) + offset));
	return header;
}

/* The task's id, or 0 where there is no task of this scheduler. */
static __always_inline u64 woken_task(u64 header, struct task_header *task, u64 cookie)
{
	struct task_vtable vtable;
	u64 id = 0;

	if (bpf_probe_read_user(&vtable, sizeof(vtable), (void *)(task->vtable + VTABLE_SCHEDULE)))
		return 0;
	if (cookie & HUD_WAKE_CHECKED && (vtable.schedule & HUD_WAKE_SLOT_MASK) != (cookie >> HUD_WAKE_SLOT_SHIFT & HUD_WAKE_SLOT_MASK))
		return 0;
	if (vtable.id_offset > MOST_ID_OFFSET || bpf_probe_read_user(&id, sizeof(id), (void *)(header + vtable.id_offset)))
		return 0;
	return id;
}

static __always_inline struct wake_set *wakes_beside(u64 key)
{
	u32 index = key * 0x9e3779b97f4a7c15ULL >> (64 - WAKE_SETS_SHIFT); /* 2^64 / golden ratio: its highest bits are the best mixed */

	return bpf_map_lookup_elem(&wakes, &index);
}

static __always_inline u64 age_of(struct wake *place)
{
	return place->at_ns & ~WAKE_IN_POLL;
}

/*
 * Keeps a wake of `at`, or a place for one of a poll. `since`: what is kept from before is of a wake whose poll was not seen. A global
 * function, as end_outside.
 */
__noinline int keep_wake(u64 key, u64 task_id, u32 weight, u64 since, u64 at)
{
	struct wake_set *set = wakes_beside(key);
	struct wake *place, *same = 0;
	bool is_wake;
	u64 had;

	if (!set)
		return 0;
	place = &set->wakes[0];
#pragma unroll
	for (u32 i = 0; i < WAKES_IN_SET; i++) {
		if (set->wakes[i].key == key)
			same = &set->wakes[i];
		if (age_of(&set->wakes[i]) < age_of(place))
			place = &set->wakes[i];
	}
	is_wake = same && !(same->at_ns & WAKE_IN_POLL);
	if (is_wake && same->at_ns >= since)
		return 0;
	if (same)
		place = same;
	else
		is_wake = !(place->at_ns & WAKE_IN_POLL);
	had = place->key;
	if (had && is_wake && place->epoch == (u16)control.wake_epoch && (!same || place->task_id == task_id))
		count(HUD_STAT_WAKES_LOST);
	if (had == WAKE_BUSY || __sync_val_compare_and_swap(&place->key, had, WAKE_BUSY) != had) {
		count(HUD_STAT_WAKES_LOST);
		return 0;
	}
	place->at_ns = at;
	place->task_id = task_id;
	place->weight = weight;
	place->by_tid = bpf_get_current_pid_tgid();
	place->epoch = control.wake_epoch;
	__sync_lock_test_and_set(&place->key, key);
	return 0;
}

/* Takes what is kept of this task out, if anything is. */
static __always_inline bool take_wake(u64 key, struct wake *wake)
{
	struct wake_set *set = wakes_beside(key);
	struct wake *kept = 0;

	if (!set)
		return false;
#pragma unroll
	for (u32 i = 0; i < WAKES_IN_SET; i++) {
		if (set->wakes[i].key == key)
			kept = &set->wakes[i];
	}
	if (!kept || __sync_val_compare_and_swap(&kept->key, key, WAKE_BUSY) != key)
		return false;
	*wake = *kept;
	kept->at_ns = 0;
	__sync_lock_test_and_set(&kept->key, 0);
	return true;
}

/* `power`: log2 of the delay. */
static __always_inline void add_long_wait(u32 type, u64 delay, u32 power, u32 weight)
{
	struct hud_long_waits *waits = bpf_map_lookup_elem(&long_waits, &type);
	u32 step = delay >> (power - HUD_LONG_SHIFT) & ((1 << HUD_LONG_SHIFT) - 1);
	u64 slot = (power - HUD_LONG_FROM) << HUD_LONG_SHIFT | step;

	if (!waits || slot >= HUD_LONG_SLOTS)
		return;
	/* for the verifier: that of 6.1 does not carry the comparison over to the index */
	asm volatile("%0 &= %1" : "+r"(slot) : "i"(HUD_LONG_SLOTS - 1));
	__sync_fetch_and_add(&waits->hist[slot], weight);
}

static __always_inline void add_wake(u32 type, u64 delay, u32 weight)
{
	struct hud_wake_stats *stats_of_type = bpf_map_lookup_elem(&wake_stats, &type);
	u32 slot = log2_slot(delay);

	if (!stats_of_type) {
		count(HUD_STAT_TYPE_OUT_OF_RANGE);
		return;
	}
	stats_of_type->wakes += weight;
	stats_of_type->total_ns += delay * weight;
	if (delay > stats_of_type->max_ns)
		stats_of_type->max_ns = delay;
	if (slot < HUD_HIST_SLOTS)
		stats_of_type->hist[slot] += weight;
	if (slot >= HUD_LONG_FROM)
		add_long_wait(type, delay, slot, weight);
}

/* A long wait, for the agent to find what the workers did meanwhile. */
static __always_inline void send_wait(u32 target, u64 header, u32 type, struct hud_type_info *info, struct wake *wake, u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hud_wait *wait;

	if (!take_token(HUD_EVENT_WAIT, now, config.slow_per_second)) {
		count(HUD_STAT_WAITS_LIMITED);
		return;
	}
	wait = bpf_ringbuf_reserve(&events, sizeof(*wait), 0);
	if (!wait) {
		count(HUD_STAT_RING_DROPS);
		return;
	}
	wait->kind = HUD_EVENT_WAIT;
	wait->flags = wake->by_tid == (u32)bpf_get_current_pid_tgid() ? HUD_WAIT_OWN_QUEUE : 0;
	wait->target = target;
	wait->type = type;
	wait->ns_tid = ns_tid(task);
	wait->weight = wake->weight;
	wait->wake_ns = wake->at_ns;
	wait->poll_ns = now;
	wait->runtime = 0;
	if (info->scheduler_offset)
		bpf_probe_read_user(&wait->runtime, sizeof(wait->runtime), (void *)(header + info->scheduler_offset));
	bpf_ringbuf_submit(wait, wakeup());
	count(HUD_STAT_EVENTS);
}

/*
 * A poll begins, timed or not: the wait of its task is over. Returns the task's id, 0 where it is not known. A global function, as
 * end_outside.
 */
__noinline u64 end_wait(u32 target, u64 header, u32 type)
{
	u64 key = wake_key(target, header), now, id = 0;
	struct hud_type_info *info = bpf_map_lookup_elem(&type_info, &type);
	struct wake wake;

	if (!info || !info->task_id_offset || bpf_probe_read_user(&id, sizeof(id), (void *)(header + info->task_id_offset)))
		return 0;
	if (!take_wake(key, &wake))
		return id;
	if (wake.at_ns & WAKE_IN_POLL) {
		/* the return of the poll before has not been seen yet: the task was woken during it, or it was left by a panic */
		count(HUD_STAT_WAKES_LOST);
		return id;
	}
	now = bpf_ktime_get_ns();
	if (wake.epoch != (u16)control.wake_epoch || wake.task_id != id || now < wake.at_ns)
		return id;
	add_wake(type, now - wake.at_ns, wake.weight);
	if (now - wake.at_ns > control.threshold_ns)
		send_wait(target, header, type, info, &wake, now);
	return id;
}

/* The bits of a task's state that say what it does; 0 where it can't be known: after a last poll its memory may be another's. */
static __always_inline u32 stage_of(u64 header)
{
	u64 state = 0;

	if (bpf_probe_read_user(&state, sizeof(state), (void *)header) || state >> TASK_REFS_SHIFT > TASK_MOST_REFS)
		return 0;
	return state & (TASK_RUNNING | TASK_COMPLETE | TASK_NOTIFIED);
}

/*
 * Tokio puts a task that was woken during its poll into a queue before that poll returns, so another worker may begin the next one before
 * our return probe. While all wakes are timed, one that is kept too late gives way to the next. While some are left out the next may be
 * one of those, and the moment would be taken for the beginning of a later wait, longer than any. So the place is taken when the
 * poll begins: whichever poll of the task is next finds it and takes it away, and the return probe then finds it gone.
 */

/* How many polls' ends this poll's stands for, with those that are not timed; 0 where it is left out, or where all are looked at. */
static __always_inline u32 weight_of_end(u32 type)
{
	u32 rate = control.wake_rate, polls = 1;
	struct hud_type_info *info;

	if (control.sample_mask) {
		info = bpf_map_lookup_elem(&type_info, &type);
		if (info && info->sampled)
			polls = control.sample_mask + 1;
	}
	if (rate <= polls)
		return polls > 1 ? polls : 0;
	return bpf_get_prandom_u32() & (rate / polls - 1) ? 0 : rate;
}

static __always_inline void watch_poll(struct thread_state *ts, struct poll_frame *f)
{
	u32 weight;

	f->watched = 0;
	if (!f->task_id || (control.wake_rate <= 1 && !control.sample_mask))
		return;
	weight = weight_of_end(f->type);
	if (!weight)
		return;
	f->watched = 1;
	keep_wake(wake_key(ts->target, f->header), f->task_id, weight, f->start_ns, f->start_ns | WAKE_IN_POLL);
}

/*
 * A watched poll has ended. Its place becomes that of a wake in one step, so that the next poll finds the one or the other; without a wake
 * it is free again. A global function, as end_outside.
 */
__noinline int end_watch(u64 key, u64 start_ns, u64 woken_ns)
{
	struct wake_set *set = wakes_beside(key);
	struct wake *place = 0;

	if (!set)
		return 0;
	start_ns |= WAKE_IN_POLL;
#pragma unroll
	for (u32 i = 0; i < WAKES_IN_SET; i++) {
		if (set->wakes[i].key == key && set->wakes[i].at_ns == start_ns)
			place = &set->wakes[i];
	}
	if (!place)
		return 0;
	if (woken_ns) {
		__sync_val_compare_and_swap(&place->at_ns, start_ns, woken_ns);
		return 0;
	}
	if (__sync_val_compare_and_swap(&place->key, key, WAKE_BUSY) != key)
		return 0;
	if (place->at_ns == start_ns) {
		place->at_ns = 0;
		key = 0;
	}
	__sync_lock_test_and_set(&place->key, key);
	return 0;
}

/* A poll has ended: whether its task was woken meanwhile. */
static __always_inline void keep_wake_of_poll(struct thread_state *ts, struct poll_frame *f, u64 now)
{
	u64 key = wake_key(ts->target, f->header);
	u32 stage;

	if (f->watched) {
		end_watch(key, f->start_ns, stage_of(f->header) == TASK_NOTIFIED ? now : 0);
		return;
	}
	if (control.wake_rate != 1 || !f->task_id)
		return;
	stage = stage_of(f->header);
	if (stage == TASK_NOTIFIED)
		keep_wake(key, f->task_id, 1, f->start_ns, now);
	else if (stage & TASK_RUNNING)
		count(HUD_STAT_WAKES_LOST); /* its next poll has begun already */
}

#endif

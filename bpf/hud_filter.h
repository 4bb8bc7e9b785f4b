/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Whose event is it, is there a token for it, and where does it go. */
#ifndef HUD_FILTER_H
#define HUD_FILTER_H

static __always_inline void count(u32 stat)
{
	u64 *value = bpf_map_lookup_elem(&stats, &stat);

	if (value)
		(*value)++;
}

/* Two loads and a shift: this is all that most context switches of the node pay. */
static __always_inline bool maybe_target(u32 tgid)
{
	return control.target_bits[(tgid >> 6) & 63] >> (tgid & 63) & 1;
}

/* The thread's state, or NULL when it is not a target's or has none yet. */
static __always_inline struct thread_state *find_thread(struct task_struct *task)
{
	return bpf_task_storage_get(&threads, task, 0, 0);
}

/* The same, made on first use when the process is a target. */
static __always_inline struct thread_state *find_or_make_thread(struct task_struct *task)
{
	struct thread_state *ts = bpf_task_storage_get(&threads, task, 0, 0);
	u32 tgid, *index;

	if (ts)
		return ts;
	tgid = task->tgid;
	index = bpf_map_lookup_elem(&targets, &tgid);
	if (!index)
		return 0;
	ts = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!ts) {
		count(HUD_STAT_NO_THREAD_STATE);
		return 0;
	}
	ts->target = *index;
	ts->epoch = control.epoch;
	return ts;
}

/*
 * The open poll at this depth. The mask is for the verifier; the compiler knows that it changes nothing, and verifiers
 * before 6.2 do not, so it is kept from looking through it.
 */
static __always_inline struct poll_frame *poll_at(struct thread_state *ts, u64 index)
{
	asm volatile("" : "+r"(index));
	return &ts->poll[index & (HUD_MAX_DEPTH - 1)];
}

/* No poll of this thread's process is timed, for now or at all. */
static __always_inline bool is_sched_only(struct thread_state *ts)
{
	return control.sched_only >> (ts->target & (HUD_MAX_TARGETS - 1)) & 1;
}

/* Probes were detached and attached again: returns of polls open at that time were not seen. */
static __always_inline void drop_stale_polls(struct thread_state *ts)
{
	u32 epoch = control.epoch;

	if (ts->epoch != epoch) {
		ts->epoch = epoch;
		ts->depth = 0;
		ts->pending = 0;
	}
}

/* Refilled by time, a quarter of a second of burst. Per CPU, so no atomics. */
static __always_inline bool take_token(u32 kind, u64 now, u64 per_second)
{
	struct bucket *b = bpf_map_lookup_elem(&buckets, &kind);
	u64 full = per_second * 1000000000ULL / 4, have;

	if (!b)
		return false;
	/* a token is 1e9 units; per_second units arrive each nanosecond */
	have = b->last_ns ? b->tokens + (now - b->last_ns) * per_second : full;
	if (have > full || now - b->last_ns > 1000000000ULL)
		have = full;
	b->last_ns = now;
	if (have < 1000000000ULL) {
		b->tokens = have;
		return false;
	}
	b->tokens = have - 1000000000ULL;
	return true;
}

/* The id of a task in the pid namespace at the agent's depth; 0 when it is not visible there. */
static __always_inline u32 pid_at_level(struct pid *pid, u32 level)
{
	struct upid *numbers = bpf_core_field_exists(pid->numbers) ? &pid->numbers[0] : 0;
	u32 own = BPF_CORE_READ(pid, level), nr = 0;

	if (level > own || level > 31)
		return 0;
	/* 64 bits: verifiers before 6.2 take a product of 32 for unbounded */
	bpf_probe_read_kernel(&nr, sizeof(nr), (void *)numbers + (u64)level * bpf_core_type_size(struct upid));
	return nr;
}

static __always_inline u32 ns_tid(struct task_struct *task)
{
	return pid_at_level(BPF_CORE_READ(task, thread_pid), control.ns_level);
}

static __always_inline struct hud_worker *worker_of(struct thread_state *ts)
{
	u32 slot = ts->slot;

	if (!slot)
		return 0;
	slot--;
	return bpf_map_lookup_elem(&workers, &slot);
}

static __always_inline struct hud_scratch *scratch_of(struct thread_state *ts, u32 which)
{
	u32 slot = ts->slot, key;

	if (!slot || which == ~0u)
		return 0;
	key = (slot - 1) * HUD_SCRATCH_PER_THREAD + (which & (HUD_SCRATCH_PER_THREAD - 1));
	return bpf_map_lookup_elem(&scratch, &key);
}

static __always_inline struct hud_scratch *scratch_of_cpu(void)
{
	u32 key = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&cpu_scratch, &key);
}

/*
 * Gives a thread its slot; called once a thread polls (or, without probes, once it is seen). The thread and the iterator over tasks may do
 * so at the same time: the first one's is taken, and the other slot is free again.
 */
static __always_inline void assign_slot(struct thread_state *ts, struct task_struct *task)
{
	struct hud_worker *w;
	u32 slot;

	if (bpf_map_pop_elem(&free_slots, &slot)) {
		if (control.slots_used >= config.slot_count) {
			count(HUD_STAT_NO_SLOT);
			return;
		}
		slot = __sync_fetch_and_add(&control.slots_used, 1);
	}
	w = bpf_map_lookup_elem(&workers, &slot);
	if (!w) {
		count(HUD_STAT_NO_SLOT);
		return;
	}
	w->tgid = task->tgid;
	w->tid = task->pid;
	w->ns_tid = ns_tid(task);
	w->target = ts->target;
	w->current_type = ~0u;
	w->used = 1;
	if (__sync_val_compare_and_swap(&ts->slot, 0, slot + 1)) {
		w->used = 0;
		w->tid = 0;
		bpf_map_push_elem(&free_slots, &slot, 0);
	}
}

/* The agent drains on a timer; only a filling buffer wakes it at once. */
static __always_inline u64 wakeup(void)
{
	u64 waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	u64 size = bpf_ringbuf_query(&events, BPF_RB_RING_SIZE);

	return waiting * 4 > size ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline void send(struct hud_event *event, u64 bytes)
{
	if (bytes > sizeof(struct hud_scratch))
		bytes = sizeof(struct hud_scratch);
	if (bpf_ringbuf_output(&events, event, bytes, wakeup()))
		count(HUD_STAT_RING_DROPS);
	else
		count(HUD_STAT_EVENTS);
}

/* An event without a stack is made where the agent reads it: no other program can reach that place. Zeros, or NULL; then send_in_place. */
static __always_inline struct hud_event *event_in_place(void)
{
	struct hud_event *event = bpf_ringbuf_reserve(&events, sizeof(struct hud_event), 0);

	if (event)
		__builtin_memset(event, 0, sizeof(*event));
	else
		count(HUD_STAT_RING_DROPS);
	return event;
}

static __always_inline void send_in_place(struct hud_event *event)
{
	bpf_ringbuf_submit(event, wakeup());
	count(HUD_STAT_EVENTS);
}

/* A record and the slice behind it. The verifier wants to see the bound. */
static __always_inline void send_with_stack(struct hud_scratch *s)
{
	u32 bytes = s->event.stack_bytes;

	if (bytes > HUD_STACK_BYTES)
		bytes = s->event.stack_bytes = 0;
	send(&s->event, sizeof(struct hud_event) + bytes);
}

/* A global function: what the verifier learns of `slot` in its branches would else multiply the states of whatever comes next. */
__noinline u32 log2_slot(u64 ns)
{
	u32 slot = 0;

	if (ns >> 32) { slot += 32; ns >>= 32; }
	if (ns >> 16) { slot += 16; ns >>= 16; }
	if (ns >> 8) { slot += 8; ns >>= 8; }
	if (ns >> 4) { slot += 4; ns >>= 4; }
	if (ns >> 2) { slot += 2; ns >>= 2; }
	if (ns >> 1) slot += 1;
	if (slot >= HUD_HIST_SLOTS)
		slot = HUD_HIST_SLOTS - 1;
	asm volatile("" : "+r"(slot)); /* or the compiler takes the callers' checks out, which the verifier needs */
	return slot;
}

#endif

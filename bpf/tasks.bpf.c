/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Walks all tasks on request. The agent may live in a pid namespace of its own (a
 * node in a container), and tracepoints use kernel ids: the first walk
 * translates between the two. The second reports polls that are open right now.
 */

static long (*const seq_write)(struct seq_file *m, const void *data, u32 len) = (void *)127;

SEC("iter/task")
int hud_resolve(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct hud_task_record record = {};
	struct pid *pid;
	u32 level, own, wanted_tgid;

	if (!task)
		return 0;
	pid = BPF_CORE_READ(task, thread_pid);
	if (!pid)
		return 0;
	own = BPF_CORE_READ(pid, level);
	for (level = 0; level < 32 && level <= own; level++) {
		struct pid_namespace *ns = 0;
		u32 inum;

		bpf_probe_read_kernel(&ns, sizeof(ns), (void *)&pid->numbers[0] + level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
		inum = BPF_CORE_READ(ns, ns.inum);
		if (inum == config.own_pid_namespace)
			break;
	}
	if (level > own || level >= 32)
		return 0;
	wanted_tgid = pid_at_level(BPF_CORE_READ(task, group_leader, thread_pid), level);
	if (!bpf_map_lookup_elem(&wanted, &wanted_tgid))
		return 0;
	record.tgid = task->tgid;
	record.tid = task->pid;
	record.ns_tgid = wanted_tgid;
	record.ns_tid = pid_at_level(pid, level);
	record.ns_level = level;
	seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

/* Everything else of a thread's state is written by its own programs. With the word's bit comes what was written before it. */
static __always_inline void leave_word(struct thread_state *ts, u32 word)
{
	if (__sync_fetch_and_or(&ts->mail, word) & word)
		barrier();
}

/* As stolen_of_cpu, of the CPU of a thread that may run on another one. */
static __always_inline u64 stolen_of_its_cpu(struct task_struct *task)
{
	if (!bpf_core_field_exists(task->se.cfs_rq->rq->prev_steal_time_rq))
		return 0;
	return BPF_CORE_READ(task, se.cfs_rq, rq, prev_steal_time_rq);
}

/* The first look at a thread, for its own programs to take over. */
static __always_inline void look_first(struct thread_state *ts, struct task_struct *task, u64 now)
{
	u32 state = state_of(task);
	struct first_look *look = &ts->look;
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	look->asleep = (state & 0xff) && !is_held(task, state);
	look->exec = task->se.sum_exec_runtime;
	look->delay = task->sched_info.run_delay;
	look->stolen = look->asleep || ts->off_at ? ts->stolen_total : ts->stolen_total + stolen_of_its_cpu(task) - ts->stolen_base;
	look->off_syscall = HUD_REGS_SYSCALL(regs);
	look->off_arg = HUD_REGS_ARG1(regs);
	look->at_ns = now;
	leave_word(ts, HUD_MAIL_LOOK);
}

/* Its stack can't be read from here: the agent does it, and asks again whether it still slept then. */
static __always_inline void report_sleeper(struct bpf_iter__task *ctx, struct thread_state *ts, struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct hud_sleeper sleeper = {};

	sleeper.target = ts->target;
	sleeper.tid = task->pid;
	sleeper.ns_tid = ns_tid(task);
	sleeper.syscall = ts->off_syscall;
	sleeper.syscall_arg = ts->off_arg;
	sleeper.off_at_ns = ts->off_at;
	sleeper.switches = task->nvcsw + task->nivcsw;
	HUD_COPY_REGS(&sleeper.regs, regs);
	seq_write(ctx->meta->seq, &sleeper, sizeof(sleeper));
}

static __always_inline void tell_role(struct thread_state *ts, struct task_struct *task)
{
	u32 tid = task->pid, *role;

	role = bpf_map_lookup_elem(&roles, &tid);
	if (!role)
		return;
	ts->told_role = *role;
	leave_word(ts, HUD_MAIL_ROLE);
	bpf_map_delete_elem(&roles, &tid);
}

/*
 * The thread as it stands, with what there is word of, for this walk alone. NULL where it went into or out of something while it was copied:
 * what it was in cannot have been long then. A begin is the identity of a poll and of a stretch, so the same one before and after is the same.
 */
static __always_inline struct thread_state *copy_of(struct thread_state *ts, struct task_struct *task)
{
	u32 first = 0;
	struct walk *walk = bpf_map_lookup_elem(&walks, &first);
	struct thread_state *copy;
	u32 depth;

	if (!walk)
		return 0;
	copy = &walk->thread;
	if (bpf_probe_read_kernel(copy, sizeof(*copy), ts))
		return 0;
	barrier();
	depth = copy->depth;
	if (ts->depth != depth || ts->outside_frame.start_ns != copy->outside_frame.start_ns)
		return 0;
	if (depth && depth <= HUD_MAX_DEPTH && poll_at(ts, depth - 1)->start_ns != poll_at(copy, depth - 1)->start_ns)
		return 0;
	copy->busy = 0;
	drop_stale_polls(copy);
	read_mail(copy, task);
	return copy;
}

/* Polls over the threshold that have not returned, and stretches outside of polls: a service that hangs would show nothing otherwise. */
SEC("iter/task")
int hud_open_polls(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct thread_state *live, *ts;
	struct poll_frame *f;
	bool asleep, parked;
	u32 depth;
	u64 now, wall;

	if (!task || !maybe_target(task->tgid) || task->flags & PF_KTHREAD)
		return 0;
	live = find_or_make_thread(task);
	if (!live)
		return 0;
	now = bpf_ktime_get_ns();
	if (!live->look.at_ns)
		look_first(live, task, now);
	tell_role(live, task);
	ts = copy_of(live, task);
	if (!ts)
		return 0;
	depth = ts->depth;
	if (depth > HUD_MAX_DEPTH || ts->role == HUD_ROLE_STRANGER || ts->role == HUD_ROLE_POOL)
		return 0;
	if (ts->off_at && ts->off_stopped)
		return 0;
	if (depth) {
		f = poll_at(ts, depth - 1);
		wall = now > f->start_ns ? now - f->start_ns : 0;
		wall = wall > f->inner_ns ? wall - f->inner_ns : 0;
		if (wall > control.threshold_ns && !handover_of(task->pid, f))
			send_slow(ts, task, f, false, now, wall, true);
		return 0;
	}
	asleep = ts->off_at && !ts->off_runnable;
	/* the agent may have learned this park since the thread fell asleep */
	parked = asleep && is_park(task, ts->off_syscall, ts->off_arg);
	if (asleep && ts->off_scratch == ~0u && (ts->role == HUD_ROLE_UNKNOWN || (ts->outside && !parked)))
		report_sleeper(ctx, ts, task);
	if (parked)
		return 0;
	wall = outside_wall(ts, now);
	if (!ts->outside || wall <= control.threshold_ns)
		return 0;
	if (!ts->slot) {
		assign_slot(live, task);
		ts->slot = live->slot;
	}
	send_slow(ts, task, &ts->outside_frame, true, now, wall, true);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Threads and processes of the targets come, change their program or name, and go. */

static __always_inline int emit_lifecycle(struct task_struct *task, u32 lifecycle)
{
	u32 tgid = task->tgid, *index;
	struct hud_event *e;

	/* an execve counts from the moment when a process is a target: probes are put on before the rest is counted */
	if (!maybe_target(tgid) || (!control.enabled && lifecycle != HUD_LIFECYCLE_EXEC))
		return 0;
	index = bpf_map_lookup_elem(&targets, &tgid);
	if (!index)
		return 0;
	e = event_in_place();
	if (!e)
		return 0;
	e->kind = HUD_EVENT_LIFECYCLE;
	e->type = lifecycle;
	e->target = *index;
	e->tgid = tgid;
	e->tid = task->pid;
	e->ns_tid = ns_tid(task);
	e->slot = ~0u;
	e->time_ns = bpf_ktime_get_ns();
	bpf_probe_read_kernel(e->comm, sizeof(e->comm), task->comm);
	send_in_place(e);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(hud_fork, struct task_struct *parent, struct task_struct *child)
{
	bool thread = parent->tgid == child->tgid;
	struct thread_state *ts;

	if (thread && maybe_target(child->tgid) && control.enabled) {
		ts = find_or_make_thread(child);
		if (ts)
			note_spawner(ts, parent, bpf_ktime_get_ns());
	}

	/* a forked process isn't a target; it is reported under its parent */
	return emit_lifecycle(thread ? child : parent, thread ? HUD_LIFECYCLE_THREAD_BORN : HUD_LIFECYCLE_PROCESS_BORN);
}

/* The thread's slot is its own no longer. */
static __always_inline void leave_slot(struct thread_state *ts)
{
	struct hud_worker *w = worker_of(ts);

	if (!w)
		return;
	w->used = 2;
	w->current_type = ~0u;
}

/* What goes on with this pid is another program: a target only when the agent says so again, and then another one. Its one thread begins anew. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(hud_exec, struct task_struct *task)
{
	u32 tgid = task->tgid;
	struct thread_state *ts;

	emit_lifecycle(task, HUD_LIFECYCLE_EXEC);
	if (!maybe_target(tgid) || bpf_map_delete_elem(&targets, &tgid))
		return 0;
	ts = find_thread(task);
	if (!ts)
		return 0;
	leave_slot(ts);
	bpf_task_storage_delete(&threads, task);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(hud_exit, struct task_struct *task)
{
	struct thread_state *ts;

	if (!maybe_target(task->tgid))
		return 0;
	ts = find_thread(task);
	if (ts) {
		ts->depth = 0;
		ts->outside = OUTSIDE_NONE;
		leave_slot(ts);
	}
	/* the leader may go first: the agent looks at /proc before it calls the process gone */
	return emit_lifecycle(task, task->pid == task->tgid ? HUD_LIFECYCLE_PROCESS_EXIT : HUD_LIFECYCLE_THREAD_EXIT);
}

SEC("tp_btf/task_rename")
int BPF_PROG(hud_rename, struct task_struct *task)
{
	return emit_lifecycle(task, HUD_LIFECYCLE_RENAME);
}

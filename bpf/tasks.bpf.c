/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Walks all tasks on request. The agent may live in a pid namespace of its own (a
 * node in a container), and tracepoints speak of kernel ids: the first walk
 * translates between the two. The second tells polls that are open right now.
 */

static long (*const seq_write)(struct seq_file *m, const void *data, u32 len) = (void *)127;

SEC("iter/task")
int hud_resolve(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct hud_task_record record = {};
	struct pid *pid;
	u32 level, own, wanted_tgid;

	if (!task)
		return 0;
	pid = task->thread_pid;
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
	leader = task->group_leader;
	wanted_tgid = pid_at_level(BPF_CORE_READ(leader, thread_pid), level);
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

/* Polls over the threshold that have not returned: a service that hangs would show nothing otherwise. */
SEC("iter/task")
int hud_open_polls(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct thread_state *ts;
	struct poll_frame *f;
	u32 depth;
	u64 now, wall;

	if (!task || !maybe_target(task->tgid))
		return 0;
	ts = find_thread(task);
	if (!ts || ts->epoch != control.epoch)
		return 0;
	depth = ts->depth;
	if (!depth || depth > HUD_MAX_DEPTH)
		return 0;
	f = poll_at(ts, depth - 1);
	now = bpf_ktime_get_ns();
	wall = now > f->start_ns ? now - f->start_ns : 0;
	wall = wall > f->inner_ns ? wall - f->inner_ns : 0;
	if (ts->off_at && ts->off_stopped)
		return 0;
	if (wall > control.threshold_ns)
		send_slow(ts, task, f, now, wall, true);
	return 0;
}

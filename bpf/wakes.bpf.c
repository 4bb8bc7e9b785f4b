/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A task is woken: in raw::schedule or where that leads to, one place for each kind of scheduler. Where the header is at that place
 * is in the link's cookie. Any thread may wake a task.
 */

SEC("uprobe")
int hud_wake(struct pt_regs *ctx)
{
	u64 thread = bpf_get_current_pid_tgid();
	u32 tgid = thread >> 32, rate = control.wake_rate, *target;
	struct wake wake = { .weight = rate, .epoch = control.wake_epoch, .by_tid = thread };
	struct task_header task;
	u64 header, cookie;

	if (!control.enabled || !rate)
		return 0;
	if (rate > 1 && (bpf_get_prandom_u32() & (rate - 1))) {
		count(HUD_STAT_WAKES_SKIPPED);
		return 0;
	}
	target = maybe_target(tgid) ? bpf_map_lookup_elem(&targets, &tgid) : 0;
	if (!target) {
		count(HUD_STAT_FOREIGN_HITS);
		return 0;
	}
	cookie = bpf_get_attach_cookie(ctx);
	header = woken_header(ctx, cookie);
	if (bpf_probe_read_user(&task, sizeof(task), (void *)header)) {
		count(HUD_STAT_WAKES_LOST);
		return 0;
	}
	if (task.state == TASK_SPAWNED) {
		count(HUD_STAT_WAKES_SKIPPED);
		return 0;
	}
	wake.task_id = woken_task(header, &task, cookie);
	if (!wake.task_id || !(task.state & TASK_NOTIFIED)) {
		count(HUD_STAT_WAKES_LOST);
		return 0;
	}
	count(HUD_STAT_WAKES);
	wake.at_ns = bpf_ktime_get_ns();
	keep_wake(wake_key(*target, header), &wake, wake.at_ns);
	return 0;
}

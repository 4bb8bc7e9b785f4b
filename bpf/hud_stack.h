/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Registers and the slice of the user stack that the agent unwinds later. */
#ifndef HUD_STACK_H
#define HUD_STACK_H

#if defined(__TARGET_ARCH_x86)
/* order of DWARF register numbers, System V ABI AMD64, figure 3.36 */
#define HUD_COPY_REGS(dst, src) do { \
	(dst)->r[0] = (src)->ax; (dst)->r[1] = (src)->dx; (dst)->r[2] = (src)->cx; (dst)->r[3] = (src)->bx; \
	(dst)->r[4] = (src)->si; (dst)->r[5] = (src)->di; (dst)->r[6] = (src)->bp; (dst)->r[7] = (src)->sp; \
	(dst)->r[8] = (src)->r8; (dst)->r[9] = (src)->r9; (dst)->r[10] = (src)->r10; (dst)->r[11] = (src)->r11; \
	(dst)->r[12] = (src)->r12; (dst)->r[13] = (src)->r13; (dst)->r[14] = (src)->r14; (dst)->r[15] = (src)->r15; \
	(dst)->r[16] = (src)->ip; } while (0)
#define HUD_REG_SP 7
#define HUD_REGS_SYSCALL(regs) ((s32)(s64)(regs)->orig_ax)
#define HUD_REGS_ARG1(regs) ((regs)->di)
#define HUD_REGS_ARG4(regs) ((regs)->r10)
#define HUD_RETURN_SLOT 8 /* `call` pushes the return address, `ret` pops it */
#elif defined(__TARGET_ARCH_arm64)
/* x0..x28 do not matter to the unwinder: fp, lr, sp and pc in the slots named in the agent */
#define HUD_COPY_REGS(dst, src) do { \
	(dst)->r[0] = HUD_ARM(src)->regs[29]; (dst)->r[1] = HUD_ARM(src)->regs[30]; \
	(dst)->r[7] = HUD_ARM(src)->sp; (dst)->r[16] = HUD_ARM(src)->pc; } while (0)
#define HUD_ARM(regs) ((struct user_pt_regs *)(regs))
#define HUD_REG_SP 7
#define HUD_REGS_SYSCALL(regs) ((regs)->syscallno)
#define HUD_REGS_ARG1(regs) ((regs)->orig_x0)
#define HUD_REGS_ARG4(regs) (HUD_ARM(regs)->regs[3])
#define HUD_RETURN_SLOT 0 /* the return address is in a register */
#endif

enum {
	HUD_FAR_STACK = 64 << 20, /* a poll further away than this is not on the same stack */
	HUD_PAGE_BYTES = 4096,
};

/*
 * Copies [sp, end) behind the event. Without an end (0: a waker outside any poll), or where the end is on another stack
 * (a coroutine's poll), as much as can be read, in falling steps, because a copy fails as a whole at an unmapped page.
 */
static __always_inline void copy_stack(struct hud_scratch *s, u64 sp, u64 end)
{
	u64 bytes = end - sp;

	s->event.stack_base = sp;
	s->event.stack_bytes = 0;
	s->event.kernel_frames = 0;
	s->event.flags &= ~(HUD_FLAG_STACK_TRUNCATED | HUD_FLAG_STACK_FAILED);
	if (end > sp && bytes <= HUD_STACK_BYTES) {
		asm volatile("" : "+r"(bytes));
		if (bytes <= HUD_STACK_BYTES && !bpf_probe_read_user(s->stack, bytes, (void *)sp)) {
			s->event.stack_bytes = bytes;
			return;
		}
	}
	s->event.flags |= HUD_FLAG_STACK_TRUNCATED;
	if (end > sp && bytes <= HUD_FAR_STACK && !bpf_probe_read_user(s->stack, HUD_STACK_BYTES, (void *)sp)) {
		s->event.stack_bytes = HUD_STACK_BYTES;
		return;
	}
	if (!bpf_probe_read_user(s->stack, HUD_WAKER_STACK_BYTES, (void *)sp)) {
		s->event.stack_bytes = HUD_WAKER_STACK_BYTES;
		return;
	}
	/* up to the end of the page: always mapped, as sp is */
	bytes = HUD_PAGE_BYTES - (sp & (HUD_PAGE_BYTES - 1));
	asm volatile("" : "+r"(bytes));
	if (bytes <= HUD_PAGE_BYTES && !bpf_probe_read_user(s->stack, bytes, (void *)sp)) {
		s->event.stack_bytes = bytes;
		return;
	}
	count(HUD_STAT_STACK_FAILED);
	s->event.flags |= HUD_FLAG_STACK_FAILED;
}

/* As much as can be read of a stack whose end is not known: outside of a poll there is no poll's frame to end it. */
static __always_inline void copy_whole_stack(struct hud_scratch *s, u64 sp)
{
	u32 bytes = 0;

	if (!bpf_probe_read_user(s->stack, HUD_STACK_BYTES, (void *)sp))
		bytes = HUD_STACK_BYTES;
	else if (!bpf_probe_read_user(s->stack, HUD_STACK_BYTES / 2, (void *)sp))
		bytes = HUD_STACK_BYTES / 2;
	if (!bytes) {
		copy_stack(s, sp, 0);
		return;
	}
	s->event.stack_base = sp;
	s->event.stack_bytes = bytes;
	s->event.kernel_frames = 0;
	s->event.flags = (s->event.flags & ~HUD_FLAG_STACK_FAILED) | HUD_FLAG_STACK_TRUNCATED;
}

/* Where a sleeping thread is in the kernel. */
static __always_inline void copy_kernel_stack(struct hud_scratch *s, struct task_struct *sleeper)
{
	long bytes = bpf_get_task_stack(sleeper, s->event.kernel_ip, sizeof(s->event.kernel_ip), 0);

	s->event.kernel_frames = bytes > 0 ? bytes / sizeof(u64) : 0;
}

/* Task id and runtime, read while the poll is open: after its last poll a task's memory may be gone. */
static __always_inline void read_task_identity(struct thread_state *ts, struct poll_frame *f)
{
	struct hud_type_info *info;
	struct hud_worker *w;
	u32 type = f->type;
	u64 handle = 0;

	if (f->have_id)
		return;
	info = bpf_map_lookup_elem(&type_info, &type);
	if (!info)
		return;
	if (info->task_id_offset && !bpf_probe_read_user(&f->task_id, sizeof(u64), (void *)(f->header + info->task_id_offset)))
		f->have_id = 1;
	w = worker_of(ts);
	if (w && info->scheduler_offset && !bpf_probe_read_user(&handle, sizeof(handle), (void *)(f->header + info->scheduler_offset)))
		w->runtime = handle;
}

static __always_inline void fill_identity(struct hud_event *e, u32 kind, struct thread_state *ts, struct task_struct *task, u64 now)
{
	struct hud_worker *w = worker_of(ts);

	e->kind = kind;
	e->flags = 0;
	e->target = ts->target;
	e->type = ~0u;
	e->tgid = task->tgid;
	e->tid = task->pid;
	e->ns_tid = w ? w->ns_tid : ns_tid(task);
	e->slot = ts->slot ? ts->slot - 1 : ~0u;
	e->time_ns = now;
	e->runtime = w ? w->runtime : 0;
	e->syscall = -1;
	bpf_probe_read_kernel(e->comm, sizeof(e->comm), task->comm);
}

static __always_inline void fill_poll(struct hud_event *e, struct poll_frame *f)
{
	e->type = f->type;
	e->start_ns = f->start_ns;
	e->task_id = f->task_id;
}

#endif

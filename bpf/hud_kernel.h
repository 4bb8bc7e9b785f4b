/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The few kernel types and fields that are used. libbpf finds their real
 * offsets in the running kernel's BTF (CO-RE), so order and size do not matter.
 */
#ifndef HUD_KERNEL_H
#define HUD_KERNEL_H
#define __VMLINUX_H__ /* keeps libbpf's headers from expecting vmlinux.h: kernel types are defined here */

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef _Bool bool;
enum { false = 0, true = 1 };

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_MMAPABLE = 1024 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0, BPF_RB_RING_SIZE = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	unsigned int level;
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct sched_info {
	unsigned long long run_delay;
};

struct rq {
	u64 prev_steal_time_rq; /* CONFIG_PARAVIRT_TIME_ACCOUNTING */
};

struct cfs_rq {
	int throttle_count;
	struct rq *rq;
};

struct sched_entity {
	u64 sum_exec_runtime;
	u64 prev_sum_exec_runtime; /* when it last got a CPU */
	struct cfs_rq *cfs_rq;
};

struct task_struct {
	int pid;
	int tgid;
	unsigned int flags;
	char comm[16];
	struct pid *thread_pid;
	struct task_struct *group_leader;
	struct sched_info sched_info;
	struct sched_entity se;
	void *mm;
	long state;          /* until 5.14 */
	unsigned int __state; /* since 2f064a59a11f (5.14) */
	unsigned long jobctl;
	unsigned long nvcsw;
	unsigned long nivcsw;
	bool throttled;      /* per-task CFS throttling, since 6.18 */
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp, pc, pstate;
};
struct pt_regs {
	struct user_pt_regs user_regs;
	__u64 orig_x0;
	__s32 syscallno;
};
#endif

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

/* context of perf_event programs; part of the kernel's user ABI, so not relocated */
struct bpf_perf_event_data {
#if defined(__TARGET_ARCH_x86)
	struct {
		unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
	} regs;
#else
	struct {
		__u64 regs[31];
		__u64 sp, pc, pstate;
	} regs;
#endif
	__u64 sample_period;
	__u64 addr;
};

enum { PF_KTHREAD = 0x00200000 };
/* task states: by SIGSTOP and its kin, by a debugger, by the first cgroup freezer (since 6.1); the second one sleeps with a mark */
enum { TASK_STOPPED_BIT = 0x4, TASK_TRACED_BIT = 0x8, TASK_FROZEN_BIT = 0x8000, JOBCTL_TRAP_FREEZE_BIT = 1 << 23 };

#endif

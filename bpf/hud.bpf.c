/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One object, so that all programs share their maps; one concern a file. */
#include "hud_kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "hud_abi.h"
#include "hud_maps.h"
#include "hud_filter.h"
#include "hud_stack.h"
#include "hud_switch.h"
#include "hud_slow.h"
#include "hud_outside.h"
#include "hud_handover.h"
#include "hud_wakes.h"
#include "polls.bpf.c"
#include "wakes.bpf.c"
#include "sched.bpf.c"
#include "sampler.bpf.c"
#include "lifetime.bpf.c"
#include "tasks.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

using Hud.Analysis;
using Hud.Core.Diagnostics;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Preflight;

/// <summary>What this machine offers: asked before each run (what must be there) and by `hud doctor` (everything, tried out).</summary>
internal static class Machine
{
    /// <summary>Capability bits, <c>include/uapi/linux/capability.h</c>.</summary>
    private static readonly (int Bit, string Name, string Why)[] Capabilities =
    [
        (39, "CAP_BPF", "to load BPF programs"),
        (38, "CAP_PERFMON", "to attach them to probes, tracepoints and clocks"),
        (19, "CAP_SYS_PTRACE", "to read the target's mappings and files"),
        (2, "CAP_DAC_READ_SEARCH", "to open the target's files whoever owns them"),
    ];

    private const int SysAdmin = 21;

    /// <exception cref="DiagnosticException">Something without which nothing works is missing.</exception>
    public static void Require()
    {
        var missing = MissingCapabilities(ProcFs.ReadText("/proc/self/status"));
        if (missing.Count > 0)
            throw Stop(
                DiagnosticKinds.NotPermitted,
                $"missing: {string.Join(", ", missing.Select(m => $"{m.Name} ({m.Why})"))}",
                "run with sudo, or grant these capabilities to hud-agent (setcap, or the pod's securityContext)"
            );
        if (!File.Exists("/sys/kernel/btf/vmlinux"))
            throw Stop(
                DiagnosticKinds.NoBtf,
                "the kernel does not describe its own types (no /sys/kernel/btf/vmlinux)",
                "use a kernel built with CONFIG_DEBUG_INFO_BTF=y: those of current distributions are, since 2020"
            );
        if (KernelVersion.Current < KernelVersion.Oldest)
            throw Stop(
                DiagnosticKinds.KernelTooOld,
                $"Linux {KernelVersion.Release} is older than {KernelVersion.Oldest}",
                $"use Linux {KernelVersion.Oldest} or later; 6.6 or later is cheaper for the target, 6.13 or later best"
            );
        if (LockedDown(out string mode))
            throw Stop(
                DiagnosticKinds.Lockdown,
                $"the kernel's lockdown is {mode}, which forbids tracing with BPF",
                "boot with lockdown=integrity, or profile on another node"
            );
    }

    /// <param name="mode">As the kernel reports it, e.g. <c>none [integrity] confidentiality</c>; empty where there is no lockdown.</param>
    private static bool LockedDown(out string mode)
    {
        mode = ProcFs.ReadText("/sys/kernel/security/lockdown").Trim();
        return mode.Contains("[confidentiality]", StringComparison.Ordinal);
    }

    private static DiagnosticException Stop(DiagnosticKind kind, string message, string next) =>
        new(new Diagnostic(kind, message, next));

    /// <summary>CAP_SYS_ADMIN includes BPF and PERFMON, as it did before 5.8.</summary>
    internal static List<(string Name, string Why)> MissingCapabilities(string status)
    {
        ulong effective = Convert.ToUInt64("0" + ProcFs.StatusField(status, "CapEff"), 16);
        bool Has(int bit) => (effective >> bit & 1) != 0;
        return
        [
            .. Capabilities.Where(c => !Has(c.Bit) && !(c.Bit >= 38 && Has(SysAdmin))).Select(c => (c.Name, c.Why)),
        ];
    }

    /// <summary>Everything, and each probe mode tried on a child of ours.</summary>
    public static PreflightReport Examine()
    {
        bool btf = File.Exists("/sys/kernel/btf/vmlinux");
        var checks = new List<PreflightCheck>
        {
            Check(
                "kernel",
                KernelVersion.Current >= KernelVersion.Oldest,
                KernelVersion.Release,
                $"use Linux {KernelVersion.Oldest} or later"
            ),
            Check(
                "btf",
                btf,
                btf ? "/sys/kernel/btf/vmlinux" : "missing",
                "use a kernel built with CONFIG_DEBUG_INFO_BTF=y"
            ),
        };
        var missing = MissingCapabilities(ProcFs.ReadText("/proc/self/status"));
        checks.Add(
            Check(
                "capabilities",
                missing.Count == 0,
                missing.Count == 0
                    ? string.Join(", ", Capabilities.Select(c => c.Name))
                    : "missing " + string.Join(", ", missing.Select(m => $"{m.Name} {m.Why}")),
                "run with sudo"
            )
        );
        checks.Add(
            Check(
                "lockdown",
                !LockedDown(out string lockdown),
                lockdown.Length > 0 ? lockdown : "off",
                "confidentiality mode forbids BPF tracing: boot with lockdown=integrity"
            )
        );
        string paranoid = ProcFs.ReadText("/proc/sys/kernel/perf_event_paranoid").Trim();
        checks.Add(Check("perf_event_paranoid", true, $"{paranoid} (CAP_PERFMON stands above it)", ""));
        string kptr = ProcFs.ReadText("/proc/sys/kernel/kptr_restrict").Trim();
        checks.Add(
            Check(
                "kallsyms",
                true,
                kptr == "2"
                    ? "hidden (kptr_restrict 2): kernel frames have no names"
                    : $"readable (kptr_restrict {kptr})",
                ""
            )
        );
        using (var child = SelfTestChild.Start("spin"))
            checks.Add(
                Check(
                    "self-test program",
                    child?.Run(1) is not null,
                    child is null ? "programs may not run from memory" : "runs from memory",
                    "set vm.memfd_noexec to 0; without the self-test the cost of probes is assumed, not measured, and no return probe goes onto confined targets"
                )
            );
        if (missing.Count == 0)
        {
            foreach (var probeMode in ProbeModes.All)
                checks.Add(TryProbeMode(probeMode));
        }

        return new PreflightReport { Checks = checks };
    }

    private static PreflightCheck TryProbeMode(ProbeMode probeMode)
    {
        try
        {
            using var kernel = BpfProbes.Load(
                new KernelSettings
                {
                    ProbeMode = probeMode,
                    Types = 1,
                    RingKiB = 256,
                    Slots = 4,
                }
            );
            kernel.AttachScheduler(99);
            if (probeMode == ProbeMode.SchedOnly)
                return Check(probeMode.Name(), true, "scheduler events and samples", "");
            var (type, target) = (new TaskTypeId(0), new TargetId(0));
            var cost = Calibration.Measure(kernel, type, target);
            long polls = (long)kernel.ReadType(type).Polls;
            string confined = Calibration.SurvivesSeccomp(kernel, type, target)
                ? "confined processes survive it"
                : "confined (seccomp) processes would not survive it: they get no return probes";
            return Check(
                probeMode.Name(),
                polls > 0,
                $"{polls} polls of a child timed, {cost.TimedNs:0} ns each ({cost.SkippedNs:0} ns skipped); {confined}",
                "run ./build.sh, so that the self-test program is there"
            );
        }
        catch (BpfException e)
        {
            var diagnosis = BpfDiagnosis.Explain(e, probeMode.Name());
            return Check(probeMode.Name(), false, diagnosis.Message, diagnosis.NextStep);
        }
    }

    private static PreflightCheck Check(string name, bool ok, string detail, string next) =>
        new()
        {
            Name = name,
            Ok = ok,
            Detail = detail,
            NextStep = ok ? "" : next,
        };
}

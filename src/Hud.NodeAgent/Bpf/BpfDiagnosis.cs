using Hud.Core.Diagnostics;

namespace Hud.NodeAgent.Bpf;

/// <summary>What the kernel or libbpf said, in words with a next step. Pure.</summary>
internal static class BpfDiagnosis
{
    private const int EPerm = 1;
    private const int EAcces = 13;
    private const int ENoMem = 12;
    private const int EInval = 22;

    public static Diagnostic Explain(BpfException failure, string? forcedMode)
    {
        string log = string.Join('\n', failure.Log);
        if (
            log.Contains("Failed to find valid kernel BTF", StringComparison.Ordinal)
            || log.Contains("Error loading vmlinux BTF", StringComparison.Ordinal)
            || (!File.Exists("/sys/kernel/btf/vmlinux") && failure.Errno != EPerm)
        )
            return new Diagnostic(
                DiagnosticKinds.NoBtf,
                "the kernel does not describe its own types (no /sys/kernel/btf/vmlinux)",
                "use a kernel built with CONFIG_DEBUG_INFO_BTF=y: those of current distributions are, since 2020"
            );
        if (failure.Errno == EPerm)
            return new Diagnostic(
                DiagnosticKinds.NotPermitted,
                $"the kernel does not permit it: {failure.Message}",
                "run as root (sudo), or give CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH; `hud doctor` shows which is missing"
            );
        if (log.Contains("memory limit", StringComparison.Ordinal) || failure.Errno == ENoMem)
            return new Diagnostic(
                DiagnosticKinds.BpfLoadFailed,
                $"there is no memory for the BPF maps: {failure.Message}",
                "raise the memory limit of the agent, or RLIMIT_MEMLOCK on kernels before 5.11"
            );
        if (forcedMode is not null)
            return new Diagnostic(
                DiagnosticKinds.ProbeModeUnavailable,
                $"the probe mode {forcedMode} does not work on this kernel ({KernelVersion.Release}): {failure.Message}",
                "leave it out: Hud takes the best one that works"
            );
        if (KernelVersion.Current < KernelVersion.Oldest)
            return new Diagnostic(
                DiagnosticKinds.KernelTooOld,
                $"Linux {KernelVersion.Release} is too old: {failure.Message}",
                $"use Linux {KernelVersion.Oldest} or later; 6.6 or later is cheaper for the target, 6.13 or later best"
            );
        string verifier = VerifierLine(failure.Log);
        string words = failure.Errno is EAcces or EInval && verifier.Length > 0 ? Translate(verifier) : failure.Message;
        return new Diagnostic(
            DiagnosticKinds.BpfLoadFailed,
            words,
            "run `hud doctor`, and report its output together with the kernel's version: this kernel has not been seen before"
        );
    }

    /// <summary>The verifier's verdict is the last line before its statistics.</summary>
    internal static string VerifierLine(IReadOnlyList<string> log)
    {
        for (int i = log.Count - 1; i > 0; i--)
        {
            if (log[i].StartsWith("processed ", StringComparison.Ordinal))
                return log[i - 1].Trim();
        }

        return "";
    }

    internal static string Translate(string verifier)
    {
        foreach (var (mark, words) in Known)
        {
            if (verifier.Contains(mark, StringComparison.Ordinal))
                return $"{words} (the verifier: {verifier})";
        }

        return $"the verifier refused a program: {verifier}";
    }

    private static readonly (string Mark, string Words)[] Known =
    [
        ("unknown func", "this kernel lacks a BPF helper that the program calls"),
        ("calling kernel function", "this kernel lacks a kernel function that the program calls"),
        ("BPF program is too large", "this kernel's verifier gives up too early on the program: it is too old"),
        ("back-edge", "this kernel's verifier does not allow loops: it is older than 5.3"),
        ("invalid bpf_context access", "a tracepoint of this kernel passes other arguments than expected"),
        (
            "tracing progs must use preallocated hash map",
            "this kernel wants preallocated maps in tracing programs: it is older than 6.1"
        ),
        ("program of this type cannot use helper", "this kernel does not offer a helper to this kind of program"),
    ];
}

using Hud.Core.Diagnostics;
using Hud.NodeAgent.Bpf;

namespace Hud.NodeAgent.Tests.Bpf;

public sealed class BpfDiagnosisTests
{
    private static readonly bool HaveBtf = File.Exists("/sys/kernel/btf/vmlinux");

    private static Diagnostic Explain(int errno, string? probeMode = null, params string[] log) =>
        BpfDiagnosis.Explain(new BpfException("load the BPF programs", errno, log), probeMode);

    [Fact]
    public void A_missing_permission_is_reported_before_all_else()
    {
        var diagnostic = Explain(1, "uprobe.multi");
        Assert.Equal(DiagnosticKinds.NotPermitted, diagnostic.Kind);
        Assert.Contains("CAP_BPF", diagnostic.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("libbpf: Error loading vmlinux BTF: -3")]
    [InlineData("libbpf: Failed to find valid kernel BTF")]
    public void A_kernel_without_types_is_reported(string line) =>
        Assert.Equal(DiagnosticKinds.NoBtf, Explain(3, null, "first", line).Kind);

    [Fact]
    public void A_forced_rung_that_does_not_load_is_named()
    {
        Skip();
        var diagnostic = Explain(22, "uprobe.session");
        Assert.Equal(DiagnosticKinds.ProbeModeUnavailable, diagnostic.Kind);
        Assert.Contains("uprobe.session", diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains(KernelVersion.Release, diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_memory_is_reported_as_such()
    {
        Skip();
        Assert.Contains("no memory", Explain(12).Message, StringComparison.Ordinal);
        Assert.Contains(
            "no memory",
            Explain(22, null, "insufficient, memory limit reached").Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("unknown func bpf_loop#181", "lacks a BPF helper")]
    [InlineData("calling kernel function bpf_session_is_return is not allowed", "lacks a kernel function")]
    [InlineData("BPF program is too large. Processed 1000001 insn", "too old")]
    [InlineData("back-edge from insn 12 to 5", "5.3")]
    [InlineData("invalid bpf_context access off=24 size=8", "tracepoint")]
    [InlineData("something never seen", "refused a program: something never seen")]
    public void The_verifiers_last_word_is_translated(string verdict, string words)
    {
        Skip();
        var diagnostic = Explain(
            13,
            null,
            "0: R1=ctx() R10=fp0",
            verdict,
            "processed 13 insns (limit 1000000) max_states_per_insn 0",
            "libbpf: failed to load object"
        );
        Assert.Equal(DiagnosticKinds.BpfLoadFailed, diagnostic.Kind);
        Assert.Contains(words, diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains(verdict, diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_verifier_log_the_error_itself_is_shown()
    {
        Skip();
        Assert.Equal("cannot load the BPF programs: Invalid argument", Explain(22).Message);
        Assert.Equal("", BpfDiagnosis.VerifierLine(["processed 1 insns"]));
        Assert.Equal("", BpfDiagnosis.VerifierLine([]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(22)]
    [InlineData(95)]
    public void Every_answer_has_a_next_step_and_ends_the_run(int errno)
    {
        var diagnostic = Explain(errno);
        Assert.NotEmpty(diagnostic.NextStep);
        Assert.NotEqual(0, diagnostic.Kind.ExitCode);
    }

    private static void Skip()
    {
        if (!HaveBtf)
            Missing.Because("this kernel has no BTF, and then that is the answer to everything");
    }
}
